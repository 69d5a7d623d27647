package conversations

import (
	"context"
	"time"

	"mesbridge/rules"
)

// Absence is when nobody answers for a mailbox, as its own people see it. The zero Absence is none.
type Absence struct {
	From  time.Time
	Until time.Time // first instant after it
	Text  string
	Cover string  // name of who stands in; empty: nobody
	By    Person  // who declared it
	Box   Address // mailbox of who stands in
	Admit bool    // who stands in may act for the mailbox meanwhile
}

// Declared reports whether there is an absence.
func (a Absence) Declared() bool { return !a.Until.IsZero() }

// AbsenceInput declares an absence.
type AbsenceInput struct {
	From  time.Time // zero: now
	Until time.Time
	Text  string
	Cover Address // mailbox of who stands in; zero: nobody
	Admit bool    // give him the right to act for a shared mailbox meanwhile
}

// AbsenceNotice is an absence as the patient is told of it before he writes. It holds no address (R71, D11).
type AbsenceNotice struct {
	Who   string
	Until time.Time // first instant after it
	Text  string
	Cover string // name; empty: nobody
}

// absenceLabel is an absence as it is kept.
type absenceLabel struct {
	From   millis   `cbor:"1,keyasint"`
	Until  millis   `cbor:"2,keyasint"`
	Text   string   `cbor:"3,keyasint,omitempty"`
	Cover  boxLabel `cbor:"4,keyasint"`
	ByID   string   `cbor:"5,keyasint,omitempty"`
	ByName string   `cbor:"6,keyasint,omitempty"`
	Admit  ID       `cbor:"7,keyasint,omitempty"` // cover on the list of users
}

func (l absenceLabel) rule() rules.Absence {
	return rules.Absence{From: l.From.time(), Until: l.Until.time()}
}

// openAbsence reads the absence of a mailbox.
func (s *Service) openAbsence(ctx context.Context, a Address) (*boxAccount, absenceLabel, error) {
	var label absenceLabel
	b, err := s.openBox(ctx, boxAbsence, a, &label)
	return b, label, err
}

// mayDeclareAbsence refuses whoever is not responsible for a mailbox; to him there is no absence.
func (s *Service) mayDeclareAbsence(actor Actor, box rules.Habilitation) error {
	if r := box.MayDeclareAbsence(s.member(actor).Person); r.Refused() {
		return refused(r)
	}
	return nil
}

// Absence tells the absence of a mailbox, to come or under way, to who may declare it.
func (s *Service) Absence(ctx context.Context, actor Actor, a Address) (Absence, error) {
	box, err := s.boxHabilitation(ctx, a)
	if err != nil {
		return Absence{}, err
	}
	if err := s.mayDeclareAbsence(actor, box); err != nil {
		return Absence{}, err
	}
	_, label, err := s.openAbsence(ctx, a)
	if err != nil || label.rule().Over(s.Now()) {
		return Absence{}, err
	}
	return s.shownAbsence(label), nil
}

func (s *Service) shownAbsence(l absenceLabel) Absence {
	return Absence{
		From: l.From.time(), Until: l.Until.time(), Text: l.Text, Cover: s.coverName(l), By: Person{l.ByID, l.ByName},
		Box: l.Cover.address(), Admit: l.Admit != "",
	}
}

// coverName is the name of who stands in, as the directory has it now; empty when nobody does or none is known.
func (s *Service) coverName(l absenceLabel) string {
	if l.Cover.address().IsZero() {
		return ""
	}
	return s.Directory.Mailbox(l.Cover.address()).Name
}

// DeclareAbsence declares the absence of a mailbox, in the place of one that was. What patients write meanwhile is
// delivered all the same, and nothing answers it by itself (O178): they are told before they write. Who stands in may
// be put on the list of users for that time; he is taken off when the absence ends early. Rules R71 and I120 refuse the
// cover, I119 the dates, D27 the text.
func (s *Service) DeclareAbsence(ctx context.Context, actor Actor, a Address, in AbsenceInput) (Absence, error) {
	box, err := s.boxHabilitation(ctx, a)
	if err != nil {
		return Absence{}, err
	}
	if in.From.IsZero() {
		in.From = s.Now()
	}
	r := rules.DeclareAbsence(rules.AbsenceFacts{
		Box: box, By: s.member(actor).Person, Absence: rules.Absence{From: in.From, Until: in.Until}, Text: in.Text,
		Cover: s.cover(a, in.Cover), Admit: in.Admit,
	}, s.Now())
	if r.Refused() {
		return Absence{}, refused(r)
	}
	_, before, err := s.openAbsence(ctx, a)
	if err != nil {
		return Absence{}, err
	}
	next := absenceLabel{
		From: toMillis(in.From), Until: toMillis(in.Until), Text: in.Text, Cover: boxLabel{Local: in.Cover.Local, Domain: in.Cover.Domain},
		ByID: actor.ID, ByName: actor.Name,
	}
	if next.Admit, err = s.admitCover(ctx, actor, a, in); err != nil {
		return Absence{}, err
	}
	return s.shownAbsence(next), s.replaceAbsence(ctx, actor, a, TraceAbsenceDeclared, before, next)
}

// EndAbsence ends the absence of a mailbox now. One that is over has ended.
func (s *Service) EndAbsence(ctx context.Context, actor Actor, a Address) error {
	box, err := s.boxHabilitation(ctx, a)
	if err != nil {
		return err
	}
	if err := s.mayDeclareAbsence(actor, box); err != nil {
		return err
	}
	_, label, err := s.openAbsence(ctx, a)
	if err != nil || label.rule().Over(s.Now()) {
		return err
	}
	return s.replaceAbsence(ctx, actor, a, TraceAbsenceEnded, label, absenceLabel{})
}

// replaceAbsence writes an absence, after the right of a cover of before has ended: a command that is cut off leaves a
// right too few, never one too many. When somebody else wrote meanwhile it fails with KindStaleState.
func (s *Service) replaceAbsence(ctx context.Context, actor Actor, a Address, kind TraceKind, before, next absenceLabel) error {
	if err := s.dismissCover(ctx, actor, a, before.Admit, next.Admit); err != nil {
		return err
	}
	return s.changeBox(s.boxID(boxAbsence, a), func() error {
		b, label, err := s.openAbsence(ctx, a)
		switch {
		case err != nil:
			return err
		case label != before:
			return &Error{Kind: KindStaleState, Rule: "D17"}
		}
		return b.commit(ctx, actor, kind, next, nil)
	})
}

// cover is what the tables know of the mailbox of who stands in.
func (s *Service) cover(own, cover Address) rules.Cover {
	if cover.IsZero() {
		return rules.Cover{}
	}
	known := s.Directory.Mailbox(cover)
	c := rules.Cover{
		Given: true, Own: cover.Canonical() == own.Canonical(), Named: known.Name != "", Trusted: s.Directory.Trusted(cover.Domain),
	}
	if known.Kind == rules.Personal {
		c.Person = s.personID(known.Person)
	}
	return c
}

// admitCover puts who stands in on the list of users for the time of the absence, and returns his place on it. The
// right comes before the absence, so that no patient is told of a cover who cannot read.
func (s *Service) admitCover(ctx context.Context, actor Actor, a Address, in AbsenceInput) (ID, error) {
	if !in.Admit {
		return "", nil
	}
	known := s.Directory.Mailbox(in.Cover)
	u, err := s.admitPerson(ctx, actor, a, admission{
		who: Person{ID: known.Person, Name: known.Name}, from: in.From, until: in.Until, cover: true,
	})
	return u.ID, err
}

// dismissCover takes a cover of before off the list of users, unless he goes on, or is on it for himself.
func (s *Service) dismissCover(ctx context.Context, actor Actor, a Address, was, next ID) error {
	if was == "" || was == next {
		return nil
	}
	return s.changeUsers(ctx, actor, a, TraceDismissed, func(b *userList) (bool, error) {
		if b.at(func(u listedUser) bool { return u.ID == was && u.Cover }) < 0 {
			return false, nil
		}
		return b.dismiss(actor, was)
	})
}

// absences tells the patient, for the mailboxes that an answer may go to, which of them nobody answers for now. What
// cannot be read is left out and logged: the notice helps, and its lack keeps nobody from writing.
func (l *loaded) absences(ctx context.Context, id ID, r rules.Right) []AbsenceNotice {
	if r.State != rules.Open {
		return nil
	}
	var list []AbsenceNotice
	names := l.names(id)
	for _, m := range append(append([]rules.MailboxID{}, r.To...), r.ToAll...) {
		a, known := l.addressOf(id, m)
		if !known {
			continue
		}
		_, label, err := l.svc.openAbsence(ctx, a)
		if err != nil {
			l.svc.Log.WarnContext(ctx, "absence not read", "error", err)
			continue
		}
		if label.rule().Covers(l.svc.Now()) {
			list = append(list, AbsenceNotice{Who: names[m], Until: label.Until.time(), Text: label.Text, Cover: l.svc.coverName(label)})
		}
	}
	return list
}
