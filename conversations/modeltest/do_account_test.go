package modeltest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// manage gives a command of an account's life.
func (w *world) manage(d dice) {
	p := w.someone(d)
	all := slices.Sorted(maps.Keys(passages))
	command, by := pick(d, append(all, "restore")), pick(d, []string{"holder", "administration"})
	if command == "erase" && !d.one(3) {
		command = "suspend"
	}
	w.manageAs(p, command, by)
}

func (w *world) manageAs(p *patient, command, by string) {
	w.say("%s: %s by %s", w.who(p), command, by)
	want := p.manage(command, by)
	w.noteErasure(p)
	got, err := w.service().ManageAccount(w.ctx, system, rules.Party(by), w.id(p), rules.AccountCommand(command))
	if w.agree("account", err, want) {
		w.same("account", got.State, p.account)
	}
}

// noteErasure forgets what an erased patient's mailbox knew.
func (w *world) noteErasure(p *patient) {
	if p.account == "purged" {
		w.marks[w.number(p)], w.erased[w.id(p)] = map[string]bool{}, true
	}
}

// back gives the command that leads an account back to being active, so that the others have something to do.
func (w *world) back(d dice) {
	p := pick(d, w.patients)
	if p.account == "purged" {
		w.enrolAs(p, "active")
		return
	}
	command := map[string]string{
		"opposed": "activate", "not-activated": "activate", "messaging-closed": "reopen-messaging", "suspended": "restore", "closed": "reopen",
	}[p.account]
	if command != "" {
		w.manageAs(p, command, pick(d, []string{"holder", "administration"}))
	}
	for _, v := range p.visits { // or takes back a discharge by death
		if v.closed != nil && v.closed.death && d.one(2) {
			w.eventNo++
			in := conversations.EpisodeInput{
				Visit: conversations.Visit{FINESS: facility, Number: v.number}, To: rules.EpisodeOpen, INS: w.insOf(p), EventID: fmt.Sprintf("E%d", w.eventNo),
				Source: rules.ByHand,
			}
			w.tellEvent(p, v, in, tell{source: "manual", at: w.now})
			return
		}
	}
}

func (w *world) login(d dice) {
	p := pick(d, w.patients)
	w.say("%s logs in", w.who(p))
	err := w.service().LoggedIn(w.ctx, w.actor(p), w.id(p))
	want := answer{}
	switch p.account {
	case "purged":
		want = answer{unknown, "O117"}
	case "not-activated":
		p.move("active")
	}
	w.agree("login", err, want)
}

// enrol opens an account anew after its erasure, or moves it as the administration of the demonstration does.
func (w *world) enrol(d dice) {
	p := pick(d, w.patients)
	if p.account == "purged" || d.one(4) {
		w.enrolAs(p, pick(d, []string{"active", "active", "not-activated", "messaging-closed", "suspended", "closed", "opposed"}))
	}
}

func (w *world) enrolAs(p *patient, to string) {
	w.say("enrol %s as %s", w.who(p), to)
	_, err := w.service().Enrol(w.ctx, system, w.insOf(p), p.name, rules.AccountState(to))
	if p.account == "purged" {
		p.account, p.since = "absent", w.now
	}
	if p.account != to {
		p.move(to)
	}
	w.agree("enrol", err, answer{})
}

func (w *world) noteMinority(d dice) {
	p := pick(d, w.patients)
	until := pick(d, []time.Time{{}, {}, w.now.Add(40 * 24 * time.Hour).Truncate(time.Second)})
	w.say("%s is a minor until %v", w.who(p), until)
	err := w.service().NoteMinority(w.ctx, system, w.id(p), until)
	want := answer{}
	if p.account == "purged" {
		want = answer{unknown, "O117"}
	} else {
		p.minor = until
	}
	w.agree("minority", err, want)
}

func (w *world) acceptTerms(d dice) {
	p := pick(d, w.patients)
	version := pick(d, []string{"1", "2", ""})
	w.say("%s accepts the terms %q", w.who(p), version)
	got, err := w.service().AcceptTerms(w.ctx, conversations.Signatory{Patient: w.id(p), Kind: conversations.ActorPatient}, rules.Terms{Version: version, Hash: "h"})
	want := answer{}
	switch {
	case p.account == "purged":
		want = answer{unknown, "O117"}
	case version == "":
		want = answer{invalid, "D32"}
	default:
		p.terms = version
	}
	if w.agree("terms", err, want) {
		w.same("terms", got.Version, p.terms)
	}
}

// later lets time pass.
func (w *world) later(d dice) {
	span := pick(d, []time.Duration{
		time.Second, time.Minute, 6 * time.Minute, time.Hour, 5 * time.Hour, 26 * time.Hour, 50 * time.Hour, 6 * 24 * time.Hour,
	})
	switch {
	case d.one(20):
		span = 31 * 24 * time.Hour
	case d.one(150):
		span = 3700 * 24 * time.Hour
	}
	w.say("%v later", span)
	w.pass(span)
}

// changeDirectory changes what the tables know of a mailbox: its holder is found out, its domain leaves the trust
// space and comes back, its holder leaves the directory and comes back.
func (w *world) changeDirectory(d dice) {
	w.told = true
	switch d.IntN(5) {
	case 0:
		if !d.one(4) || w.boxes[5].person != "" {
			return
		}
		w.boxes[5].name, w.boxes[5].kind, w.boxes[5].person, w.boxes[5].profession = "Marie MARTIN (autre)", "PER", "P1", "10"
	case 1, 2:
		w.boxes[6].gone = !w.boxes[6].gone
	default:
		if w.boxes[2].kind == "" {
			w.boxes[2].name, w.boxes[2].kind, w.boxes[2].person, w.boxes[2].profession = "jean.petit", "PER", "P2", "60"
		} else {
			w.boxes[2].name, w.boxes[2].kind, w.boxes[2].person, w.boxes[2].profession = "", "", "", ""
		}
	}
	w.say("the directory: C %q, F %q, G gone %v", w.boxes[2].kind, w.boxes[5].name, w.boxes[6].gone)
}

// restart forgets all that one process holds in memory.
func (w *world) restart(dice) {
	w.say("restart of a process")
	w.serve(w.turn)
}

// reboot kills redis and opens everything anew.
func (w *world) reboot(dice) {
	w.say("reboot")
	w.server.Restart(w.t)
	w.check(w.db.Close())
	w.boot()
}

// work does what is due, with the outcome of deliveries that the step draws.
func (w *world) work(d dice) {
	w.say("work")
	w.settle(d)
}

// settle does everything that is due now, one effect after the other.
func (w *world) settle(d dice) {
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	w.store.idle, w.store.claimed = cancel, w.due
	s := w.service()
	s.Run(ctx, 1, map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) { return w.deliver(ctx, s, d, e) },
		conversations.EffectReceipt: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			return w.sendReceipt(ctx, s, d, e)
		},
		conversations.EffectReport: func(ctx context.Context, e conversations.Effect) (time.Time, error) { return w.sendReport(ctx, s, e) },
		conversations.EffectNotify: w.notify,
	})
	w.leftOver()
}

// due carries out in the model what the service is about to do by itself.
func (w *world) due(e conversations.Effect) {
	p := w.patientOf(e)
	switch e.Kind { //nolint:exhaustive // the others have handlers, or change nothing that anybody sees
	case conversations.EffectRetire:
		p.overdue()
		w.noteErasure(p)
	case conversations.EffectWindow:
		if b := w.boxOfID(e.Mailbox); p.account != "purged" && p.pairs[b] != nil && p.ended(b) && p.lastEnd(b).unwritten {
			p.writeDown(b)
		}
	case conversations.EffectEnd:
		if b := w.boxOfID(e.Mailbox); p.account != "purged" && p.pairs[b] != nil {
			if p.ended(b) && p.lastEnd(b).unwritten {
				p.writeDown(b)
			}
			p.mark(b)
		}
	case conversations.EffectExpunge:
		upTo, _ := strconv.Atoi(string(e.Message[strings.LastIndexByte(string(e.Message), '.')+1:]))
		p.expunge(string(e.Thread), upTo)
	case conversations.EffectClose:
		for _, t := range p.threads {
			if t != nil && t.id == string(e.Thread) {
				w.carry(p, t)
			}
		}
	}
}

func (w *world) patientOf(e conversations.Effect) *patient {
	for _, p := range w.patients {
		if w.id(p) == e.Patient {
			return p
		}
	}
	return nil // the operator's own record
}

// boxOfID is the mailbox that the service names so.
func (w *world) boxOfID(m rules.MailboxID) box {
	for b := range w.boxes {
		if w.svc[0].MailboxID(w.address(box(b))) == m {
			return box(b)
		}
	}
	return self
}

// notify tells the patient that there is something to read, once for all that came.
func (w *world) notify(_ context.Context, e conversations.Effect) (time.Time, error) {
	p := w.patientOf(e)
	if p.notes == 0 {
		w.wrong("%s is told of nothing", w.who(p))
	}
	p.notes = 0
	return time.Time{}, nil
}

// deliver sends one message of a patient to one mailbox.
func (w *world) deliver(ctx context.Context, s *conversations.Service, d dice, e conversations.Effect) (time.Time, error) {
	p, to := w.patientOf(e), w.boxOfID(e.Mailbox)
	at := slices.IndexFunc(p.deliveries, func(o *delivery) bool { return messageKey(o.thread, o.message) == e.Message && o.to == to })
	if at < 0 {
		w.wrong("a delivery that nobody asked for: %s to %s", e.Message, w.boxText(to))
		return time.Time{}, nil
	}
	one := p.deliveries[at]
	if one.due.After(w.now) {
		w.wrong("a delivery before its instant, %v", one.due)
	}
	p.deliveries = slices.Delete(p.deliveries, at, at+1)
	w.say("  delivery of %s.%d of %s to %s", w.which(p, one.thread), one.message.n, w.who(p), w.boxText(to))
	want := p.leave(one)
	out, err := s.Outgoing(ctx, e)
	if !w.agree("delivery", err, want) {
		return time.Time{}, nil
	}
	w.same("address", out.To.Canonical(), w.boxes[to].address())
	switch d.IntN(5) {
	case 0:
		again := w.now.Add(5 * time.Minute)
		one.due = again
		p.deliveries = append(p.deliveries, one)
		return again, s.Delivered(ctx, e, conversations.Outcome{Code: "451 4.3.0"})
	case 1:
		one.message.fates[to].settle("failed")
		return time.Time{}, s.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliveryFailed, Detail: "Non remis.", Code: "550 5.1.1"})
	}
	one.message.fates[to].settle("sent")
	return time.Time{}, s.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliverySent, Code: "250 2.0.0"})
}

// sendReceipt sends one read receipt.
func (w *world) sendReceipt(ctx context.Context, s *conversations.Service, d dice, e conversations.Effect) (time.Time, error) {
	p, to := w.patientOf(e), w.boxOfID(e.Mailbox)
	at := slices.IndexFunc(p.receipts, func(o *receiptDue) bool { return messageKey(o.thread, o.message) == e.Message && o.to == to })
	if at < 0 {
		w.wrong("a receipt that nobody asked for: %s to %s", e.Message, w.boxText(to))
		return time.Time{}, nil
	}
	one := p.receipts[at]
	p.receipts = slices.Delete(p.receipts, at, at+1)
	w.say("  receipt for %s.%d of %s to %s", w.which(p, one.thread), one.message.n, w.who(p), w.boxText(to))
	r, err := s.ReadReceipt(ctx, e)
	want := answer{}
	if away := p.reach(to); one.message.gone {
		want = answer{missing, "any"}
	} else if away != (answer{}) { // it looks as if the message were not opened (D36)
		want = answer{missing, away.rule}
	}
	if !w.agree("receipt", err, want) {
		return time.Time{}, nil
	}
	w.same("opened", ms(r.OpenedAt), ms(one.message.opened))
	if mine, err := s.BeginReceipt(ctx, e, r); err != nil || !mine {
		w.wrong("begin a receipt: %v, %v", mine, err)
	}
	if d.one(5) {
		one.due = w.now.Add(5 * time.Minute)
		p.receipts = append(p.receipts, one)
		return one.due, s.ReceiptOutcome(ctx, e, conversations.Outcome{Code: "451 4.3.0"})
	}
	return time.Time{}, s.ReceiptOutcome(ctx, e, conversations.Outcome{State: conversations.DeliverySent, Code: "250 2.0.0"})
}

// sendReport sends one notification of an arrival, or of a failure.
func (w *world) sendReport(ctx context.Context, s *conversations.Service, e conversations.Effect) (time.Time, error) {
	p := w.patientOf(e)
	w.say("  notification about %s of %s", e.Message, w.who(p))
	r, err := s.Reportable(ctx, e)
	if err != nil {
		if conversations.KindOf(err) != conversations.KindNotFound {
			w.wrong("notification: %v", err)
		}
		return time.Time{}, nil // erased meanwhile; leftOver would miss one that is not
	}
	if p.reports[r.MessageID] == 0 {
		w.wrong("a notification about %s that nobody asked for", r.MessageID)
	}
	p.reports[r.MessageID]--
	return time.Time{}, s.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliverySent, Code: "250 2.0.0"})
}

// leftOver tells what should have been done by now and was not.
func (w *world) leftOver() {
	for _, p := range w.patients {
		if p.notes > 0 {
			w.wrong("%s was not told of %d messages", w.who(p), p.notes)
		}
		for _, o := range p.deliveries {
			if !o.due.After(w.now) {
				w.wrong("%s.%d of %s to %s waits still", w.which(p, o.thread), o.message.n, w.who(p), w.boxText(o.to))
			}
		}
		for _, o := range p.receipts {
			if !o.due.After(w.now) {
				w.wrong("a receipt of %s to %s waits still", w.who(p), w.boxText(o.to))
			}
		}
		for id, n := range p.reports {
			if n > 0 && p.stands(id) {
				w.wrong("a notification about %s of %s waits still", id, w.who(p))
			}
			delete(p.reports, id)
		}
		for _, o := range p.trashed {
			if !o.due.After(w.now) {
				w.wrong("%s deleted %s, and it is still there", w.who(p), w.which(p, o.thread))
			}
		}
		if end := p.periodEnd(); !end.IsZero() && !end.After(w.now) {
			w.wrong("%s: the law's period is over since %v", w.who(p), end)
		}
		for _, t := range p.threads {
			if t != nil && (t.unsaid != nil || t.closing != nil && !t.closing.told && w.now.Before(t.closing.at)) {
				w.wrong("the end of %s of %s is not carried out%s", w.which(p, t), w.who(p), w.story(p, t))
			}
		}
	}
}

// stands reports whether the message of an id was not erased.
func (p *patient) stands(id string) bool {
	for _, t := range p.threads {
		if t == nil {
			continue
		}
		for _, m := range t.messages {
			if m.id == id && !m.gone {
				return true
			}
		}
	}
	return false
}
