package conversations_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// anotherINS is a matricule of section 14 of mes-messaging.md.
const anotherINS = rules.INS("255081416802538")

// shared makes a conversation of two mailboxes: the clinic joins the doctor's.
func shared(t *testing.T) (*bench, conversations.ID) {
	t.Helper()
	b := newBench(t)
	b.hand(anINS, mail{from: doctor, id: "secret@psychiatrie.test", subject: "Suivi psychiatrique", text: "1"},
		func(in *conversations.Incoming) { in.Attachments = 1 })
	b.taken(mail{from: clinic, id: "c1@clinique.test", subject: "Votre rendez-vous", text: "2", refs: []string{"secret@psychiatrie.test"}})
	b.settle()
	return b, b.thread("Suivi psychiatrique").ID
}

// seenByClinic is everything that the clinic's mailbox can read of its lists and of one conversation.
type seenByClinic struct {
	threads conversations.ThreadPage
	pairs   conversations.ExchangePage
	thread  conversations.Thread
}

func (b *bench) asClinic(id conversations.ID) (s seenByClinic) {
	b.t.Helper()
	var err [3]error
	m := address(b.t, clinic)
	s.threads, err[0] = b.Threads(b.t.Context(), m, conversations.Filter{})
	s.pairs, err[1] = b.Exchanges(b.t.Context(), m, conversations.Filter{})
	s.thread, err[2] = b.ThreadFor(b.t.Context(), []conversations.Address{m}, id)
	for _, e := range err {
		if e != nil {
			b.t.Fatal(e)
		}
	}
	s.threads.AsOf, s.pairs.AsOf = time.Time{}, time.Time{}
	return s
}

// D34: a professional sees of a shared conversation only what his mailbox sent or received.
func TestSharedThread_showsOwnMessagesAlone(t *testing.T) {
	t.Parallel()
	b, id := shared(t)
	s := b.asClinic(id)
	if len(s.thread.Messages) != 1 || !s.thread.Messages[0].Mine || s.thread.HasAttachment || s.threads.Items[0].HasAttachment {
		t.Errorf("%+v", s.thread)
	}
	if all := fmt.Sprintf("%+v", s); strings.Contains(all, "psychiatrique") || strings.Contains(all, "MARTIN Marie") {
		t.Errorf("the other mailbox shows: %s", all)
	}
	if s.thread.Subject != "Votre rendez-vous" {
		t.Errorf("subject %q", s.thread.Subject)
	}
	patients := b.read(id)
	if number := strings.TrimPrefix(string(patients.Messages[0].ID), string(id)); strings.HasSuffix(string(s.thread.Messages[0].ID), number) {
		t.Errorf("the message's id %s counts those of others", s.thread.Messages[0].ID)
	}
}

// D34: nothing that others do in it shows.
func TestSharedThread_othersActs_leaveNoMark(t *testing.T) {
	t.Parallel()
	pro := conversations.Actor{Kind: conversations.ActorProfessional}
	for name, act := range map[string]func(*bench, conversations.ID) error{
		"another one writes": func(b *bench, _ conversations.ID) error {
			_, err := b.receive(mail{from: doctor, subject: "Re: Suivi psychiatrique", text: "3", refs: []string{"secret@psychiatrie.test"}})
			return err
		},
		"another one writes, and the patient answers him": func(b *bench, id conversations.ID) error {
			b.taken(mail{from: doctor, subject: "Re: Suivi psychiatrique", text: "3", refs: []string{"secret@psychiatrie.test"}})
			_, err := b.reply(id, "Merci")
			return err
		},
		"another one ends the conversation": func(b *bench, id conversations.ID) error {
			_, err := b.EndThread(b.t.Context(), pro, []conversations.Address{address(b.t, doctor)}, id)
			return err
		},
		"another one ends the exchange": func(b *bench, _ conversations.ID) error {
			_, err := b.receive(mail{from: doctor, subject: "[FIN]", refs: []string{"secret@psychiatrie.test"}})
			return err
		},
		"the patient blocks another one": func(b *bench, _ conversations.ID) error {
			_, err := b.Block(b.t.Context(), b.self(), b.patient.ID, b.contactOf(doctor), time.Time{})
			return err
		},
		"the patient reads": func(b *bench, id conversations.ID) error { return b.Opened(b.t.Context(), b.self(), b.patient.ID, id) },
		"the patient drafts": func(b *bench, id conversations.ID) error {
			return b.SaveDraft(b.t.Context(), b.self(), b.patient.ID, id, "Je réfléchis")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, id := shared(t)
			b.t = t
			before := b.asClinic(id)
			if err := act(b, id); err != nil {
				t.Fatal(err)
			}
			b.settle()
			if after := b.asClinic(id); !reflect.DeepEqual(after, before) {
				t.Errorf("the clinic saw\n%+v\nand sees\n%+v", before, after)
			}
		})
	}
}

// contactOf returns the id of the patient's exchange with a mailbox.
func (b *bench) contactOf(mailbox string) conversations.ID {
	b.t.Helper()
	page, err := b.Exchanges(b.t.Context(), address(b.t, mailbox), conversations.Filter{})
	if err != nil || len(page.Items) == 0 {
		b.t.Fatalf("%+v, %v", page, err)
	}
	return page.Items[0].ID
}

// D34: what another one wrote to both is not the reader's own; what he wrote is.
func TestSharedThread_mineIsWhatMyMailboxWrote(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1", others: []string{clinic}})
	id := b.thread("Fil").ID
	for box, mine := range map[string]bool{doctor: true, clinic: false} {
		seen, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, box)}, id)
		if err != nil || len(seen.Messages) != 1 || seen.Messages[0].Mine != mine {
			t.Errorf("%s: %+v, %v", box, seen.Messages, err)
		}
	}
}

// D27: what colleagues write for their shared mailbox names each of them, so that a page says "you" to one alone; the patient is
// told of the mailbox. What came by mail names nobody.
func TestSharedMailbox_messagesNameTheirWriters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: clinic, subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	for _, by := range []conversations.Actor{theSecretary(), theAssistant()} {
		if _, err := b.Write(t.Context(), by, id, conversations.ThreadInput{Mailbox: address(t, clinic), Text: "Bonjour"}); err != nil {
			t.Fatal(err)
		}
	}
	seen, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, clinic)}, id)
	if err != nil || len(seen.Messages) != 3 {
		t.Fatalf("%+v, %v", seen, err)
	}
	for i, want := range []conversations.Actor{theAssistant(), theSecretary(), {}} {
		if m := seen.Messages[i]; !m.Mine || !strings.HasPrefix(m.Writer, want.Name) || (m.Writer == "") != (want.Name == "") || m.WriterID != want.ID {
			t.Errorf("message %d: mine %t, by %q (%s), want %q", i, m.Mine, m.Writer, m.WriterID, want.Name)
		}
	}
	for _, m := range b.read(id).Messages {
		if m.Writer != "" || m.WriterID != "" {
			t.Errorf("the patient is told %q (%s)", m.Writer, m.WriterID)
		}
	}
}

// D34: others who write much do not push a mailbox's own messages out of its sight.
func TestSharedThread_ownMessagesBehindManyOthers(t *testing.T) {
	t.Parallel()
	b, id := shared(t)
	before := b.asClinic(id)
	for i := range conversations.MaxShown + 1 {
		b.taken(mail{from: doctor, subject: "Re: Suivi psychiatrique", text: fmt.Sprint(i), refs: []string{"secret@psychiatrie.test"}})
	}
	if after := b.asClinic(id); !reflect.DeepEqual(after, before) {
		t.Errorf("the clinic saw\n%+v\nand sees\n%+v", before, after)
	}
}

// D34: what a mailbox writes by the API answers its own messages, and its operator is not told the others'.
func TestWrite_inASharedThread_answersTheOwnMessage(t *testing.T) {
	t.Parallel()
	b, id := shared(t)
	b.taken(mail{from: doctor, id: "more@psychiatrie.test", subject: "Re: Suivi psychiatrique", text: "3", refs: []string{"secret@psychiatrie.test"}})
	count := len(b.memory.bodies)
	m, err := b.Write(t.Context(), conversations.Actor{Kind: conversations.ActorClinic}, id, conversations.ThreadInput{Mailbox: address(t, clinic), Text: "Bonjour"})
	if err != nil || !m.Mine {
		t.Fatalf("%+v, %v", m, err)
	}
	if len(b.memory.bodies) != count+1 || len(b.read(id).Messages) != 4 {
		t.Errorf("%d messages in the conversation", len(b.read(id).Messages))
	}
	written := 0
	for _, body := range b.memory.bodies {
		if text := string(body); strings.Contains(text, `"Bonjour"`) {
			written++
			if strings.Contains(text, "psychiatri") || !strings.Contains(text, "c1@clinique.test") || !strings.Contains(text, "Re: Votre rendez-vous") {
				t.Errorf("the message %s", text)
			}
		}
	}
	if written != 1 {
		t.Errorf("%d messages were written", written)
	}
	if _, err := b.reply(id, "Merci"); err != nil {
		t.Fatal(err)
	}
	for _, q := range b.queued() {
		if strings.Contains(q.messageID, string(id)) || strings.Contains(q.messageID, ".5") {
			t.Errorf("Message-ID %s names the conversation, or counts its messages", q.messageID)
		}
	}
}

// A message without a Message-ID, or with one that another conversation holds already, is answered where
// it stands all the same.
func TestWrite_staysInItsConversation(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{"no Message-ID": "", "a Message-ID used twice": "same@operator.test"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.taken(mail{from: doctor, id: "same@operator.test", subject: "Premier", text: "1"})
			b.hand(anINS, mail{from: doctor, subject: "Second", text: "2"}, func(in *conversations.Incoming) { in.MessageID = id })
			second := b.thread("Second").ID
			_, err := b.Write(t.Context(), conversations.Actor{}, second, conversations.ThreadInput{Mailbox: address(t, doctor), Text: "Suite"})
			if err != nil || len(b.read(second).Messages) != 2 || len(b.thread("Premier").Messages) != 1 {
				t.Errorf("%d messages in the conversation, %d in the other, %v",
					len(b.read(second).Messages), len(b.thread("Premier").Messages), err)
			}
		})
	}
}

// D4: "no date of change". A list that moved would tell when the patient blocked.
func TestBlock_movesNothingInTheProfessionalsLists(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.Enrol(t.Context(), b.self(), anotherINS, "Autre Patient", rules.Active); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Ancien", text: "1"})
	contact := b.thread("Ancien").Contact
	b.hand(anotherINS, mail{from: doctor, subject: "Récent", text: "2"}, func(*conversations.Incoming) {})
	b.settle()
	list := func() (order []string) {
		for cursor := "start"; cursor != ""; {
			page, err := b.Exchanges(t.Context(), address(t, doctor), conversations.Filter{Limit: 1, Cursor: strings.TrimPrefix(cursor, "start")})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Items {
				order = append(order, string(e.ID), e.LastAt.String())
			}
			cursor = page.Next
			order = append(order, cursor)
		}
		return order
	}
	before := list()
	for _, act := range []func() (conversations.Contact, error){
		func() (conversations.Contact, error) {
			return b.Block(t.Context(), b.self(), b.patient.ID, contact, time.Time{})
		},
		func() (conversations.Contact, error) {
			return b.Unblock(t.Context(), b.self(), b.patient.ID, contact)
		},
	} {
		if _, err := act(); err != nil {
			t.Fatal(err)
		}
		b.settle()
		if after := list(); !slices.Equal(after, before) {
			t.Errorf("the list was\n%q\nand is\n%q", before, after)
		}
	}
}

// D4: of an exchange that cannot be used the professional learns nothing else that changed.
func TestExchange_unreachable_showsNoAccount(t *testing.T) {
	t.Parallel()
	for _, state := range []rules.AccountState{rules.MessagingClosed, rules.Closed, rules.Opposed, rules.Suspended} {
		b := newBench(t)
		b.taken(mail{from: doctor, subject: "x", text: "1"})
		b.settle()
		blocked := newBench(t)
		blocked.taken(mail{from: doctor, subject: "x", text: "1"})
		blocked.settle()
		if _, err := b.Enrol(t.Context(), b.self(), anINS, "", state); err != nil {
			t.Fatal(err)
		}
		if _, err := blocked.Block(t.Context(), b.self(), b.patient.ID, blocked.contactOf(doctor), time.Time{}); err != nil {
			t.Fatal(err)
		}
		var lines [2]conversations.ExchangeLine
		for i, each := range []*bench{b, blocked} {
			page, err := each.Exchanges(t.Context(), address(t, doctor), conversations.Filter{})
			if err != nil || len(page.Items) != 1 {
				t.Fatalf("%+v %v", page, err)
			}
			lines[i] = page.Items[0]
			lines[i].LastAt = time.Time{}
		}
		if !reflect.DeepEqual(lines[0], lines[1]) {
			t.Errorf("%s: %+v\nblocked: %+v", state, lines[0], lines[1])
		}
	}
}

// The end that counts is the last one (D34).
func TestThreadFor_ended_tellsTheLastEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine := []conversations.Address{address(t, doctor)}
	b.taken(mail{from: doctor, id: "a@x.test", subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	if _, err := b.EndThread(t.Context(), conversations.Actor{}, mine, id); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Re: Fil", text: "2", refs: []string{"a@x.test"}})
	b.taken(mail{from: doctor, subject: "[FIN]"})
	seen, err := b.ThreadFor(t.Context(), mine, id)
	if err != nil || seen.Ended == nil || seen.Ended.How != rules.BySubject {
		t.Errorf("%+v, %v", seen.Ended, err)
	}
}

// R85: whoever got the patient's reply in copy, and writes later, can end his exchange like anybody.
func TestExchangeID_ofAMailboxFirstMetByReplyToAll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1", others: []string{clinic}})
	_, err := b.Reply(t.Context(), b.self(), b.patient.ID, b.thread("Fil").ID, conversations.ReplyInput{Text: "à tous", Choice: rules.ReplyToAll})
	if err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: clinic, subject: "Autre", text: "2"})
	b.settle()
	line, err := b.EndExchange(t.Context(), conversations.Actor{}, []conversations.Address{address(t, clinic)}, b.contactOf(clinic))
	if err != nil || line.State != rules.ThreadEnded {
		t.Errorf("%+v, %v", line, err)
	}
}

// D7, D34: a professional is told that the reply crossed his end, and nothing of somebody else's.
func TestThreadFor_crossed_isOfTheOwnEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1", others: []string{clinic}})
	id := b.thread("Fil").ID
	if _, err := b.Reply(t.Context(), b.self(), b.patient.ID, id, conversations.ReplyInput{Text: "à tous", Choice: rules.ReplyToAll}); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "[FIN]"})
	if sent := b.queued(); len(sent) != 2 {
		t.Fatalf("%+v", sent)
	}
	for box, crossed := range map[string]bool{doctor: true, clinic: false} {
		seen, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, box)}, id)
		if err != nil || len(seen.Messages) != 2 || seen.Messages[0].Crossed != crossed {
			t.Errorf("%s: %+v, %v, want crossed %v", box, seen.Messages, err, crossed)
		}
	}
}
