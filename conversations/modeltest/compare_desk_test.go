package modeltest

import (
	"fmt"
	"slices"
	"strings"

	"mesbridge/conversations"
)

// lookAtLedger compares what one mailbox sees of everybody, after everything is indexed.
func (w *world) lookAtLedger(b box) {
	exchanges, err := w.service().Exchanges(w.ctx, w.address(b), conversations.Filter{Limit: conversations.MaxPage})
	if err != nil {
		w.wrong("exchanges of %s: %v", w.boxText(b), err)
		return
	}
	var got, want []string
	for _, e := range exchanges.Items {
		got = append(got, fmt.Sprint(e.Patient.INS, e.ID, " ", e.State, " ", ms(e.Since), " ", ms(e.LastAt), e.EndedHow, ms(e.Until), e.Awaiting, ms(e.Planned.At), e.Waiting, ms(e.Objected),
			e.Opposition.ToPatient, e.Opposition.ToProfessionals, ms(e.Opposition.At)))
	}
	for i, p := range w.patients {
		if k := p.pairs[b]; k != nil && k.listed && !k.since.IsZero() {
			want = append(want, fmt.Sprint(w.ins[i], w.pairID(p, b), " ", p.exchange(b)))
		}
	}
	w.sameSet("exchanges of "+w.boxText(b), got, want)
	if !slices.IsSortedFunc(exchanges.Items, func(a, b conversations.ExchangeLine) int { return b.LastAt.Compare(a.LastAt) }) {
		w.wrong("the exchanges of %s are not in the order of their last messages: %v", w.boxText(b), got)
	}
	w.lookAtList(b)
}

// exchange is a pair as the mailbox sees it (D4, D8).
func (p *patient) exchange(b box) string {
	k, state := p.pairs[b], p.exchangeState(b)
	since, how, until, awaiting := ms(k.since), "", "", false
	switch state {
	case "unreachable":
		since = ""
	case "ended":
		how = p.lastEnd(b).how
	case "open":
		if awaiting = k.awaiting && !k.until.IsZero(); !k.awaiting {
			until = ms(k.until)
		}
	}
	to, others, at := p.recorded(b)
	return fmt.Sprint(state, " ", since, " ", ms(k.last), how, until, awaiting, ms(k.planned), k.awaiting, ms(p.objected(b)), to, others, at)
}

// recorded is what b's side recorded on the patient's word, by any mailbox of its structure (I138).
func (p *patient) recorded(b box) (toPatient, toOthers bool, at string) {
	var first opposition
	for _, o := range p.oppositions {
		if !p.sameSide(o.by, b) {
			continue
		}
		if at == "" || o.at.Before(first.at) {
			first, at = o, ms(o.at)
		}
		toPatient, toOthers = toPatient || o.toPatient, toOthers || o.toProfessionals
	}
	return toPatient, toOthers, at
}

// lookAtList compares the conversations in the list of a mailbox.
func (w *world) lookAtList(b box) {
	page, err := w.service().Threads(w.ctx, w.address(b), conversations.Filter{Limit: conversations.MaxPage})
	if err != nil {
		w.wrong("conversations of %s: %v", w.boxText(b), err)
		return
	}
	if page.Next != "" {
		return
	}
	var got, want []string
	for _, l := range page.Items {
		got = append(got, fmt.Sprintf("%+v", deskLine{string(l.ID), l.Subject, l.State, ms(l.LastAt), l.HasAttachment, ms(l.Objected)}))
	}
	for _, p := range w.patients {
		for _, t := range p.threads {
			if t != nil && t.listed[b] {
				want = append(want, fmt.Sprintf("%+v", p.deskLine(t, b)))
			}
		}
	}
	w.sameSet("conversations of "+w.boxText(b), got, want)
}

// lookFromDesk compares one conversation as each mailbox that it names sees it, and that others do not see it.
func (w *world) lookFromDesk(p *patient, t *thread) {
	for i := range w.boxes {
		b := box(i)
		got, err := w.service().ThreadFor(w.ctx, []conversations.Address{w.address(b)}, conversations.ID(t.id))
		what := fmt.Sprintf("%s of %s for %s", w.which(p, t), w.who(p), w.boxText(b))
		if !contains(t.people, b) {
			if err == nil || conversations.KindOf(err) != conversations.KindNotFound {
				w.wrong("%s: %v", what, err)
			}
			continue
		}
		if err != nil {
			w.wrong("%s: %v", what, err)
			continue
		}
		var shown []string
		for _, m := range got.Messages {
			shown = append(shown, fmt.Sprint(m.Author, " ", m.Mine, m.NoReply, m.Crossed, " ", m.Text, " ", ms(m.At), arrival(m.Delivery)))
		}
		w.same("messages of "+what, strings.Join(shown, "\n\t"), strings.Join(p.deskMessages(t, b), "\n\t"))
		w.same("state of "+what, got.State, p.seenBy(t, b))
		w.sameDeskEnd(what, got, p, t, b)
	}
}

func arrival(d *conversations.Delivery) string {
	if d == nil {
		return ""
	}
	return string(d.State) + " " + ms(d.At)
}

// sameDeskEnd compares the end that a mailbox is told: its own last one.
func (w *world) sameDeskEnd(what string, got conversations.Thread, p *patient, t *thread, b box) {
	var own []end
	for _, e := range p.ends {
		if e.by == b && (e.thread == nil || e.thread == t) {
			own = append(own, e)
		}
	}
	if p.seenBy(t, b) != "ended" {
		own = nil
	}
	w.sameEnd(what, got, right{ended: latest(own)})
}

// deskMessages lists what a mailbox sees of a conversation.
func (p *patient) deskMessages(t *thread, b box) (list []string) {
	for _, m := range t.own(b) {
		author, state, crossed := p.name, "", false
		if m.from != self {
			author = p.m.boxes[m.from].shown()
		} else if f := m.fates[b]; f != nil {
			if crossed = f.crossed; f.state == "failed" {
				state = "failed "
			}
		}
		if m.from == b {
			if state = "delivered " + ms(m.at); !m.opened.IsZero() {
				state = "read " + ms(m.opened)
			}
		}
		list = append(list, fmt.Sprint(author, " ", m.from == b, m.fin, crossed, " ", m.text, " ", ms(m.at), state))
	}
	return list
}

// lookAtVisit compares one visit as its establishment sees it.
func (w *world) lookAtVisit(p *patient, v *visit) {
	var mailboxes []conversations.Address
	for b := range w.boxes {
		if w.boxes[b].structure == facility {
			mailboxes = append(mailboxes, w.address(box(b)))
		}
	}
	line, err := w.service().Episode(w.ctx, mailboxes, conversations.Visit{FINESS: facility, Number: v.number})
	if err != nil {
		w.wrong("visit %s of %s: %v", v.number, w.who(p), err)
		return
	}
	state := "closed"
	if v.open || !v.declared {
		state = "open"
	}
	w.same("visit "+v.number, fmt.Sprint(line.State, " ", ms(line.Since), " ", ms(line.ClosesAt)), fmt.Sprint(state, " ", ms(v.since), " ", ms(v.closesAt)))
	var got, want []string
	for _, t := range line.Threads {
		got = append(got, fmt.Sprint(t.ID, " ", t.State, " ends ", t.Ends, " waiting ", t.Waiting, " ", ms(t.ClosesAt)))
	}
	for _, t := range v.threads {
		closes := ""
		if t.closing != nil && !t.waits() {
			closes = ms(t.closing.at)
		}
		want = append(want, fmt.Sprint(t.id, " ", p.bestFor(t), " ends ", p.speaks(t, t.boxes), " waiting ", t.waits(), " ", closes))
	}
	w.sameSet("conversations of the visit "+v.number, got, want)
}

// bestFor is the best state that one of the establishment's mailboxes has in a conversation.
func (p *patient) bestFor(t *thread) string {
	for _, state := range []string{"open", "no-reply", "ended"} {
		if slices.ContainsFunc(t.boxes, func(b box) bool { return p.seenBy(t, b) == state }) {
			return state
		}
	}
	return "unreachable"
}
