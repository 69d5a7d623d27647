package modeltest

import (
	"slices"
	"time"
)

// answer is what a command is answered: a code and the id of the rule, or nothing when it is done.
type answer struct{ code, rule string }

// The codes that the model gives.
const (
	unknown     = "mailbox-unknown"
	unreachable = "patient-unreachable"
	away        = "temporarily-unavailable"
	opposed     = "patient-opposed"
	invalid     = "invalid-request"
	missing     = "not-found"
)

// reach tells whether the patient's mailbox takes a message from b (D13, D16, D36).
func (p *patient) reach(b box) answer {
	switch p.account {
	case "absent", "opposed", "purged":
		return answer{unknown, "R140"}
	case "messaging-closed", "closed":
		return answer{unreachable, "R148"}
	case "suspended":
		return answer{away, "O116"}
	}
	switch {
	case p.dead():
		return answer{unreachable, "OP16"}
	case p.blocked(b):
		return answer{unreachable, "D13"}
	case p.refused(b):
		return answer{unreachable, "D14"}
	}
	return answer{}
}

// room tells whether there is room for one more message (O167).
func (p *patient) room() answer {
	switch {
	case p.m.quota == 0 || p.used < p.m.quota:
		return answer{}
	case p.m.now.Before(p.full.Add(48 * time.Hour)):
		return answer{away, "O167"}
	}
	return answer{"too-large", "O167"}
}

// weigh notes octets that came or went.
func (p *patient) weigh(n int64) {
	p.used += n
	switch full := p.m.quota > 0 && p.used >= p.m.quota; {
	case !full:
		p.full = time.Time{}
	case p.full.IsZero():
		p.full = p.m.now
	}
}

func (p *patient) reads() bool { return p.account == "active" || p.account == "messaging-closed" }

// dead reports whether a discharge by death stands.
func (p *patient) dead() bool {
	return slices.ContainsFunc(p.visits, func(v *visit) bool { return v.closed != nil && v.closed.death })
}

// binds reports whether a block concerns b: by mailbox or by person (D12).
func (p *patient) binds(k block, b box) bool {
	person := p.m.boxes[b].person
	return k.box == b || person != "" && person == p.personOf(k)
}

// personOf is whom a block names; the directory may have learnt it since.
func (p *patient) personOf(k block) string {
	if k.person != "" {
		return k.person
	}
	return p.m.boxes[k.box].person
}

// blocked reports whether a block of b is in force.
func (p *patient) blocked(b box) bool {
	return slices.ContainsFunc(p.blocks, func(k block) bool {
		return p.binds(k, b) && (k.until.IsZero() || p.m.now.Before(k.until))
	})
}

// blockedTill is until when b is blocked; zero: until lifted. Of several blocks the longest counts.
func (p *patient) blockedTill(b box) (till time.Time) {
	for _, k := range p.blocks {
		switch {
		case !p.binds(k, b):
		case k.until.IsZero():
			return time.Time{}
		case k.until.After(till):
			till = k.until
		}
	}
	return till
}

// inScope reports whether an objection concerns b, as the directory knows it now (D12, D14).
func (p *patient) inScope(o objection, b box) bool {
	m := p.m.boxes[b]
	switch o.scope {
	case "everyone":
		return true
	case "structure":
		return m.structure != "" && o.value == "1"+m.structure
	}
	return m.profession != "" && o.value == m.profession
}

// refused reports whether the patient refuses messages from b (D14 b).
func (p *patient) refused(b box) bool {
	return slices.ContainsFunc(p.objections, func(o objection) bool { return o.kind == "messages" && p.inScope(o, b) })
}

// objected tells since when the patient objects to exchange with b (D14 c); zero: he does not.
func (p *patient) objected(b box) (since time.Time) {
	for _, o := range p.objections {
		if o.kind == "exchange" && p.inScope(o, b) && (since.IsZero() || o.at.Before(since)) {
			since = o.at
		}
	}
	return since
}

// conscience is what b's own side recorded against writing (D14 d, I138).
func (p *patient) conscience(b box, acknowledged bool) answer {
	against := slices.ContainsFunc(p.oppositions, func(o opposition) bool { return o.toPatient && p.sameSide(o.by, b) })
	switch {
	case !against || p.m.soft && acknowledged:
		return answer{}
	case p.m.soft:
		return answer{"objection-recorded", "I140"}
	}
	return answer{"objection-recorded", "D14"}
}

func (p *patient) sameSide(a, b box) bool {
	s := p.m.boxes[a].structure
	return a == b || s != "" && s == p.m.boxes[b].structure
}

// voices lists the messages that can give a right, the newest first: all of professionals but markers and
// what programs wrote (D34, OP7).
func (t *thread) voices() (list []*message) {
	for _, m := range slices.Backward(t.messages) {
		if m.from != self && !m.marker && !m.silent {
			list = append(list, m)
		}
	}
	return list
}

func (m *message) names(b box) bool { return m.from == b || slices.Contains(m.replyTo, b) }

// silencing lists the ends that silence a message: of its author or of a reply mailbox of its, made after
// it, of everything or of its conversation (D6, D34).
func (p *patient) silencing(t *thread, m *message) (list []end) {
	for _, e := range p.ends {
		if e.place > m.place && m.names(e.by) && (e.thread == nil || e.thread == t) {
			list = append(list, e)
		}
	}
	return list
}

// right is what the patient may do in a conversation.
type right struct {
	state, code, rule string
	message           *message // that governs
	with              box      // whom it is about; self: nobody
	to, all           []box
	until             time.Time
	ended             []end // the last ends; of several at one instant, any may be told
}

// right finds what the patient may do in a conversation (D15, D34, table 9.1).
func (p *patient) right(t *thread) right {
	var speaker, governs *message
	var over []end
	for _, m := range t.voices() {
		if m.place <= t.deleted {
			break
		}
		if speaker == nil {
			speaker = m
		}
		by := p.silencing(t, m)
		if len(by) == 0 {
			governs, speaker = m, m
			break
		}
		over = append(over, by...)
	}
	r := right{with: self}
	if speaker != nil {
		r.with = speaker.from
	}
	if p.held(&r, speaker) {
		return r
	}
	switch {
	case speaker == nil:
		r.state, r.code, r.rule = "no-reply", "reply-not-allowed", "OP3c"
	case governs == nil:
		r.state, r.code, r.rule, r.ended = "ended", "thread-closed", "R89", latest(over)
	case governs.fin:
		r.state, r.code, r.rule = "no-reply", "reply-not-allowed", "R88"
	default:
		r.state, r.message, r.to = "open", governs, governs.replyTo
		r.all, r.until = p.others(t, governs), p.announced(t, governs)
	}
	return r
}

// held notes what keeps everything from leaving, whatever professionals allow: frozen, then blocked.
func (p *patient) held(r *right, m *message) bool {
	var concerned []box
	if m != nil {
		concerned = append([]box{m.from}, m.replyTo...)
	}
	at := slices.IndexFunc(concerned, p.blocked)
	switch {
	case p.account != "active" || p.dead():
		r.state, r.code, r.rule = "frozen", opposed, "O116"
	case slices.ContainsFunc(concerned, p.refused):
		r.state, r.code, r.rule = "frozen", opposed, "D15"
	case m != nil && slices.ContainsFunc(m.replyTo, func(b box) bool { return p.m.boxes[b].gone }):
		r.state, r.code, r.rule = "frozen", unknown, "O45"
	case at >= 0:
		r.state, r.code, r.rule, r.with = "blocked", "blocked-by-patient", "D15", concerned[at]
	default:
		return false
	}
	return true
}

// latest returns those of ends that came last.
func latest(ends []end) (last []end) {
	for _, e := range ends {
		switch {
		case len(last) == 0 || e.at.After(last[0].at):
			last = []end{e}
		case e.at.Equal(last[0].at):
			last = append(last, e)
		}
	}
	return last
}

// others lists whom a reply to all adds: those in copy who have not ended and are not blocked, refused,
// objected to or gone.
func (p *patient) others(t *thread, m *message) (list []box) {
	for _, b := range m.with {
		if slices.Contains(m.replyTo, b) || slices.Contains(list, b) || p.m.boxes[b].gone || p.blocked(b) || p.refused(b) ||
			!p.objected(b).IsZero() || p.left(t, m, b) {
			continue
		}
		list = append(list, b)
	}
	return list
}

// left reports whether b, in copy of m, has ended: everything, without a word to the patient since; everything,
// after m and after its last word here; or this conversation, after its last word here. A word is a message
// without FIN.
func (p *patient) left(t *thread, m *message, b box) bool {
	here := 0
	for _, v := range t.voices() {
		if v.from == b && !v.fin {
			here = max(here, v.place)
		}
	}
	return slices.ContainsFunc(p.ends, func(e end) bool {
		switch {
		case e.by != b:
			return false
		case e.thread == nil:
			return e.place > p.known(b).written || e.place > max(here, m.place)
		}
		return e.thread == t && e.place > here
	})
}

// announced is the first instant at which an announced end silences m; zero: none.
func (p *patient) announced(t *thread, m *message) (at time.Time) {
	earlier := func(i time.Time) {
		if at.IsZero() || i.Before(at) {
			at = i
		}
	}
	if c := t.closing; c != nil && !t.waits() && slices.ContainsFunc(c.by, m.names) {
		earlier(c.at)
	}
	for _, b := range append([]box{m.from}, m.replyTo...) {
		if k := p.known(b); !k.until.IsZero() && !k.awaiting {
			earlier(k.until)
		}
		if k := p.known(b); !k.planned.IsZero() {
			earlier(k.planned)
		}
	}
	return at
}

// waits reports whether an announced end waits for an answer (à traiter avant clôture, D24).
func (t *thread) waits() bool { return t.closing != nil && t.lastPatient && !t.closing.even }

// lastEnd is the last end of everything by b, nil when there is none.
func (p *patient) lastEnd(b box) *end {
	for i := len(p.ends) - 1; i >= 0; i-- {
		if e := &p.ends[i]; e.by == b && e.thread == nil {
			return e
		}
	}
	return nil
}

// ended reports whether b ended the exchange and nothing opened it since (R90, R92).
func (p *patient) ended(b box) bool {
	e := p.lastEnd(b)
	return e != nil && e.place > max(p.known(b).written, p.known(b).granted)
}

// contactable is the right column of table 9.1.
func (p *patient) contactable(b box) bool {
	e, granted := p.lastEnd(b), p.known(b).granted
	return granted > 0 && (e == nil || e.place < granted) && p.account == "active" && !p.m.boxes[b].gone && p.reach(b) == answer{}
}

// exchangeState is how b sees its exchange (D4).
func (p *patient) exchangeState(b box) string {
	switch {
	case p.reach(b) != answer{}:
		return "unreachable"
	case p.ended(b):
		return "ended"
	}
	return "open"
}

// seenBy is how b sees a conversation: by the messages that it wrote or answers for (D4, D34).
func (p *patient) seenBy(t *thread, b box) string {
	if p.reach(b) != (answer{}) {
		return "unreachable"
	}
	for _, m := range t.voices() {
		if !m.names(b) {
			continue
		}
		switch {
		case p.endedBy(t, m, b):
			return "ended"
		case m.fin:
			return "no-reply"
		}
		return "open"
	}
	return "no-reply"
}

// endedBy reports whether b itself ended what m opened.
func (p *patient) endedBy(t *thread, m *message, b box) bool {
	return slices.ContainsFunc(p.silencing(t, m), func(e end) bool { return e.by == b })
}
