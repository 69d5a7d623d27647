package modeltest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// missingID is no conversation of anybody.
func (w *world) missingID(p *patient) conversations.ID {
	return conversations.ID(w.id(p).Shard() + "aaaaaaaaaaaaaaaaaaaaa")
}

func (w *world) threadID(p *patient, t *thread) conversations.ID {
	if t == nil {
		return w.missingID(p)
	}
	return conversations.ID(t.id)
}

func messageKey(t *thread, m *message) conversations.ID {
	return conversations.ID(fmt.Sprintf("%s.%d", t.id, m.n))
}

// reply sends a reply, now and then twice with the same key, through a service that knows nothing of the first time.
func (w *world) reply(d dice) {
	p := w.someone(d)
	t := w.thread(d, p)
	in := conversations.ReplyInput{Text: w.text(), Choice: rules.ReplyToOne}
	if d.one(3) {
		in.Choice = rules.ReplyToAll
	}
	if d.one(40) {
		in.Choice = "TO_ALL"
	}
	if d.one(20) {
		in.Text = ""
	}
	size := int64(composed)
	switch {
	case d.one(20):
		in.Attachments = []conversations.Attachment{{Name: "gros.pdf", Type: "application/pdf", Content: bytes.Repeat([]byte{'a'}, 2*composed)}}
		size = maxReply + 1
	case d.one(8):
		in.Attachments = []conversations.Attachment{w.file(p, false)}
	}
	twice := d.one(8)
	if twice {
		in.Operation = "key " + in.Text
	}
	w.say("%s replies in %s %s %q", w.who(p), w.which(p, t), in.Choice, in.Text)
	sent, err := w.service().Reply(w.ctx, w.actor(p), w.id(p), w.threadID(p, t), in)
	want, m := p.reply(t, string(in.Choice), in.Text, size, maxReply)
	if !w.agree("reply", err, want) {
		if len(w.problems) > 0 && t != nil {
			w.wrong("%s", w.story(p, t))
		}
		return
	}
	m.files = len(in.Attachments)
	m.id = w.mail.ids[in.Text]
	p.refer(t, m)
	w.same("the reply", fmt.Sprint(sent.ID, sent.Text, sent.Mine, sent.At), fmt.Sprint(messageKey(t, m), in.Text, true, w.now))
	if twice {
		w.serve(w.turn)
		again, err := w.service().Reply(w.ctx, w.actor(p), w.id(p), w.threadID(p, t), in)
		if err != nil || again.ID != sent.ID {
			w.wrong("the same reply again: %v, %v, not %v", again.ID, err, sent.ID)
		}
	}
}

// there is what answers a command about a conversation before anything else is asked; nothing when it is there.
func (p *patient) there(t *thread) answer {
	switch {
	case p.account == "purged":
		return answer{unknown, "O117"}
	case t == nil:
		return answer{missing, ""}
	case len(t.messages) <= t.cleared:
		return answer{missing, "R115"}
	}
	return answer{}
}

func (w *world) saveDraft(d dice) {
	p := w.someone(d)
	t, text := w.thread(d, p), w.text()
	if d.one(4) {
		text = ""
	}
	w.say("%s drafts %q in %s", w.who(p), text, w.which(p, t))
	err := w.service().SaveDraft(w.ctx, w.actor(p), w.id(p), w.threadID(p, t), text)
	if w.agree("draft", err, p.there(t)) {
		t.draft = text
	}
}

func (w *world) opened(d dice) {
	p := w.someone(d)
	t := w.thread(d, p)
	w.say("%s opens %s", w.who(p), w.which(p, t))
	err := w.service().Opened(w.ctx, w.actor(p), w.id(p), w.threadID(p, t))
	w.agree("opening", err, p.opens(t))
}

func (w *world) deleteThread(d dice) {
	p := w.someone(d)
	t := w.thread(d, p)
	w.say("%s deletes %s", w.who(p), w.which(p, t))
	err := w.service().DeleteThread(w.ctx, w.actor(p), w.id(p), w.threadID(p, t))
	w.agree("deletion", err, p.deleteThread(t))
}

// saveDocument saves an attachment among the patient's documents (I179).
func (w *world) saveDocument(d dice) {
	p := w.someone(d)
	var t *thread
	var m *message
	for range 8 {
		if t = w.thread(d, p); t != nil && (m == nil || m.files == 0) {
			m = pick(d, t.messages)
		}
	}
	if t == nil || messageIn(t, m) == nil {
		return
	}
	id := messageKey(t, m) + ".0"
	w.say("%s saves %s.%d", w.who(p), w.which(p, t), m.n)
	got, saved, err := w.service().SaveDocument(w.ctx, w.actor(p), w.id(p), id)
	want := answer{}
	switch {
	case p.account == "purged":
		want = answer{unknown, "O117"}
	case !p.reads():
		want = answer{opposed, "O115"}
	case m.gone || m.n <= t.cleared || m.files == 0:
		want = answer{missing, ""}
	}
	if !w.agree("save", err, want) {
		return
	}
	for _, o := range p.documents {
		if o.source == string(id) {
			w.same("saved before", fmt.Sprint(got.ID, saved), fmt.Sprint(o.id, false))
			return
		}
	}
	w.same("saved", saved, true)
	p.documents = append(p.documents, document{id: string(got.ID), source: string(id), bytes: got.Bytes})
	p.weigh(got.Bytes)
}

func messageIn(t *thread, m *message) *message {
	for _, o := range t.messages {
		if o == m {
			return o
		}
	}
	return nil
}

func (w *world) deleteDocument(d dice) {
	p := w.someone(d)
	if len(p.documents) == 0 {
		return
	}
	i := d.IntN(len(p.documents))
	w.say("%s deletes a document", w.who(p))
	err := w.service().DeleteDocument(w.ctx, w.actor(p), w.id(p), conversations.ID(p.documents[i].id))
	want := answer{}
	if !p.reads() {
		want = answer{opposed, "O115"}
	}
	if w.agree("document deleted", err, want) {
		p.weigh(-p.documents[i].bytes)
		p.documents = append(p.documents[:i:i], p.documents[i+1:]...)
	}
}

// pairID is the id of a mailbox and a patient: a keyed hash, so that nobody has to be asked for it.
func (w *world) pairID(p *patient, b box) conversations.ID {
	pid := w.id(p)
	h := hmac.New(sha256.New, patientKey())
	_, _ = io.WriteString(h, "exchange\x00"+string(pid)+string(w.svc[0].MailboxID(w.address(b))))
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:15])
	return conversations.ID(pid.Shard() + "x" + strings.ToLower(text))
}

func (w *world) block(d dice) {
	p := w.someone(d)
	b := w.knownBox(d, p)
	until := pick(d, []time.Time{{}, {}, w.now.Add(time.Hour), w.now.Add(50 * time.Hour), w.now.Add(20 * 24 * time.Hour), w.now.Add(-time.Second), w.now})
	w.say("%s blocks %s until %v", w.who(p), w.boxText(b), until)
	_, err := w.service().Block(w.ctx, w.actor(p), w.id(p), w.pairID(p, b), until)
	w.agree("block", err, p.block(b, until))
}

func (w *world) unblock(d dice) {
	p := w.someone(d)
	b := w.knownBox(d, p)
	if len(p.blocks) > 0 && !d.one(3) {
		b = pick(d, p.blocks).box
	}
	w.say("%s lifts the block of %s", w.who(p), w.boxText(b))
	_, err := w.service().Unblock(w.ctx, w.actor(p), w.id(p), w.pairID(p, b))
	w.agree("unblock", err, p.unblock(b))
}

func (w *world) object(d dice) {
	p := w.someone(d)
	o := objection{
		id: pick(d, []string{"a", "b", "c", ""}), kind: pick(d, []string{"messages", "exchange"}),
		scope: pick(d, []string{"structure", "structure", "profession", "profession", "everyone", "nobody"}),
	}
	switch o.scope {
	case "structure":
		o.value = pick(d, []string{"1" + facility, "1750000002"})
	case "profession":
		o.value = pick(d, []string{"10", "60", ""})
	}
	given := o.value
	if o.scope == "structure" && d.one(2) {
		given = o.value[1:] // as people write it
	}
	w.say("%s objects %+v", w.who(p), o)
	_, err := w.service().Object(w.ctx, w.actor(p), w.id(p), rules.Objection{
		ID: rules.ObjectionID(o.id), Kind: rules.ObjectionKind(o.kind), Scope: rules.RefusalScope(o.scope), Value: given,
	})
	w.agree("objection", err, p.object(o))
}

func (w *world) withdraw(d dice) {
	p := w.someone(d)
	id := pick(d, []string{"a", "b", "c", "d"})
	w.say("%s withdraws %s", w.who(p), id)
	w.agree("withdrawal", w.service().Withdraw(w.ctx, w.actor(p), w.id(p), rules.ObjectionID(id)), p.withdraw(id))
}
