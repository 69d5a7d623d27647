package modeltest

import (
	"crypto/sha256"
	"fmt"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// operator is the server that brings mail.
var operator = conversations.Actor{Kind: conversations.ActorOperator, ID: "CN=smtp.operator.test"}

// pastMail is a message that was handed over, and may be again.
type pastMail struct {
	patient *patient
	mail    mail
	at      time.Time
}

// receiveNew brings in a new message by mail, to one patient or to two.
func (w *world) receiveNew(d dice) {
	p := w.someone(d)
	in := w.newMail(d, p)
	w.hand(p, in, d.one(10))
	if other := pick(d, w.patients); d.one(12) && other != p && in.files == 0 && len(w.problems) == 0 {
		w.hand(other, in, false)
	}
}

// newMail draws a message: plain, with FIN by subject or header, with Reply-To, to professionals beside the patient,
// an answer to what is there.
func (w *world) newMail(d dice, p *patient) mail {
	t := w.thread(d, p)
	in := mail{from: w.anyBox(d), text: w.text(), bytes: composed, asked: d.one(4), dsn: d.one(8), robot: d.one(15)}
	in.subject = fmt.Sprintf("Sujet %d", w.texts)
	if t != nil && !d.one(3) {
		if !d.one(4) {
			in.from = w.boxOf(d, t)
		}
		in.subject = "Re: " + t.subject
		if m := pick(d, t.messages); m.id != "" {
			in.refs = []string{"nobody@has.test", m.id}
		}
	}
	switch {
	case d.one(10) && !in.robot:
		in.subject = pick(d, []string{"[FIN]", " [FIN]\t", "[FIN]", "[FIN]", "[fin]", "Re: [FIN]", "[FIN] x"})
	case d.one(7):
		in.fin = true
	}
	for range d.IntN(6) / 3 {
		in.replyTo = add(in.replyTo, w.anyBox(d))
	}
	for range max(0, d.IntN(6)-2) {
		in.with = append(in.with, w.anyBox(d))
	}
	if d.one(6) {
		in.files = 1
		in.foreign = d.one(8)
	}
	if d.one(12) && in.files == 0 {
		in.text = ""
	}
	in.id = fmt.Sprintf("m%d@operator.test", w.texts)
	if len(w.past) > 0 && d.one(25) {
		in.id = pick(d, w.past).mail.id // an id that is taken already
	}
	return in
}

// receiveAgain brings in what was handed over before.
func (w *world) receiveAgain(d dice) {
	if len(w.past) == 0 {
		return
	}
	m := w.past[max(0, len(w.past)-1-d.IntN(12))]
	if w.now.Sub(m.at) < 6*24*time.Hour {
		w.hand(m.patient, m.mail, false)
	}
}

// hand gives a message to the service as the SMTP border does: RCPT, the bytes, then the decision; or the decision
// alone, as if the patient's will had changed since RCPT.
func (w *world) hand(p *patient, in mail, late bool) {
	w.say("mail to %s from %s reply-to %s cc %s %q fin %v robot %v refs %v files %d text %q", w.who(p), w.boxText(in.from), w.boxesText(in.replyTo),
		w.boxesText(in.with), in.subject, in.fin, in.robot, in.refs, in.files, in.text)
	rcpt := p.reach(in.from)
	if rcpt == (answer{}) {
		rcpt = p.room()
	}
	if _, err := w.service().Recipient(w.ctx, w.insOf(p), w.address(in.from)); !w.agree("RCPT", err, rcpt) && (!late || p.account == "purged") {
		return
	}
	incoming, ok := w.incoming(p, in)
	if !ok {
		return
	}
	in.mark = fmt.Sprintf("%d %s %s %s", in.from, in.id, in.subject, in.text)
	marks := w.marks[w.number(p)]
	repeat := marks[in.mark]
	repeated, err := w.service().Receive(w.ctx, incoming)
	want, t, _ := p.receive(in, marks)
	if !w.agree("receive", err, want) {
		return
	}
	w.same("repeated", repeated, repeat)
	if !repeat {
		w.past = append(w.past, pastMail{p, in, w.now})
	}
	w.name(p, t)
}

// incoming writes the bytes of a message and describes it.
func (w *world) incoming(p *patient, in mail) (conversations.Incoming, bool) {
	id, body, err := w.service().NewBody(w.ctx, w.id(p))
	if err != nil {
		w.wrong("start a body: %v", err)
		return conversations.Incoming{}, false
	}
	draft := conversations.Draft{MessageID: in.id, Subject: in.subject, Text: in.text}
	if in.files > 0 {
		draft.Attachments = []conversations.Attachment{w.file(p, in.foreign)}
	}
	w.check(w.mail.Compose(draft, body))
	w.check(body.Commit())
	incoming := conversations.Incoming{
		Patient: w.id(p), INS: w.insOf(p), Message: id, Envelope: w.address(in.from), From: conversations.NamedAddress{Address: w.address(in.from)},
		ReplyTo: w.addresses(in.replyTo), MessageID: in.id, References: in.refs, Subject: in.subject, HasText: in.text != "", Attachments: in.files,
		Documents: in.files > 0, IsReport: in.robot, Automatic: in.robot, Digest: sha256.Sum256([]byte(in.text + in.subject)), Bytes: in.bytes, Peer: operator,
		Receipt: conversations.Receipt{Success: in.dsn},
	}
	for _, b := range in.with {
		incoming.Others = append(incoming.Others, conversations.NamedAddress{Address: w.address(b)})
	}
	if in.fin {
		incoming.EndHeaders = []string{"FIN"}
	}
	if in.asked {
		incoming.ReadTo = []conversations.Address{w.address(in.from)}
	}
	return incoming, true
}

// file is a document to attach.
func (w *world) file(p *patient, foreign bool) conversations.Attachment {
	content := "INS " + string(w.insOf(p))
	if foreign {
		content = "INS " + string(w.ins[(w.number(p)+1)%len(w.ins)])
	}
	return conversations.Attachment{Name: "document.pdf", Type: "application/pdf", Content: []byte(content)}
}

// name finds under which id the service began a conversation: it is the newest of the inbox.
func (w *world) name(p *patient, t *thread) {
	if t == nil || t.id != "" {
		return
	}
	entries, err := w.store.Inbox(w.ctx, w.id(p), conversations.InboxEntry{}, 1)
	w.check(err)
	if len(entries) == 0 {
		w.wrong("a new conversation is not in the inbox")
		return
	}
	t.id = string(entries[0].ID)
}

// rcpt asks whether a mailbox is there, without a sender: for a report.
func (w *world) rcpt(d dice) {
	p := pick(d, w.patients)
	want := answer{}
	switch p.account {
	case "active", "not-activated":
		if p.dead() {
			want = answer{unreachable, "OP16"}
		}
	default:
		want = p.reach(0)
	}
	w.say("RCPT of %s from nobody", w.who(p))
	_, err := w.service().Recipient(w.ctx, w.insOf(p), conversations.Address{})
	w.agree("RCPT", err, want)
}

// bounce queues a notification that a message did not arrive.
func (w *world) bounce(d dice) {
	p := pick(d, w.patients)
	if p.account == "purged" {
		return
	}
	in := w.newMail(d, p)
	in.files, in.foreign = 0, false
	incoming, ok := w.incoming(p, in)
	if !ok {
		return
	}
	incoming.Receipt = conversations.Receipt{Silent: d.one(3)}
	w.say("bounce of %s for %s, silent %v", in.id, w.who(p), incoming.Receipt.Silent)
	err := w.service().Bounce(w.ctx, incoming, &conversations.Error{Kind: conversations.KindUnreachable, Rule: "D13"})
	if w.agree("bounce", err, answer{}) && !incoming.Receipt.Silent {
		p.reports[in.id]++
	}
}

// feedback brings in a report on a message of the patient.
func (w *world) feedback(d dice) {
	p := w.someone(d)
	t := w.thread(d, p)
	if t == nil {
		return
	}
	m := pick(d, t.messages)
	if m.from != self || m.id == "" {
		return
	}
	to := pick(d, m.to)
	item, news := rules.ReportItem{Action: "delivered"}, "delivered"
	switch d.IntN(4) {
	case 0:
		item, news = rules.ReportItem{Action: "failed"}, "failed"
	case 1:
		item, news = rules.ReportItem{Disposition: "displayed"}, "read"
	case 2:
		item, news = rules.ReportItem{Action: "relayed"}, "sent"
	}
	serves := !d.one(5)
	w.say("report %s on %s.%d of %s by %s, believed %v", news, w.which(p, t), m.n, w.who(p), w.boxText(to), serves)
	domain := w.boxes[to].domain
	got, err := w.service().Feedback(w.ctx, w.id(p), conversations.Feedback{
		References: []string{m.id}, Serves: func(s string) bool { return serves && s == domain }, Peer: operator,
		Items: []conversations.FeedbackItem{{ReportItem: item, Recipients: []conversations.Address{w.address(to)}}},
	})
	want := conversations.FeedbackNoted
	switch {
	case p.refs[m.id].message != m:
		want = conversations.FeedbackUnmatched
	case !serves:
		want = conversations.FeedbackForeign
	default:
		m.fates[to].settle(news)
	}
	w.agree("report", err, answer{})
	w.same("what was made of the report", got, want)
}
