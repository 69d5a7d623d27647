package conversations

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"mesbridge/rules"
)

// LifeInput is a life event that a named agent of the operator brings in (D33).
type LifeInput struct {
	Event rules.LifeEvent
	INS   rules.INS // of the patient; of an event that joins two matricules the old one
	New   rules.INS // the matricule from now on, of such an event
	Until time.Time // end of a measure of protection; zero: open
}

// LifePreview tells what an event would do, or did. It names nobody.
type LifePreview struct {
	Row     rules.LifeRow
	State   rules.AccountState // of the patient's account
	Other   rules.AccountState // of the new matricule's account, of an event that joins two
	Changes bool               // false: all is so already
	KeepNew bool               // the mailbox of the new matricule goes on (rules.Join)
	Seen    string             // what was found; who confirms gives it back
}

// errNoAgent means that nobody stands for an event.
var errNoAgent = errors.New("an event needs the name of the agent who answers for it")

// errNotSeen means that what was found differs from what was confirmed.
var errNotSeen = errors.New("what was confirmed is not what stands there now; look again")

// PreviewEvent tells what an event would do, and changes nothing. It fails as ApplyEvent would.
func (s *Service) PreviewEvent(ctx context.Context, in LifeInput) (LifePreview, error) {
	_, preview, err := s.foresee(ctx, in)
	return preview, err
}

// ApplyEvent carries an event out, traced with the agent who answers for it; the same again changes nothing.
// seen is what PreviewEvent gave: when something else is found now, it fails with KindStaleState and
// nothing changes.
//
// Of two mailboxes that both hold something it fails with KindWrongPatient (rules.Join): people have to
// settle that first.
func (s *Service) ApplyEvent(ctx context.Context, actor Actor, in LifeInput, seen string) (LifePreview, error) {
	if actor.Kind != ActorAgent || actor.Name == "" {
		return LifePreview{}, &Error{Kind: KindInvalidRequest, Rule: "D33", Err: errNoAgent}
	}
	sides, preview, err := s.foresee(ctx, in)
	switch {
	case err != nil:
		return LifePreview{}, err
	case preview.Seen != seen:
		return LifePreview{}, &Error{Kind: KindStaleState, Rule: "D33", Err: errNotSeen}
	case !preview.Changes:
		return preview, nil
	case in.New != "":
		return preview, s.join(ctx, actor, in, sides)
	}
	_, _, err = s.run(ctx, sides[0].id, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		return &decision{verdict: l.live(in), actor: actor, code: string(in.Event)}, nil
	})
	return preview, err
}

// live asks rules about an event of the patient's own life.
func (l *loaded) live(in LifeInput) rules.Verdict {
	return rules.Live(rules.LifeFacts{
		Patient: l.state.Patient, Next: l.facts.Version + 1, Event: in.Event, By: rules.ByAgent, Until: in.Until,
	}, l.svc.Now())
}

// matriculeSide is one matricule, the patient whom it leads to, and what rules know of him.
type matriculeSide struct {
	rules.MatriculeSide
	id   PatientID // whom it leads to
	name string
}

// foresee finds out what an event would do.
func (s *Service) foresee(ctx context.Context, in LifeInput) (sides []matriculeSide, p LifePreview, err error) {
	p.Row, _ = in.Event.Row()
	matricules := []rules.INS{in.INS}
	if in.New != "" {
		matricules = append(matricules, in.New)
	}
	for _, ins := range matricules {
		side, err := s.sideOf(ctx, ins)
		if err != nil {
			return nil, p, err
		}
		sides = append(sides, side)
	}
	p.State = sides[0].Patient.Account
	if in.New == "" {
		v := rules.Live(rules.LifeFacts{Patient: sides[0].Patient, Event: in.Event, By: rules.ByAgent, Until: in.Until}, s.Now())
		if v.Refusal.Refused() {
			return nil, p, s.refusedEvent(ctx, sides[0].id, v.Refusal)
		}
		p.Changes = v.Change.Kind != ""
	} else {
		joined, refusal := rules.Join(joinFacts(in, sides))
		if refusal.Refused() {
			return nil, p, s.refusedEvent(ctx, sides[0].id, refusal)
		}
		p.KeepNew, p.Other = joined.KeepNew, sides[1].Patient.Account
		p.Changes = sides[0].id != sides[1].id || sides[0].INS != in.New
	}
	p.Seen = s.seen(in, sides, p)
	return sides, p, nil
}

// refusedEvent traces that an event was refused.
func (s *Service) refusedEvent(ctx context.Context, p PatientID, r rules.Refusal) error {
	s.refusal(ctx, Event{Kind: TraceRefused, Code: string(r.Code), Rule: r.Rule, Actor: ActorAgent, Patient: p})
	return refused(r)
}

// joinFacts is what rules need to join two matricules.
func joinFacts(in LifeInput, sides []matriculeSide) rules.JoinFacts {
	f := rules.JoinFacts{Event: in.Event, Old: sides[0].MatriculeSide, New: sides[1].MatriculeSide, Same: sides[0].id == sides[1].id}
	f.Old.INS, f.New.INS = in.INS, in.New
	return f
}

// seen names what was found: the facts that decide, not the versions, which move with each message.
func (s *Service) seen(in LifeInput, sides []matriculeSide, p LifePreview) string {
	text := string(in.Event) + "\x00" + strconv.FormatBool(p.Changes) + strconv.FormatBool(p.KeepNew) + "\x00" + in.Until.UTC().Format(time.RFC3339)
	for _, side := range sides {
		text += "\x00" + string(side.id) + "\x00" + string(side.Patient.Account) + "\x00" + strconv.FormatBool(side.Holds)
	}
	return hex.EncodeToString(s.name("event", text)[:4])
}

// sideOf reads what is known of a matricule.
func (s *Service) sideOf(ctx context.Context, ins rules.INS) (matriculeSide, error) {
	p, err := s.LeadsTo(ctx, ins)
	if err != nil {
		return matriculeSide{}, err
	}
	side := matriculeSide{id: p, MatriculeSide: rules.MatriculeSide{INS: ins}}
	l, err := s.load(ctx, p, FactsQuery{AllExchanges: true})
	switch {
	case err == nil:
		return side, l.fill(ctx, &side)
	case KindOf(err) == KindMailboxUnknown:
		return side, nil
	}
	return side, err
}

// fill notes what an account is and holds.
func (l *loaded) fill(ctx context.Context, side *matriculeSide) error {
	side.INS, side.Patient = l.ins, l.state.Patient
	side.Holds = len(l.exchange) > 0 || len(l.patient.Trash) > 0 || len(l.patient.Visits) > 0
	person, err := l.person()
	if err != nil {
		return err
	}
	side.name = person.Name
	shown, err := l.svc.Store.Inbox(ctx, l.id, InboxEntry{}, 1)
	if err != nil {
		return unavailable("list the inbox", err)
	}
	side.Holds = side.Holds || len(shown) > 0
	return nil
}

// joinPeriod is how long two matricules are kept for the command that joins them: longer than it takes.
const joinPeriod = 30 * time.Second

// join makes the record that gives way lead to the other one. Its commit holds the effect that tells the
// mailbox that goes on; it is done at once here, and after a crash by the worker.
func (s *Service) join(ctx context.Context, actor Actor, in LifeInput, sides []matriculeSide) error {
	label := matriculeLabel{Current: string(in.New), Event: in.Event, Actor: actor}
	if sides[0].id == sides[1].id {
		_, _, err := s.run(ctx, sides[0].id, "", FactsQuery{}, func(l *loaded) (*decision, error) {
			return l.renamed(label, nil), nil
		})
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, joinPeriod/2)
	defer cancel()
	if err := s.reserve(ctx, sides); err != nil {
		return err
	}
	joined, _ := rules.Join(joinFacts(in, sides))
	kept, gone := 0, 1
	if joined.KeepNew {
		kept, gone = 1, 0
	}
	ins := []rules.INS{in.INS, in.New}[gone]
	if err := s.establish(ctx, sides[gone].id, ins, sides[kept].name); err != nil {
		return err
	}
	load := func(ctx context.Context, p PatientID, q FactsQuery) (*loaded, error) {
		l, err := s.loadAny(ctx, p, q)
		if err != nil {
			return nil, err
		}
		return l, l.openWill()
	}
	_, _, err := s.runOn(ctx, sides[gone].id, "", FactsQuery{AllExchanges: true}, load, func(l *loaded) (*decision, error) {
		return l.giveWay(ctx, in, label, sides, kept, gone)
	})
	if err != nil {
		return err
	}
	_, err = s.finishJoin(ctx, Effect{Patient: sides[gone].id})
	return err
}

// giveWay decides again, at the version that is committed at, and makes a record lead to the mailbox kept.
func (l *loaded) giveWay(ctx context.Context, in LifeInput, label matriculeLabel, sides []matriculeSide, kept, gone int) (*decision, error) {
	if l.patient.Of != "" { // by another command
		return nil, &Error{Kind: KindStaleState, Rule: "OP17", Err: errNotSeen}
	}
	now := append([]matriculeSide(nil), sides...)
	if err := l.fill(ctx, &now[gone]); err != nil {
		return nil, err
	}
	joined, refusal := rules.Join(joinFacts(in, now))
	switch {
	case refusal.Refused():
		return &decision{verdict: rules.Verdict{Refusal: refusal}, actor: label.Actor}, nil
	case joined.KeepNew != (kept == 1):
		return nil, &Error{Kind: KindStaleState, Rule: "OP17", Err: errNotSeen}
	}
	at := l.svc.Now()
	return &decision{
		actor: label.Actor, code: string(in.Event), join: &joining{of: sides[kept].id, label: label},
		verdict: rules.Verdict{Change: rules.Change{Kind: rules.MatriculeJoined, Seq: l.facts.Version + 1, At: at, Event: in.Event}},
		timed:   []Effect{{ID: l.id.Shard() + "a" + string(l.id[2:]), Kind: EffectJoin, At: at}, l.sessionsEffect(at)},
	}, nil
}

// reserve keeps both matricules for this command, so that no other one makes them lead to each other: the two
// may stand on two shards, which no commit joins.
func (s *Service) reserve(ctx context.Context, sides []matriculeSide) error {
	mine, err := s.newID(sides[0].id)
	if err != nil {
		return err
	}
	for _, side := range sides {
		held, err := s.Store.Remember(ctx, rules.MailboxID(side.id), "join", []byte(mine), joinPeriod)
		switch {
		case err != nil:
			return unavailable("reserve a matricule", err)
		case string(held) != string(mine):
			return &Error{Kind: KindStaleState, Rule: "OP17", RetryAfter: joinPeriod, Err: errBeingJoined}
		}
	}
	return nil
}

var errBeingJoined = errors.New("another event is joining this matricule; try again in half a minute")

// comeOfAge notes that a patient came of age (R131). Whoever represented him ends with the same commit.
func (s *Service) comeOfAge(ctx context.Context, e Effect) (again time.Time, err error) {
	_, _, err = s.run(ctx, e.Patient, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		again = time.Time{}
		v := rules.Live(rules.LifeFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, Event: rules.Majority, By: rules.ByCalendar,
		}, s.Now())
		if v.Change.Kind == "" && !v.Refusal.Refused() { // the date was moved since
			again = l.state.Patient.MinorUntil
		}
		if v.Refusal.Refused() { // erased meanwhile
			v = rules.Verdict{}
		}
		return &decision{verdict: v, actor: Actor{Kind: ActorSystem}, code: string(rules.Majority)}, nil
	})
	if err != nil && KindOf(err) == KindMailboxUnknown {
		return time.Time{}, nil
	}
	return again, err
}
