package modeltest

import (
	"fmt"
	"slices"
	"strings"

	"mesbridge/conversations"
)

// sameSet compares lists whose order says nothing.
func (w *world) sameSet(what string, got, want []string) {
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return
	}
	extra := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return slices.Contains(want, s) })
	lacks := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return slices.Contains(got, s) })
	w.wrong("%s: only in the service\n\t%s\nonly in the model\n\t%s", what, strings.Join(extra, "\n\t"), strings.Join(lacks, "\n\t"))
}

// lookAtAll does what is due and compares everything that everybody sees.
func (w *world) lookAtAll(d dice) {
	w.say("look at everything")
	w.settle(d)
	for _, p := range w.patients {
		w.lookAt(p)
		w.lookAtRights(p)
		for _, t := range p.threads {
			if t != nil {
				w.lookAtThread(p, t)
				w.lookFromDesk(p, t)
			}
		}
		for _, v := range p.visits {
			w.lookAtVisit(p, v)
		}
		w.lookForNext(p)
	}
	for b := range w.boxes {
		w.lookAtLedger(box(b))
	}
}

// lookForNext draws no conclusion from what is there: it asks for what is not.
func (w *world) lookForNext(p *patient) {
	_, err := w.service().Thread(w.ctx, w.id(p), w.missingID(p))
	want := answer{missing, ""}
	if p.account == "purged" {
		want = answer{unknown, "O117"}
	}
	w.said = append(w.said, "")
	w.agree("a conversation that is not there", err, want)
	w.said = w.said[:len(w.said)-1]
}

// lookAt compares the patient's account and inbox.
func (w *world) lookAt(p *patient) {
	a, err := w.service().Account(w.ctx, w.id(p))
	if err != nil {
		w.wrong("account of %s: %v", w.who(p), err)
		return
	}
	w.same("account of "+w.who(p), fmt.Sprint(a.State, ms(a.Since), ms(a.EndsAt)), fmt.Sprint(p.account, ms(p.since), ms(p.periodEnd())))
	if p.account == "purged" {
		return
	}
	w.same("octets of "+w.who(p), fmt.Sprint(a.Storage.Used, ms(a.Storage.FullSince)), fmt.Sprint(p.used, ms(p.full)))
	page, err := w.service().Inbox(w.ctx, w.id(p), "", conversations.MaxPage)
	if !p.reads() {
		if conversations.KindOf(err) != conversations.KindPatientOpposed {
			w.wrong("inbox of %s: %v", w.who(p), err)
		}
		return
	}
	if err != nil {
		w.wrong("inbox of %s: %v", w.who(p), err)
		return
	}
	var got, want []string
	for _, line := range page.Items {
		got = append(got, fmt.Sprint(line.ID, " ", line.Subject, " ", line.State, " ", line.With, " ", ms(line.LastAt), " unread ", line.Unread, " files ", line.HasAttachment, " draft ", line.HasDraft))
	}
	for _, t := range p.threads {
		if t != nil && len(t.messages) > t.cleared {
			want = append(want, p.line(t))
		}
	}
	if page.Next != "" {
		return // more than a page: the end of a run is no better than its middle
	}
	w.sameSet("inbox of "+w.who(p), got, want)
	if !slices.IsSortedFunc(page.Items, func(a, b conversations.ThreadLine) int { return b.LastAt.Compare(a.LastAt) }) {
		w.wrong("the inbox of %s is not in order", w.who(p))
	}
}

// line is a conversation in the patient's list.
func (p *patient) line(t *thread) string {
	var with []box
	for _, m := range t.voices() {
		if m.place > t.deleted {
			with = append(with, m.from)
		}
	}
	if len(with) == 0 {
		with = t.people
	}
	files := slices.ContainsFunc(t.messages[t.cleared:], func(m *message) bool { return m.files > 0 })
	return fmt.Sprint(t.id, " ", strings.TrimSpace(t.subject), " ", p.right(t).state, " ", p.m.names(with), " ", ms(t.last), " unread ", t.unread, " files ", files, " draft ", t.draft != "")
}

// lookAtThread compares one conversation as the patient sees it.
func (w *world) lookAtThread(p *patient, t *thread) {
	got, err := w.service().Thread(w.ctx, w.id(p), conversations.ID(t.id))
	what := fmt.Sprintf("%s of %s (%s)", w.which(p, t), w.who(p), t.id)
	want := p.there(t)
	if p.account != "purged" && !p.reads() {
		want = answer{opposed, "O115"}
	}
	w.said = append(w.said, "")
	ok := w.agree("reading "+what, err, want)
	w.said = w.said[:len(w.said)-1]
	if !ok {
		return
	}
	r := p.right(t)
	w.same("right in "+what, fmt.Sprint(got.State, got.Reply.Allowed, got.Reply.Options, got.Reply.Code, ms(got.Reply.Until), got.Reply.To, got.Reply.ToAll),
		fmt.Sprint(r.state, r.state == "open", r.options(), r.code, ms(r.until), w.names(r.to), w.names(r.all)))
	w.sameEnd(what, got, r)
	with := conversations.ID("")
	if r.with != self {
		with = w.pairID(p, r.with)
	}
	w.same("contact of "+what, got.Contact, with)
	w.same("draft in "+what, got.Draft, t.draft)
	shown := make([]string, 0, len(got.Messages))
	for _, m := range got.Messages {
		state := ""
		if m.Delivery != nil {
			state = string(m.Delivery.State)
		}
		shown = append(shown, fmt.Sprint(m.ID, m.Author, " ", m.Copied, m.Mine, m.NoReply, m.Crossed, " ", m.Text, " ", len(m.Attachments), state, ms(m.At)))
	}
	w.same("messages of "+what, strings.Join(shown, "\n\t"), strings.Join(p.shown(t), "\n\t"))
}

// sameEnd compares who ended a conversation. Of several ends at one instant any may be told.
func (w *world) sameEnd(what string, got conversations.Thread, r right) {
	if (got.Ended != nil) != (len(r.ended) > 0) {
		w.wrong("end of %s is %+v, in the model %+v", what, got.Ended, r.ended)
	}
	if got.Ended == nil {
		return
	}
	told := fmt.Sprint(got.Ended.By, got.Ended.How, ms(got.Ended.At))
	if !slices.ContainsFunc(r.ended, func(e end) bool { return told == fmt.Sprint(w.boxes[e.by].shown(), e.how, ms(e.at)) }) {
		w.wrong("end of %s is %s, in the model one of %+v", what, told, r.ended)
	}
}

func (r right) options() []string {
	switch {
	case r.state == "blocked":
		return []string{"REPLY_BLOCKED"}
	case r.state != "open":
		return []string{"NO_REPLY"}
	case len(r.all) > 0:
		return []string{"REPLY", "REPLY_TO_ALL"}
	}
	return []string{"REPLY"}
}

// shown lists the messages of a conversation for the patient, the newest first.
func (p *patient) shown(t *thread) (list []string) {
	for _, m := range slices.Backward(t.messages[max(t.cleared, len(t.messages)-shownMost):]) {
		author, copied, state, crossed := p.name, m.to, "", false
		if m.from != self {
			author, copied = p.m.boxes[m.from].shown(), m.with
		} else {
			state, crossed = p.worst(m)
		}
		list = append(list, fmt.Sprint(messageKey(t, m), author, " ", p.m.names(copied), m.from == self, m.fin, crossed, " ", m.text, " ", m.files, state, ms(m.at)))
	}
	return list
}

// worst is where a message of the patient stands over all whom it goes to: the worst news first.
func (p *patient) worst(m *message) (state string, crossed bool) {
	for _, s := range []string{"failed", "queued", "sent", "delivered", "read"} {
		for _, b := range m.to {
			crossed = crossed || m.fates[b].crossed
			if state == "" && m.fates[b].state == s {
				state = s
			}
		}
	}
	return state, crossed
}

// lookAtRights compares the patient's contacts, objections and documents.
func (w *world) lookAtRights(p *patient) {
	if !p.reads() {
		return
	}
	contacts, err := w.service().Contacts(w.ctx, w.id(p))
	if err != nil {
		w.wrong("contacts of %s: %v", w.who(p), err)
		return
	}
	var got, want []string
	for _, c := range contacts {
		got = append(got, fmt.Sprint(c.ID, c.Name, " ", c.State, c.Blocked, ms(c.BlockedTill), c.Contactable, " ", ms(c.EndedAt), c.EndedHow, ms(c.Since), ms(c.LastAt)))
	}
	for b := range w.boxes {
		if k := p.pairs[box(b)]; k != nil && !k.since.IsZero() {
			want = append(want, fmt.Sprint(w.pairID(p, box(b)), p.contact(box(b))))
		}
	}
	w.sameSet("contacts of "+w.who(p), got, want)
	w.lookAtObjections(p)
	page, err := w.service().Documents(w.ctx, w.id(p), "", conversations.MaxPage)
	if err != nil {
		w.wrong("documents of %s: %v", w.who(p), err)
	}
	got, want = nil, nil
	for _, d := range page.Items {
		got = append(got, fmt.Sprint(d.ID, d.Source))
	}
	for _, d := range p.documents {
		want = append(want, fmt.Sprint(d.id, d.source))
	}
	w.sameSet("documents of "+w.who(p), got, want)
}

// contact is one professional as the patient sees him.
func (p *patient) contact(b box) string {
	k, blocked, till, endedAt, how := p.pairs[b], p.blocked(b), "", "", ""
	if blocked {
		till = ms(p.blockedTill(b))
	}
	if p.ended(b) {
		endedAt, how = ms(p.lastEnd(b).at), p.lastEnd(b).how
	}
	return fmt.Sprint(p.m.boxes[b].shown(), " ", p.exchangeState(b), blocked, till, p.contactable(b), " ", endedAt, how, ms(k.since), ms(k.last))
}

func (w *world) lookAtObjections(p *patient) {
	all, err := w.service().Objections(w.ctx, w.id(p))
	if err != nil {
		w.wrong("objections of %s: %v", w.who(p), err)
		return
	}
	var got, want []string
	for _, o := range all {
		got = append(got, fmt.Sprint(o.ID, o.Kind, o.Scope, o.Value, ms(o.At), o.Binds))
	}
	for _, o := range p.objections {
		var bound []box
		for b := range w.boxes {
			if p.pairs[box(b)] != nil && p.inScope(o, box(b)) {
				bound = append(bound, box(b))
			}
		}
		names := w.names(bound)
		slices.Sort(names)
		want = append(want, fmt.Sprint(o.id, o.kind, o.scope, o.value, ms(o.at), names))
	}
	w.sameSet("objections of "+w.who(p), got, want)
}
