package modeltest

import (
	"slices"
	"time"
)

// pass moves the clock.
func (m *model) pass(d time.Duration) {
	m.now = m.now.Add(d)
	for _, p := range m.patients {
		p.come()
	}
}

// come notes the ends whose instant came: reply windows (D8) and discharges (D24). All hold from their first
// refused instant, whenever somebody writes them down.
func (p *patient) come() {
	place := p.next()
	for i := range p.ends {
		if p.ends[i].unwritten {
			p.ends[i].place = place
		}
	}
	for b := range p.m.boxes {
		k := p.pairs[box(b)]
		if k == nil || p.ended(box(b)) {
			continue
		}
		ranOut := !k.until.IsZero() && !p.m.now.Before(k.until) && !k.awaiting
		came := !k.planned.IsZero() && !p.m.now.Before(k.planned)
		switch {
		case came && (!ranOut || !k.until.Before(k.planned)):
			p.ends = append(p.ends, end{by: box(b), place: place, at: k.planned, how: "api", unwritten: true})
			k.awaiting = k.awaiting && len(k.crossing) > 0
		case ranOut:
			p.ends = append(p.ends, end{by: box(b), place: place, at: k.until, how: "window", unwritten: true})
			k.crossing = nil
		default:
			continue
		}
		k.until, k.planned = time.Time{}, time.Time{}
	}
	for _, t := range p.threads {
		if t == nil || t.closing == nil || p.m.now.Before(t.closing.at) || t.waits() {
			continue
		}
		for _, b := range t.closing.by {
			p.ends = append(p.ends, end{by: b, thread: t, place: place, at: t.closing.at, how: "episode", of: t.closing.of})
		}
		t.closing, t.unsaid = nil, t.closing
	}
}

// writeDown notes that something of a pair is written, the end of its window with it.
func (p *patient) writeDown(b box) {
	for i := range p.ends {
		if p.ends[i].by == b {
			p.ends[i].unwritten = false
		}
	}
}

// announce notes that a message lets the patient write to b until the window of b ends. None takes away what
// was announced before (D8).
func (p *patient) announce(b box) {
	k, w := p.pair(b), p.m.boxes[b]
	if w.window == 0 {
		k.until = time.Time{}
	} else if !k.awaiting || k.until.IsZero() {
		k.extend(p.m.now.Add(w.window))
	}
}

// answered notes that b answered the patient, who has the window's further days then (D8).
func (p *patient) answered(b box) {
	k := p.pair(b)
	if k.awaiting && !k.until.IsZero() {
		k.extend(p.m.now.Add(p.m.boxes[b].answer))
	}
	k.awaiting = false
}

func (k *pair) extend(to time.Time) {
	if to.After(k.until) {
		k.until = to
	}
}

// endThread ends a conversation for b (D6, R85).
func (p *patient) endThread(t *thread, b box) answer {
	named, speaks := false, false
	for _, m := range t.voices() {
		if m.names(b) {
			named = true
			speaks = speaks || !p.endedBy(t, m, b)
		}
	}
	switch {
	case !named:
		return answer{missing, "R85"}
	case speaks:
		p.lastWords(t, composed)
		p.ends = append(p.ends, end{by: b, thread: t, place: p.next(), at: p.m.now, how: "api"})
		t.touched = p.place
		t.list(b)
	}
	return answer{}
}

// exchangeWith finds the pair with b, or what answers a command about it before anything else is asked.
func (p *patient) exchangeWith(b box) (*pair, answer) {
	k := p.pairs[b]
	switch {
	case k == nil:
		return nil, answer{missing, ""}
	case k.since.IsZero():
		return nil, answer{missing, "R93"}
	}
	return k, answer{}
}

// endExchange ends everything for b, as [FIN] does (D6).
func (p *patient) endExchange(b box) answer {
	_, a := p.exchangeWith(b)
	if a == (answer{}) && !p.ended(b) {
		p.endAll(b, "api")
	}
	return a
}

func (p *patient) endAll(b box, how string) {
	p.writeDown(b)
	p.ends = append(p.ends, end{by: b, place: p.next(), at: p.m.now, how: how})
	k := p.pair(b)
	k.until, k.awaiting, k.listed, k.planned = time.Time{}, false, true, time.Time{}
}

// planEnd plans the end of everything for b (D7).
func (p *patient) planEnd(b box, at time.Time) answer {
	k, a := p.exchangeWith(b)
	switch {
	case k == nil:
		return a
	case at.After(p.m.now.Add(24 * time.Hour)):
		return answer{invalid, "D7"}
	case p.ended(b) || !k.planned.IsZero() && at.After(p.m.now):
	case !at.After(p.m.now):
		p.endAll(b, "api")
	default:
		p.writeDown(b)
		p.next()
		k.planned, k.crossing, k.listed = at, nil, true
	}
	return answer{}
}

// keep takes a planned end back (D7).
func (p *patient) keep(b box) answer {
	k, a := p.exchangeWith(b)
	if k != nil && !k.planned.IsZero() {
		p.writeDown(b)
		p.next()
		k.planned, k.crossing = time.Time{}, nil
	}
	return a
}

// mark marks what the patient sent between the planning of an end and the end (D7).
func (p *patient) mark(b box) {
	if k := p.pairs[b]; k != nil && k.planned.IsZero() {
		for _, m := range k.crossing {
			if !m.gone {
				m.fates[b].crossed = true
			}
		}
	}
}

func (t *thread) list(boxes ...box) {
	for _, b := range boxes {
		t.listed[b] = true
	}
}

// tell is one event of a visit (D24).
type tell struct {
	closes bool
	source string
	at     time.Time
	grace  time.Duration
	words  string
}

// change carries out an event of a visit and returns the conversations that it touched.
func (p *patient) change(v *visit, e tell) (touched []*thread) {
	if !v.at.IsZero() && e.at.Truncate(time.Second).Before(v.at.Truncate(time.Second)) {
		return nil // I230
	}
	p.next()
	v.declared, v.at = true, e.at
	if v.since.IsZero() {
		v.since = e.at
	}
	if !e.closes {
		if v.closed != nil {
			touched = p.cancel(v)
		}
		v.open, v.closed, v.closesAt = true, nil, time.Time{}
		return touched
	}
	v.open = false
	if v.closed == nil {
		v.closed = &discharge{}
	}
	v.closed.words = e.words
	if e.source == "death" {
		v.closed.death, v.closesAt = true, e.at
		return nil
	}
	v.closesAt = p.m.now
	if due := e.at.Add(e.grace); e.grace > 0 && due.After(p.m.now) {
		v.closesAt = due
	}
	for _, t := range v.threads {
		if t == nil || !p.speaks(t, t.boxes) {
			continue
		}
		t.closing = &closing{at: v.closesAt, even: e.source == "manual" && e.grace == 0, of: v.closed, by: slices.Clone(t.boxes)}
		t.unsaid = nil
		touched = append(touched, t)
	}
	p.come() // what is due at once
	return touched
}

// speaks reports whether a message that one of boxes wrote or answers for still counts.
func (p *patient) speaks(t *thread, boxes []box) bool {
	return slices.ContainsFunc(t.voices(), func(m *message) bool {
		return slices.ContainsFunc(boxes, m.names) && len(p.silencing(t, m)) == 0
	})
}

// cancel gives back what a discharge took, where nobody touched the conversation since (D24).
func (p *patient) cancel(v *visit) (touched []*thread) {
	for _, t := range v.threads {
		if t == nil {
			continue
		}
		pending := t.closing != nil && t.closing.of == v.closed
		took := func(e end) bool { return e.thread == t && e.of == v.closed }
		back := slices.ContainsFunc(p.ends, func(e end) bool { return took(e) && t.touched < e.place })
		if pending {
			t.closing = nil
		}
		if back {
			p.ends = slices.DeleteFunc(p.ends, took)
		}
		if pending || back {
			t.unsaid = nil
			touched = append(touched, t)
		}
	}
	return touched
}

// carry does what is due of an announced end: it tells the patient, once, or writes the last words of an end that
// came (D24). Neither reaches a patient whose mailbox does not take them (D13, D15).
func (p *patient) carry(t *thread, notice func(from box, until time.Time) string, bytes int64) {
	switch c := t.closing; {
	case c != nil && !c.told && p.m.now.Before(c.at):
		c.told = true
		if p.m.notices {
			until, silent := c.at, p.right(t).state == "no-reply"
			if silent {
				until = time.Time{}
			}
			p.say(t, c, notice(p.closer(t, c), until), bytes, silent)
		}
	default:
		p.lastWords(t, bytes)
	}
}

// lastWords writes the last words of an end that came, if they are still to be written, and reports whether they were.
func (p *patient) lastWords(t *thread, bytes int64) bool {
	c := t.unsaid
	if c == nil {
		return false
	}
	t.unsaid = nil
	t.list(t.boxes...)
	if c.of.words != "" && p.say(t, c, c.of.words, bytes, true) {
		t.lastPatient = false
	}
	return true
}

// closer is whom the words of an end come from: of those that end it, the one that wrote last.
func (p *patient) closer(t *thread, c *closing) box {
	for _, m := range t.voices() {
		if slices.Contains(c.by, m.from) {
			return m.from
		}
	}
	return c.by[0]
}

// say writes a message that gives no right and takes none; with fin it says that it takes no answer.
func (p *patient) say(t *thread, c *closing, text string, bytes int64, fin bool) bool {
	from := p.closer(t, c)
	if p.reach(from) != (answer{}) {
		return false
	}
	t.put(&message{
		place: p.next(), at: p.m.now, subject: replySubject(t.ownSubject(from)), text: text, bytes: bytes, from: from, fin: fin, silent: true,
	})
	t.list(t.boxes...)
	p.weigh(bytes)
	p.notes++
	return true
}
