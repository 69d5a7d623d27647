package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// pastClock is the clock of what happened before the demonstration began. It goes on by a millisecond with every look
// at it, so that no two acts share an instant, and never back.
type pastClock struct {
	mu  sync.Mutex
	now time.Time
}

// Now tells the time.
func (c *pastClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// forward goes on to an instant, unless it is over.
func (c *pastClock) forward(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to.After(c.now) {
		c.now = to
	}
}

// pastDays is how long before its first start the past of a demonstration begins.
const pastDays = 120

// past is what people of the demonstration wrote and did before it began, so that lists and figures have something to
// show. It is told once, through the same acts as on the pages, at the times of a clock of its own; what each act
// brings about is done by the running bridge.
type past struct {
	core   *conversations.Service // by clock
	clock  *pastClock
	began  time.Time // when the demonstration began
	zone   *time.Location
	fill   func(mailbox string, full bool)
	people map[rules.INS]conversations.Patient
	scenes []scene
}

// scene is one act, at its time.
type scene struct {
	at   time.Time
	play func(ctx context.Context) error
}

// openPast begins the past, before everything that happens in it.
func (d *demonstration) openPast() (*past, error) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, fmt.Errorf("load Paris time: %w", err)
	}
	p := &past{began: time.Now(), zone: paris, fill: d.neighbours.fill, people: map[rules.INS]conversations.Patient{}}
	p.clock = &pastClock{now: p.began.AddDate(0, 0, -pastDays)}
	p.core, err = d.app.Past(p.clock.Now)
	return p, err
}

// tell has everything happen that lies in the past of the cast, in the order of time.
func (p *past) tell(ctx context.Context, cast Cast, known []conversations.Patient) error {
	for i, k := range known {
		p.people[cast.Patients[i].INS] = k
	}
	strangers := inpatients()
	enrolled, err := enrolMany(ctx, p.core, strangers)
	if err != nil {
		return err
	}
	for i, k := range enrolled {
		p.people[strangers[i].INS] = k
	}
	people, clinic := cast.Professionals, cast.Clinics[0]
	claire, e1 := newPen(people[0].actor(), people[0].Mailboxes[0])
	marc, e2 := newPen(people[1].actor(), people[1].Mailboxes[0])
	sophie, e3 := newPen(people[2].actor(), people[2].Mailboxes[0])
	software, e4 := newPen(conversations.Actor{Kind: conversations.ActorClinic, ID: clinic.ClientID, Name: clinic.Name}, clinic.Mailboxes[0].Address)
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return err
	}
	p.suspensions(cast.Patients)
	p.cabinet(claire)
	p.practice(marc)
	p.ward(sophie)
	stays := visits{past: p, finess: clinic.FINESS, application: software, sophie: sophie}
	stays.happen(hospital())
	return p.play(ctx)
}

// play plays the scenes in the order of their times.
func (p *past) play(ctx context.Context) error {
	slices.SortStableFunc(p.scenes, func(a, b scene) int { return a.at.Compare(b.at) })
	for i, s := range p.scenes {
		p.clock.forward(s.at)
		if err := s.play(ctx); err != nil {
			return fmt.Errorf("tell the past, scene %d of %d: %w", i+1, len(p.scenes), err)
		}
	}
	return nil
}

// add plays a scene some days before the beginning, at an hour of the day in Paris such as 09:15. What would be later
// than the beginning plays just before it.
func (p *past) add(days int, hour string, play func(ctx context.Context) error) {
	of, err := time.ParseInLocation("15:04", hour, p.zone)
	y, m, d := p.began.In(p.zone).AddDate(0, 0, -days).Date()
	at := time.Date(y, m, d, of.Hour(), of.Minute(), 0, 0, p.zone)
	if at.After(p.began) {
		at = p.began.Add(-time.Minute)
	}
	p.scenes = append(p.scenes, scene{at, func(ctx context.Context) error {
		if err != nil {
			return fmt.Errorf("read the hour: %w", err)
		}
		return play(ctx)
	}})
}

// pen is a professional, or a named application, with the mailbox that he writes for.
type pen struct {
	actor conversations.Actor
	box   conversations.Address
}

func (p Professional) actor() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorProfessional, ID: p.ID, Name: p.Name()}
}

func newPen(by conversations.Actor, mailbox string) (pen, error) {
	box, err := rules.ParseAddress(mailbox)
	if err != nil {
		return pen{}, fmt.Errorf("read the address of a mailbox: %w", err)
	}
	return pen{by, box}, nil
}

// talk is one conversation.
type talk struct {
	*past
	pen
	patient rules.INS
	subject string
	visit   *conversations.Visit
	id      conversations.ID
}

// talk begins a conversation, which its first message opens.
func (p *past) talk(by pen, patient rules.INS, subject string) *talk {
	return &talk{past: p, pen: by, patient: patient, subject: subject}
}

// about is the same conversation about a visit.
func (t *talk) about(v conversations.Visit) *talk {
	t.visit = &v
	return t
}

func (t *talk) person() conversations.PatientID { return t.people[t.patient].ID }

func (t *talk) self() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorPatient, ID: string(t.person()), Name: t.people[t.patient].Name}
}

func (t *talk) boxes() []conversations.Address { return []conversations.Address{t.box} }

// asks has the writer open the conversation, or write in it again.
func (t *talk) asks(days int, hour, text string, documents ...conversations.Attachment) {
	t.writesAs(days, hour, conversations.ThreadInput{Mailbox: t.box, Text: text, Attachments: documents})
}

// awaits is asks with the wish to be told of the opening, which is still to come: the receipt of a past one would be
// sent today.
func (t *talk) awaits(days int, hour, text string, documents ...conversations.Attachment) {
	t.writesAs(days, hour, conversations.ThreadInput{Mailbox: t.box, Text: text, Attachments: documents, ReadReceipt: true})
}

// tells is asks where no answer is taken.
func (t *talk) tells(days int, hour, text string, documents ...conversations.Attachment) {
	t.writesAs(days, hour, conversations.ThreadInput{Mailbox: t.box, Text: text, Attachments: documents, NoReply: true})
}

func (t *talk) writesAs(days int, hour string, in conversations.ThreadInput) {
	t.add(days, hour, func(ctx context.Context) error {
		if t.id != "" {
			_, err := t.core.Write(ctx, t.actor, t.id, in)
			return err
		}
		in.INS, in.Subject, in.Visit = t.patient, t.subject, t.visit
		made, err := t.core.OpenThread(ctx, t.actor, in)
		t.id = made.ID
		return err
	})
}

// reads has the patient open the conversation.
func (t *talk) reads(days int, hour string) {
	t.add(days, hour, func(ctx context.Context) error { return t.core.Opened(ctx, t.self(), t.person(), t.id) })
}

// answers has the patient read and answer; the answer is on its way before anything else happens.
func (t *talk) answers(days int, hour, text string) {
	t.reads(days, hour)
	t.add(days, hour, func(ctx context.Context) error {
		sent, err := t.core.Reply(ctx, t.self(), t.person(), t.id, conversations.ReplyInput{Text: text, Choice: rules.ReplyToOne})
		if err != nil {
			return err
		}
		return t.arrived(ctx, sent.ID)
	})
}

// arrived waits until it is known what became of an answer.
func (t *talk) arrived(ctx context.Context, message conversations.ID) error {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		seen, err := t.core.Thread(ctx, t.person(), t.id)
		if err != nil {
			return err
		}
		for _, m := range seen.Messages {
			if m.ID == message && m.Delivery != nil && m.Delivery.State != conversations.DeliveryQueued {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

// drafts has the patient begin an answer.
func (t *talk) drafts(days int, hour, text string) {
	t.add(days, hour, func(ctx context.Context) error { return t.core.SaveDraft(ctx, t.self(), t.person(), t.id, text) })
}

// exchange is that of the writer with the patient.
func (t *talk) exchange(ctx context.Context) (conversations.ID, error) {
	seen, err := t.core.Thread(ctx, t.person(), t.id)
	return seen.Contact, err
}

// ends has the writer end the exchange.
func (t *talk) ends(days int, hour string) {
	t.add(days, hour, func(ctx context.Context) error {
		exchange, err := t.exchange(ctx)
		if err != nil {
			return err
		}
		_, err = t.core.EndExchange(ctx, t.actor, t.boxes(), exchange)
		return err
	})
}

// blocks has the patient block the writer.
func (t *talk) blocks(days int, hour string) {
	t.add(days, hour, func(ctx context.Context) error {
		exchange, err := t.exchange(ctx)
		if err != nil {
			return err
		}
		_, err = t.core.Block(ctx, t.self(), t.person(), exchange, time.Time{})
		return err
	})
}

// notes has the writer leave an internal note for the colleagues of a shared mailbox.
func (t *talk) notes(days int, hour, text string) {
	t.add(days, hour, func(ctx context.Context) error {
		_, err := t.core.AddNote(ctx, t.actor, t.box, t.id, text)
		return err
	})
}

// takes has the writer take care of the conversation.
func (t *talk) takes(days int, hour string) {
	t.add(days, hour, func(ctx context.Context) error {
		_, err := t.core.TakeCare(ctx, t.actor, t.box, t.id)
		return err
	})
}

// overflows has the mailbox take no more mail until an hour of the same day.
func (t *talk) overflows(days int, from, until string) {
	for hour, full := range map[string]bool{from: true, until: false} {
		t.add(days, hour, func(context.Context) error { t.fill(t.box.Canonical(), full); return nil })
	}
}
