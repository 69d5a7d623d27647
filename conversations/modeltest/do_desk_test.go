package modeltest

import (
	"fmt"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// openThread writes a first message at the desk.
func (w *world) openThread(d dice) {
	p := w.someone(d)
	b := w.anyBox(d)
	text := w.text()
	in := conversations.ThreadInput{
		Mailbox: w.address(b), INS: w.insOf(p), Subject: fmt.Sprintf("Sujet %d", w.texts), Text: text, NoReply: d.one(8), ReadReceipt: d.one(4),
		Confidential: pick(d, []rules.Confidential{"", rules.ConfidentialNo, rules.ConfidentialNo, rules.ConfidentialYes}),
	}
	if d.one(4) {
		in.Acknowledged = "le patient le demande"
	}
	if d.one(30) {
		in.Subject = "[FIN]"
	}
	sent := mail{
		from: b, text: text, subject: in.Subject, bytes: composed, fin: in.NoReply, asked: in.ReadReceipt, desk: true,
		acknowledged: in.Acknowledged != "", open: in.Confidential == rules.ConfidentialNo,
	}
	if reply := w.anyBox(d); d.one(4) {
		in.ReplyTo = w.address(reply)
		if !w.boxes[reply].gone {
			sent.replyTo = []box{reply}
		}
	}
	if d.one(2) && p.account != "purged" {
		sent.visit = w.someVisit(d, p)
		in.Visit = &conversations.Visit{FINESS: facility, Number: sent.visit.number}
	}
	twice := d.one(10)
	if twice {
		in.Operation = "key " + text
	}
	w.say("desk %s opens for %s %q reply-to %s fin %v visit %v", w.boxText(b), w.who(p), in.Subject, w.boxesText(sent.replyTo), in.NoReply, sent.visit != nil)
	got, err := w.service().OpenThread(w.ctx, colleague, in)
	want, t, m := w.openInModel(p, sent)
	if !w.agree("first message", err, want) {
		return
	}
	t.id = string(got.ID)
	m.id = w.mail.ids[text]
	p.refer(t, m)
	if twice {
		w.serve(w.turn)
		again, err := w.service().OpenThread(w.ctx, colleague, in)
		if err != nil || again.ID != got.ID {
			w.wrong("the same first message again: %v, %v, not %v", again.ID, err, got.ID)
		}
	}
}

// openInModel asks in the order of the desk: the patient's mailbox, the subject, then what mail is asked too.
func (w *world) openInModel(p *patient, in mail) (answer, *thread, *message) {
	if a := p.reach(in.from); a != (answer{}) {
		return a, nil, nil
	}
	if a := p.room(); a != (answer{}) {
		return a, nil, nil
	}
	if in.subject == "[FIN]" {
		return answer{invalid, "D6"}, nil, nil
	}
	in.mark = in.text
	return p.receive(in, w.marks[w.number(p)])
}

// someVisit is a visit of the patient, or a new one that a conversation names first.
func (w *world) someVisit(d dice, p *patient) *visit {
	if len(p.visits) > 0 && !d.one(6) {
		return pick(d, p.visits)
	}
	w.visits++
	return &visit{number: fmt.Sprintf("V%d", w.visits), patient: p}
}

// write adds a message of a mailbox to a conversation that names it.
func (w *world) write(d dice) {
	p := w.someone(d)
	t := w.thread(d, p)
	b := w.boxOf(d, t)
	in := conversations.ThreadInput{Mailbox: w.address(b), Text: w.text(), NoReply: d.one(6), ReadReceipt: d.one(5)}
	if d.one(4) {
		in.Acknowledged = "il le demande"
	}
	w.say("desk %s writes in %s of %s, fin %v", w.boxText(b), w.which(p, t), w.who(p), in.NoReply)
	got, err := w.service().Write(w.ctx, colleague, w.threadID(p, t), in)
	want, m := answer{missing, ""}, (*message)(nil)
	if t != nil && contains(t.people, b) {
		sent := mail{
			from: b, text: in.Text, mark: in.Text, subject: replySubject(t.ownSubject(b)), bytes: composed, fin: in.NoReply, asked: in.ReadReceipt, desk: true,
			thread: t, acknowledged: in.Acknowledged != "",
		}
		want, _, m = p.receive(sent, w.marks[w.number(p)])
	}
	if w.agree("further message", err, want) {
		m.id = w.mail.ids[in.Text]
		p.refer(t, m)
		w.same("the message", fmt.Sprint(got.Text, got.Mine, got.NoReply, got.At), fmt.Sprint(in.Text, true, in.NoReply, w.now))
	}
}

func contains(list []box, b box) bool {
	for _, o := range list {
		if o == b {
			return true
		}
	}
	return false
}

func (w *world) endExchange(d dice) {
	p := w.someone(d)
	b := w.knownBox(d, p)
	w.say("desk %s ends everything with %s", w.boxText(b), w.who(p))
	_, err := w.service().EndExchange(w.ctx, colleague, []conversations.Address{w.address(b)}, w.pairID(p, b))
	want := answer{unknown, "any"}
	if p.account != "purged" {
		want = p.endExchange(b)
	}
	w.agreeGone(p, "end of the exchange", err, want)
}

// planEnd plans an end of everything, or takes one back (D7).
func (w *world) planEnd(d dice) {
	p := w.someone(d)
	b := w.knownBox(d, p)
	boxes, id, want := []conversations.Address{w.address(b)}, w.pairID(p, b), answer{unknown, "any"}
	if d.one(3) {
		w.say("desk %s takes the end with %s back", w.boxText(b), w.who(p))
		_, err := w.service().KeepExchange(w.ctx, colleague, boxes, id)
		if p.account != "purged" {
			want = p.keep(b)
		}
		w.agreeGone(p, "a planned end is taken back", err, want)
		return
	}
	at := w.now.Add(pick(d, []time.Duration{10 * time.Minute, 10 * time.Minute, 2 * time.Hour, 24 * time.Hour, 0, 25 * time.Hour}))
	w.say("desk %s plans to end everything with %s at %s", w.boxText(b), w.who(p), ms(at))
	line, err := w.service().PlanEnd(w.ctx, colleague, boxes, id, at, "fini")
	if p.account != "purged" {
		want = p.planEnd(b, at)
	}
	if w.agreeGone(p, "a planned end", err, want) {
		w.same("the planned end", ms(line.Planned.At), ms(p.pairs[b].planned))
	}
}

func (w *world) endThread(d dice) {
	p := w.someone(d)
	t := w.thread(d, p)
	b := w.boxOf(d, t)
	w.say("desk %s ends %s of %s", w.boxText(b), w.which(p, t), w.who(p))
	_, err := w.service().EndThread(w.ctx, colleague, []conversations.Address{w.address(b)}, w.threadID(p, t))
	want := answer{missing, ""}
	if t != nil && contains(t.people, b) {
		want = p.endThread(t, b)
	}
	w.agree("end of the conversation", err, want)
}

// agreeGone is agree for ids of a patient who may have been erased: nobody was, or nothing is, there.
func (w *world) agreeGone(p *patient, what string, err error, want answer) bool {
	if p.account == "purged" && err != nil && conversations.KindOf(err) == conversations.KindNotFound {
		want = answer{missing, ""}
	}
	return w.agree(what, err, want)
}

func (w *world) recordOpposition(d dice) {
	p := w.someone(d)
	b := w.anyBox(d)
	in := conversations.OppositionInput{Mailbox: w.address(b), INS: w.insOf(p), ToPatient: d.one(3), ToProfessionals: d.one(3), Reason: "il l’a dit"}
	w.say("desk %s records of %s: to him %v, to others %v", w.boxText(b), w.who(p), in.ToPatient, in.ToProfessionals)
	_, err := w.service().RecordOpposition(w.ctx, colleague, in)
	want := p.reach(b)
	if want == (answer{}) {
		want = p.room()
	}
	if w.agree("opposition", err, want) {
		p.record(opposition{by: b, toPatient: in.ToPatient, toProfessionals: in.ToProfessionals})
	}
}

// ask asks for a verdict, after everything is indexed.
func (w *world) ask(d dice) {
	w.settle(d)
	p := pick(d, w.patients)
	b := w.anyBox(d)
	w.say("desk %s asks about %s", w.boxText(b), w.who(p))
	got, err := w.service().Ask(w.ctx, colleague, w.address(b), w.insOf(p))
	if !w.agree("verdict", err, answer{}) {
		return
	}
	a, rule, reachability, since := p.ask(b)
	w.same("verdict", fmt.Sprint(got.Refusal.Code, got.Rule, got.Reachability, ms(got.Objected)), fmt.Sprint(a.code, rule, reachability, ms(since)))
	var silences []string
	if reachability != "unknown" {
		for _, t := range p.threads {
			if t != nil && t.listed[b] && p.seenBy(t, b) == "open" && p.pairs[b] != nil {
				silences = append(silences, t.id)
			}
		}
	}
	var told []string
	for _, line := range got.Silences {
		told = append(told, string(line.ID))
	}
	if len(silences) <= conversations.MaxPage {
		w.sameSet("what an end would silence", told, silences)
	}
}

// ms is an instant as it is stored, empty for none.
func ms(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000")
}

// changeEpisode tells an event of a visit: opened, closed, cancelled, by death; now and then the same again.
func (w *world) changeEpisode(d dice) {
	p := w.someone(d)
	if p.account == "purged" {
		return
	}
	v := w.someVisit(d, p)
	e := tell{closes: len(v.threads) > 0 && !d.one(3), source: pick(d, []string{"manual", "manual", "adt", "fhir"}), at: w.now}
	in := conversations.EpisodeInput{Visit: conversations.Visit{FINESS: facility, Number: v.number}, To: rules.EpisodeOpen, INS: w.insOf(p)}
	if e.closes {
		in.To = rules.EpisodeClosed
		e.grace = pick(d, []time.Duration{0, 0, 30 * time.Hour, 14 * 24 * time.Hour})
		if d.one(2) {
			e.words = fmt.Sprintf("adieu %d", w.eventNo)
		}
		if d.one(25) {
			e.source = "death"
		}
	}
	if d.one(6) {
		e.at = w.now.Add(-time.Duration(d.IntN(3000)) * time.Second)
		in.At = e.at
	}
	w.eventNo++
	in.EventID, in.Source, in.Grace, in.LastMessage = fmt.Sprintf("E%d", w.eventNo), rules.EpisodeSource(e.source), e.grace, e.words
	w.tellEvent(p, v, in, e)
	if d.one(6) && len(w.problems) == 0 {
		w.pass(time.Millisecond)
		w.serve(w.turn)
		w.tellEvent(p, v, in, e)
	}
	told := len(v.events) > 0 && v.events[len(v.events)-1].id == in.EventID
	if d.one(10) && told && len(w.problems) == 0 {
		in.LastMessage += "autre"
		w.say("event %s again with another content", in.EventID)
		_, err := w.service().ChangeEpisode(w.ctx, colleague, nil, in)
		w.agree("event", err, answer{"idempotency-mismatch", "D25"})
	}
}

// tellEvent gives one event to both.
func (w *world) tellEvent(p *patient, v *visit, in conversations.EpisodeInput, e tell) {
	w.say("event %s: %s of %s %s at %s source %s grace %v words %q", in.EventID, in.To, v.number, w.who(p), ms(e.at), e.source, e.grace, e.words)
	line, err := w.service().ChangeEpisode(w.ctx, colleague, nil, in)
	if !w.agree("event", err, answer{}) {
		return
	}
	if !seen(p.visits, v) {
		p.visits = append(p.visits, v)
	}
	var touched []*thread
	repeated := false
	for _, old := range v.events {
		if old.id == in.EventID {
			touched, repeated = old.touched, true
		}
	}
	if !repeated {
		if touched = p.change(v, e); v.at.Equal(e.at) { // one that came too late is not remembered
			v.events = append(v.events, event{id: in.EventID, touched: touched})
		}
	}
	for _, t := range touched {
		w.carry(p, t)
	}
	state := "open"
	if !v.open {
		state = "closed"
	}
	w.same("the visit", fmt.Sprint(line.State, ms(line.Since), ms(line.At), ms(line.ClosesAt)), fmt.Sprint(state, ms(v.since), ms(v.at), ms(v.closesAt)))
	var want, got []string
	for _, t := range touched {
		if seen(v.threads, t) {
			want = append(want, t.id)
		}
	}
	for _, t := range line.Threads {
		got = append(got, string(t.ID))
	}
	w.sameSet("conversations touched", got, want)
}

func (w *world) carry(p *patient, t *thread) {
	p.carry(t, func(_ box, until time.Time) string { return noticeText(until) }, composed)
}

func seen[T comparable](list []T, v T) bool {
	for _, o := range list {
		if o == v {
			return true
		}
	}
	return false
}
