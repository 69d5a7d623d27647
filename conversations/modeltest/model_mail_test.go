package modeltest

import (
	"slices"
	"strings"
	"time"
)

// mail is one message of a professional.
type mail struct {
	from    box
	replyTo []box
	with    []box
	id      string
	mark    string // by which a retry is known: sender, id and bytes
	refs    []string
	subject string
	text    string
	files   int
	bytes   int64
	fin     bool
	robot   bool // an automatic answer
	asked   bool // a receipt is asked for
	dsn     bool // a notification of its arrival is asked for
	foreign bool // it brings another patient's document

	desk         bool // written at the desk or by the API
	thread       *thread
	visit        *visit
	acknowledged bool
	open         bool // it was said not to be confidential
}

// receive takes a message in, or refuses it. It returns the conversation and the message, nil for one that is
// shown nowhere.
func (p *patient) receive(in mail, marks map[string]bool) (answer, *thread, *message) {
	if in.desk {
		if a := p.conscience(in.from, in.acknowledged); a != (answer{}) {
			return a, nil, nil
		}
	}
	if marks[in.mark] {
		return answer{}, nil, nil
	}
	if a := p.reach(in.from); a != (answer{}) {
		return a, nil, nil
	}
	if a := p.room(); a != (answer{}) {
		return a, nil, nil
	}
	if in.foreign {
		return answer{"wrong-patient", "D31"}, nil, nil
	}
	if in.desk && in.thread == nil && p.m.now.Before(p.minor) && !in.open {
		return answer{"minor-confidential", "D28"}, nil, nil
	}
	t := p.threadOf(in)
	if t != nil && p.lastWords(t, composed) { // an end that came is carried out before anything else is written there
		return p.receive(in, marks)
	}
	marks[in.mark] = true
	t, m := p.accept(in, t)
	return answer{}, t, m
}

// threadOf is the conversation that a message belongs to, nil for one of its own.
func (p *patient) threadOf(in mail) *thread {
	t := in.thread
	for _, ref := range in.refs {
		if t == nil {
			t = p.refs[ref].thread
		}
	}
	return t
}

// accept notes an admitted message, of a conversation that is there or of none.
func (p *patient) accept(in mail, t *thread) (*thread, *message) {
	marker := strings.Trim(in.subject, " \t\r\n") == "[FIN]"
	shown := !marker || t != nil || in.text != "" || in.files > 0
	m := &message{
		place: p.next(), at: p.m.now, id: in.id, subject: in.subject, text: in.text, bytes: in.bytes, files: in.files,
		from: in.from, replyTo: in.replyTo, with: add(nil, in.with...), fin: in.fin || in.robot, marker: marker, asked: in.asked && !in.robot && shown,
		silent: in.robot && !in.fin && t != nil,
	}
	if len(m.replyTo) == 0 || marker {
		m.replyTo = []box{in.from}
	}
	p.weigh(in.bytes)
	p.pairs[in.from], p.pair(in.from).listed = p.pair(in.from), true
	p.notePair(m, in, shown)
	if in.dsn {
		p.reports[in.id]++
	}
	if !shown {
		return nil, nil
	}
	if t == nil {
		t = &thread{subject: in.subject, listed: map[box]bool{}, visit: in.visit}
		p.threads = append(p.threads, t)
		if in.visit != nil {
			in.visit.threads = append(in.visit.threads, t)
			t.boxes = []box{in.from}
		}
	}
	p.converse(t, m, in)
	if !marker || in.text != "" || in.files > 0 {
		p.notes++
	}
	return t, m
}

// notePair notes a message with the mailboxes that it is from and that answers to it go to.
func (p *patient) notePair(m *message, in mail, shown bool) {
	opens := !m.fin && !m.marker
	k := p.pair(in.from)
	for _, b := range append(add([]box{in.from}, m.replyTo...), m.with...) {
		p.writeDown(b)
	}
	if shown || !k.since.IsZero() {
		k.begin(p.m.now)
	}
	if opens {
		k.written = m.place
		k.reopen(in)
	}
	for _, b := range m.replyTo {
		asked := p.pair(b)
		asked.listed = true
		if opens {
			asked.begin(p.m.now)
			asked.granted = m.place
			p.announce(b)
			asked.reopen(in)
		}
	}
	if !in.robot { // a program answers nobody
		for _, b := range add([]box{in.from}, m.replyTo...) {
			p.answered(b)
		}
	}
	if m.marker {
		p.ends = append(p.ends, end{by: in.from, place: p.next(), at: p.m.now, how: "subject"})
		if !k.planned.IsZero() { // else the end came, and what crossed it is still to be marked
			k.crossing = nil
		}
		k.until, k.awaiting, k.planned = time.Time{}, false, time.Time{}
	}
}

// reopen takes a planned end back: who writes waits for an answer (R90).
func (k *pair) reopen(in mail) {
	if !in.robot && !k.planned.IsZero() {
		k.planned, k.crossing = time.Time{}, nil
	}
}

func (k *pair) begin(now time.Time) {
	if k.since.IsZero() {
		k.since = now
	}
	k.last = now
}

// converse puts a shown message in its conversation.
func (p *patient) converse(t *thread, m *message, in mail) {
	t.put(m)
	t.people = add(t.people, append(append([]box{in.from}, in.replyTo...), in.with...)...)
	t.list(add([]box{in.from}, m.replyTo...)...)
	p.refer(t, m)
	if m.silent {
		return
	}
	if t.lastPatient && !in.robot && t.closing != nil && !t.closing.even { // the answer gives seven days (D24, D8)
		if later := p.m.now.Add(7 * 24 * time.Hour); later.After(t.closing.at) {
			t.closing.at = later
		}
	}
	t.lastPatient, t.touched = false, m.place
	if t.visit == nil {
		return
	}
	for _, b := range append(append([]box{in.from}, in.replyTo...), in.with...) {
		if p.m.boxes[b].structure == facility {
			t.boxes = add(t.boxes, b)
		}
	}
	if t.closing != nil {
		t.closing.by = add(t.closing.by, t.boxes...)
	}
}

// refer notes a Message-ID by which answers find their conversation.
func (p *patient) refer(t *thread, m *message) {
	if m.id != "" && p.refs[m.id].message == nil {
		p.refs[m.id] = holder{t, m}
	}
}

// put adds a message of a professional to a conversation.
func (t *thread) put(m *message) {
	m.n = len(t.messages) + 1
	t.messages = append(t.messages, m)
	t.last, t.unread = m.at, true
}

// reply sends the patient's reply, or refuses it and keeps its text (D7).
func (p *patient) reply(t *thread, choice, text string, bytes, most int64) (answer, *message) {
	if p.account == "purged" {
		return answer{unknown, "O117"}, nil
	}
	if t == nil {
		return answer{missing, ""}, nil
	}
	if len(t.messages) <= t.cleared {
		return answer{missing, "R115"}, nil
	}
	r := p.right(t)
	a := answer{r.code, r.rule}
	switch {
	case r.state != "open":
	case choice == "REPLY_TO_ALL" && len(r.all) == 0:
		a = answer{"reply-not-allowed", "R79"}
	case choice != "REPLY" && choice != "REPLY_TO_ALL":
		a = answer{invalid, "R72"}
	case text == "":
		a = answer{invalid, "R112"}
	case bytes > most:
		a = answer{"too-large", "D19"}
	default:
		return answer{}, p.send(t, r, choice, text, bytes)
	}
	if text != "" {
		t.draft = text
	}
	return a, nil
}

// send notes an allowed reply and queues it.
func (p *patient) send(t *thread, r right, choice, text string, bytes int64) *message {
	to := slices.Clone(r.to)
	if choice == "REPLY_TO_ALL" {
		to = append(to, r.all...)
	}
	p.lastWords(t, composed)
	m := &message{place: p.next(), at: p.m.now, n: len(t.messages) + 1, text: text, bytes: bytes, from: self, to: to, answers: r.message.from, fates: map[box]*fate{}}
	t.messages = append(t.messages, m)
	t.last, t.draft, t.lastPatient, t.touched = m.at, "", true, m.place
	p.weigh(bytes)
	for _, b := range to {
		k := p.pair(b)
		p.writeDown(b)
		k.last, k.awaiting, k.listed = p.m.now, true, true
		if !k.planned.IsZero() {
			k.crossing = append(k.crossing, m)
		}
		t.list(b)
		m.fates[b] = &fate{state: "queued"}
		p.deliveries = append(p.deliveries, &delivery{thread: t, message: m, to: b, due: p.m.now})
	}
	return m
}

// leave decides on a queued reply at its departure (D7, D15): refused, or on its way, perhaps crossed.
func (p *patient) leave(d *delivery) answer {
	m, f := d.message, d.message.fates[d.to]
	a := answer{}
	switch {
	case m.gone, f.state != "queued": // erased, or told by a report
		return answer{missing, "any"}
	case p.account != "active" || p.dead() || p.refused(d.to) || p.refused(m.answers):
		a = answer{opposed, "D15"}
	case p.blocked(d.to) || p.blocked(m.answers):
		a = answer{"blocked-by-patient", "D15"}
	case p.m.boxes[d.to].gone:
		a = answer{unknown, "O45"}
	}
	if a == (answer{}) {
		f.crossed = p.crossed(d)
		return a
	}
	f.settle("failed")
	if slices.ContainsFunc(m.to, func(b box) bool { return m.fates[b].state != "failed" }) {
		return a
	}
	if t := d.thread; t.draft == "" && len(t.messages) > t.cleared {
		t.draft = m.text // it reached nobody
	}
	return a
}

// settle notes news of a message, in any order: read outweighs failed, which outweighs delivered, then sent.
func (f *fate) settle(news string) {
	order := []string{"queued", "sent", "delivered", "failed", "read"}
	if slices.Index(order, news) > slices.Index(order, f.state) {
		f.state = news
	}
}

// crossed reports whether an end was made since that silences what the reply answers: of whom it goes to, or of
// the author when that is his reply mailbox (D6, D7, D34).
func (p *patient) crossed(d *delivery) bool {
	sent := d.message.place
	endOf := func(b box) bool {
		return slices.ContainsFunc(p.ends, func(e end) bool {
			return e.by == b && e.place > sent && (e.thread == nil || e.thread == d.thread)
		})
	}
	if endOf(d.to) {
		return true
	}
	answersFor := slices.ContainsFunc(d.thread.voices(), func(v *message) bool {
		return v.from == d.message.answers && v.place < sent && slices.Contains(v.replyTo, d.to)
	})
	return answersFor && endOf(d.message.answers)
}
