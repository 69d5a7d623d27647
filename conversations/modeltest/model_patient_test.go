package modeltest

import (
	"slices"
	"time"
)

// block sets a block, or moves its end (D12). It concerns every mailbox of the person.
func (p *patient) block(b box, until time.Time) answer {
	switch {
	case p.account == "purged":
		return answer{unknown, "O117"}
	case p.pairs[b] == nil:
		return answer{missing, "R71"}
	case p.account != "active":
		return answer{opposed, "D16"}
	case p.known(b).since.IsZero():
		return answer{missing, "R71"}
	case !until.IsZero() && !until.After(p.m.now):
		return answer{invalid, "D12"}
	}
	there := false
	for i := range p.blocks {
		k := &p.blocks[i]
		if p.binds(*k, b) {
			k.until, there = until, there || k.box == b
		}
	}
	if !there {
		p.blocks = append(p.blocks, block{box: b, person: p.m.boxes[b].person, until: until})
	}
	return answer{}
}

// unblock lifts every block that concerns b.
func (p *patient) unblock(b box) answer {
	switch {
	case p.account == "purged":
		return answer{unknown, "O117"}
	case p.pairs[b] == nil:
		return answer{missing, "R71"}
	case p.account != "active":
		return answer{opposed, "D16"}
	}
	p.blocks = slices.DeleteFunc(p.blocks, func(k block) bool { return p.binds(k, b) })
	return answer{}
}

// object declares an objection in the place of one of its id (D14 b, c).
func (p *patient) object(o objection) answer {
	known := slices.Contains([]string{"everyone", "structure", "profession"}, o.scope)
	at := slices.IndexFunc(p.objections, func(d objection) bool { return d.id == o.id })
	switch {
	case p.account == "purged":
		return answer{unknown, "O117"}
	case !p.reads():
		return answer{opposed, "D16"}
	case o.id == "" || !known || (o.scope == "everyone") != (o.value == ""):
		return answer{invalid, "D14"}
	case at >= 0 && p.objections[at].kind == o.kind && p.objections[at].scope == o.scope && p.objections[at].value == o.value:
		return answer{}
	case at >= 0:
		p.objections = slices.Delete(p.objections, at, at+1)
	}
	o.at = p.m.now
	p.objections = append(p.objections, o)
	return answer{}
}

func (p *patient) withdraw(id string) answer {
	switch {
	case p.account == "purged":
		return answer{unknown, "O117"}
	case !p.reads():
		return answer{opposed, "D16"}
	}
	p.objections = slices.DeleteFunc(p.objections, func(o objection) bool { return o.id == id })
	return answer{}
}

// record notes what a mailbox's side was told (D14 d).
func (p *patient) record(o opposition) {
	at := slices.IndexFunc(p.oppositions, func(r opposition) bool { return r.by == o.by })
	if at >= 0 && p.oppositions[at].toPatient == o.toPatient && p.oppositions[at].toProfessionals == o.toProfessionals {
		return
	}
	if at >= 0 {
		p.oppositions = slices.Delete(p.oppositions, at, at+1)
	}
	if o.at = p.m.now; o.toPatient || o.toProfessionals {
		p.oppositions = append(p.oppositions, o)
	}
}

// open notes that a conversation was opened, and releases the receipts due (R59-R61).
func (p *patient) opens(t *thread) answer {
	if a := p.there(t); a != (answer{}) {
		return a
	}
	if !p.reads() {
		return answer{opposed, "O115"}
	}
	for _, m := range t.messages[t.cleared:] {
		if m.asked && m.opened.IsZero() {
			m.opened = p.m.now
			p.receipts = append(p.receipts, &receiptDue{thread: t, message: m, to: m.from, due: p.m.now})
		}
	}
	for _, m := range t.messages[:t.cleared] {
		m.asked = m.asked && !m.opened.IsZero() // deleted unread: nobody is told (R68)
	}
	t.unread = false
	return answer{}
}

// deleteThread deletes all of a conversation for the patient (R115).
func (p *patient) deleteThread(t *thread) answer {
	switch {
	case p.account == "purged":
		return answer{unknown, "O117"}
	case !p.reads():
		return answer{opposed, "O115"}
	case t == nil || len(t.messages) <= t.cleared:
		return answer{missing, "R115"}
	}
	t.deleted, t.cleared, t.draft, t.unread = p.next(), len(t.messages), "", false
	p.trashed = append(p.trashed, trashed{thread: t, upTo: t.cleared, due: p.m.now.Add(p.m.trash)})
	return answer{}
}

// expunge erases what the patient deleted of a conversation up to a message (OP18).
func (p *patient) expunge(id string, upTo int) {
	for i, w := range p.trashed {
		if w.thread.id != id || w.upTo != upTo || p.m.now.Before(w.due) {
			continue
		}
		p.trashed = slices.Delete(p.trashed, i, i+1)
		for _, m := range w.thread.messages[:upTo] {
			if m.gone {
				continue
			}
			m.gone = true
			p.weigh(-m.bytes)
			if p.refs[m.id].message == m {
				delete(p.refs, m.id)
			}
		}
		if upTo == w.thread.cleared && upTo == len(w.thread.messages) {
			p.drop(w.thread)
		}
		return
	}
}

// drop forgets a conversation of which nothing is left.
func (p *patient) drop(t *thread) {
	for i := range p.threads {
		if p.threads[i] == t {
			p.threads[i] = nil
		}
	}
	if t.visit != nil {
		t.visit.threads = slices.DeleteFunc(t.visit.threads, func(o *thread) bool { return o == t })
	}
	t.closing, t.unsaid = nil, nil
}

// passages lists from where an account command leads where, and whether the holder may give it (table 8.2).
var passages = map[string]struct {
	holder, others []string
	to             string
}{
	"open":             {nil, []string{"absent"}, "not-activated"},
	"oppose":           {nil, []string{"absent", "not-activated"}, "opposed"},
	"activate":         {[]string{"not-activated", "opposed"}, nil, "active"},
	"close-messaging":  {[]string{"active"}, nil, "messaging-closed"},
	"reopen-messaging": {[]string{"messaging-closed"}, nil, "active"},
	"close":            {[]string{"active", "messaging-closed"}, []string{"not-activated", "suspended"}, "closed"},
	"reopen":           {[]string{"closed"}, nil, "active"},
	"suspend":          {nil, []string{"not-activated", "active", "messaging-closed"}, "suspended"},
	"erase":            {[]string{"active", "messaging-closed", "closed"}, []string{"not-activated", "opposed", "suspended"}, "purged"},
}

// manage carries out one command of the account's life (D16).
func (p *patient) manage(command, by string) answer {
	if p.account == "purged" {
		if command == "erase" {
			return answer{}
		}
		return answer{unknown, "O117"}
	}
	if command == "restore" {
		switch {
		case p.account == "not-activated" || p.reads():
			return answer{}
		case p.account != "suspended" || by == "holder":
			return answer{opposed, "O116"}
		}
		p.move(p.before)
		return answer{}
	}
	row := passages[command]
	switch {
	case row.to == p.account:
		return answer{}
	case !slices.Contains(row.holder, p.account) && (by == "holder" || !slices.Contains(row.others, p.account)):
		return answer{opposed, "D16"}
	case row.to == "purged":
		p.erase()
		return answer{}
	}
	p.move(row.to)
	return answer{}
}

func (p *patient) move(to string) {
	from := p.account
	if p.account, p.since, p.before = to, p.m.now, ""; to == "suspended" {
		p.before = from
	}
}

// periodEnd is when the law goes on by itself: ten years after closing, six weeks after suspension (O113, O116).
func (p *patient) periodEnd() time.Time {
	switch p.account {
	case "closed":
		return p.since.AddDate(10, 0, 0)
	case "suspended":
		return p.since.AddDate(0, 0, 42)
	}
	return time.Time{}
}

// overdue does what the law says now.
func (p *patient) overdue() {
	switch end := p.periodEnd(); {
	case end.IsZero() || p.m.now.Before(end):
	case p.account == "closed":
		p.erase()
	default:
		p.move("closed")
	}
}

// erase leaves a tombstone (O117). What was on its way finds nothing any more.
func (p *patient) erase() {
	for _, t := range p.threads {
		if t != nil {
			for _, m := range t.messages {
				m.gone = true
			}
		}
	}
	*p = patient{
		m: p.m, name: p.name, place: p.place, account: "purged", since: p.m.now, pairs: map[box]*pair{}, refs: map[string]holder{},
		notes: p.notes, deliveries: p.deliveries, reports: map[string]int{}, receipts: p.receipts,
	}
}

// visiting reports whether an open visit of b's establishment joins it with the patient (D29).
func (p *patient) visiting(b box) bool {
	return p.m.boxes[b].structure == facility && slices.ContainsFunc(p.visits, func(v *visit) bool { return v.declared && v.open })
}

// ask is a verdict (D29).
func (p *patient) ask(b box) (a answer, rule, reachability string, since time.Time) {
	rule, reachability = "D29", "unknown"
	joined := p.account != "purged" && (p.pairs[b] != nil && !p.pairs[b].since.IsZero() || p.visiting(b))
	if joined {
		switch a = p.reach(b); a.code {
		case "":
			reachability, since = "reachable", p.objected(b)
		case away:
			rule = "D17"
		default:
			rule, reachability = "D36", "unreachable"
		}
	}
	if own := p.conscience(b, false); own != (answer{}) {
		a, rule = own, own.rule
	}
	return a, rule, reachability, since
}
