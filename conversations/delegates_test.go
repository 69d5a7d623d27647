package conversations_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/storetest"
	"mesbridge/rules"
)

// People who act for the patient of the tests.
const (
	parentINS = rules.INS("183999911022893")
	helperINS = rules.INS("159999917312069")
)

// enrolled gives a person an active account.
func (b *bench) enrolled(ins rules.INS, name string) conversations.PatientID {
	b.t.Helper()
	p, err := b.Enrol(b.t.Context(), b.self(), ins, name, rules.Active)
	if err != nil {
		b.t.Fatal(err)
	}
	return p.ID
}

// child makes the patient a minor for so long, with a parent who acts for him.
func (b *bench) child(length time.Duration) (parent conversations.PatientID) {
	b.t.Helper()
	parent = b.enrolled(parentINS, "Dominique Durand")
	if err := b.NoteMinority(b.t.Context(), anAgent(), b.patient.ID, b.clock.Now().Add(length)); err != nil {
		b.t.Fatal(err)
	}
	err := b.Represent(b.t.Context(), anAgent(), b.patient.ID, conversations.RepresentationInput{Person: parent, Kind: rules.Parent})
	if err != nil {
		b.t.Fatal(err)
	}
	return parent
}

// invited invites a caregiver and returns the invitation.
func (b *bench) invited(ctx context.Context) conversations.DelegateLine {
	b.t.Helper()
	d, err := b.Invite(ctx, b.self(), b.patient.ID, conversations.InvitationInput{Kind: rules.Caregiver, Name: "Mon voisin"})
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// helped gives the patient a caregiver.
func (b *bench) helped() (helper conversations.PatientID, id conversations.ID) {
	b.t.Helper()
	helper = b.enrolled(helperINS, "Sacha Petit")
	d := b.invited(b.t.Context())
	if _, err := b.AcceptInvitation(b.t.Context(), helper, conversations.ShownCode(d.Code)); err != nil {
		b.t.Fatal(err)
	}
	return helper, d.ID
}

// as returns the context in which a person acts for the patient.
func (b *bench) as(person conversations.PatientID) context.Context {
	b.t.Helper()
	all, err := b.Profiles(b.t.Context(), person)
	if err != nil || len(all) != 1 || all[0].Patient != b.patient.ID {
		b.t.Fatalf("profiles %+v, %v", all, err)
	}
	return all[0].Acting(b.t.Context())
}

// actors lists who did what, from the history of the patient, oldest first.
func (b *bench) actors(ctx context.Context) (lines []string) {
	b.t.Helper()
	page, err := b.History(ctx, b.patient.ID, "", 200)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, l := range slices.Backward(page.Items) {
		lines = append(lines, l.Code+" by "+string(l.ActorKind)+" "+l.Actor)
	}
	return lines
}

// D28, R130, R134, R131: a parent reads and replies under his own name, and is nobody any more at majority.
func TestRepresentative_untilMajority(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	parent := b.child(24 * time.Hour)
	b.taken(mail{from: doctor, subject: "Vaccin", text: "Bonjour"})
	ctx, id := b.as(parent), b.thread("Vaccin").ID
	if page, err := b.Inbox(ctx, b.patient.ID, "", 0); err != nil || len(page.Items) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if err := b.Opened(ctx, b.self(), b.patient.ID, id); err != nil {
		t.Fatal(err)
	}
	m, err := b.Reply(ctx, b.self(), b.patient.ID, id, conversations.ReplyInput{Text: "Merci docteur", Choice: rules.ReplyToOne})
	if err != nil {
		t.Fatal(err)
	}
	if m.AuthorKind != conversations.FromRepresentative || m.Author != "Dominique Durand" || !m.Mine {
		t.Errorf("%+v", m)
	}
	if want := "Merci docteur\n\nCe message a été rédigé par Dominique Durand, représentant légal de Camille Durand."; m.Text != want {
		t.Errorf("text %q", m.Text)
	}
	b.settle()
	desk, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, doctor)}, id)
	if err != nil || desk.Messages[0].AuthorKind != conversations.FromRepresentative || desk.Patient != "Camille Durand" {
		t.Errorf("at the desk %+v, %v", desk.Messages, err)
	}
	done := b.actors(t.Context())
	for _, want := range []string{"message.opened by representative Dominique Durand", "message.out by representative Dominique Durand"} {
		if !slices.Contains(done, want) {
			t.Errorf("no %q in %q", want, done)
		}
	}
	b.clock.advance(24 * time.Hour)
	_, err = b.Thread(ctx, b.patient.ID, id)
	wantKind(t, err, conversations.KindNotFound)
	_, err = b.Reply(ctx, b.self(), b.patient.ID, id, conversations.ReplyInput{Text: "Encore", Choice: rules.ReplyToOne})
	wantKind(t, err, conversations.KindNotFound)
	if all, err := b.Profiles(t.Context(), parent); err != nil || len(all) != 0 {
		t.Errorf("profiles %+v, %v", all, err)
	}
	if got := b.read(id); len(got.Messages) != 2 || got.Draft != "" {
		t.Errorf("%d messages, draft %q: the history stays (OP15)", len(got.Messages), got.Draft)
	}
}

// R133, R135: a caregiver reads and writes, may nothing else, and loses it at once.
func TestCaregiver_lifeAndLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	helper, delegation := b.helped()
	ctx, p := b.as(helper), b.patient.ID
	contact := b.thread("Fil").Contact
	m, err := b.Reply(ctx, b.self(), p, id, conversations.ReplyInput{Text: "Merci", Choice: rules.ReplyToOne})
	if err != nil || m.AuthorKind != conversations.FromCaregiver || m.Author != "Sacha Petit" ||
		!strings.HasSuffix(m.Text, "\n\nCe message a été rédigé par Sacha Petit, l'aidant de Camille Durand.") {
		t.Fatalf("%+v, %v", m, err)
	}
	_, blocked := b.Block(ctx, b.self(), p, contact, time.Time{})
	_, closed := b.ManageAccount(ctx, b.self(), rules.Holder, p, rules.CloseAccount)
	_, erased := b.ManageAccount(ctx, b.self(), rules.Holder, p, rules.EraseAccount)
	_, objected := b.Object(ctx, b.self(), p, rules.Objection{ID: "o", Kind: rules.AgainstMessages, Scope: rules.Everyone})
	_, invited := b.Invite(ctx, b.self(), p, conversations.InvitationInput{Kind: rules.Caregiver, Name: "Un ami"})
	_, listed := b.Delegates(ctx, p)
	_, signed := b.AcceptTerms(ctx, conversations.Signatory{Patient: p, Kind: conversations.ActorPatient}, rules.Terms{Version: "1", Hash: "h"})
	for what, err := range map[string]error{
		"block": blocked, "close": closed, "erase": erased, "object": objected, "invite": invited, "list": listed, "sign": signed,
		"delete": b.DeleteThread(ctx, b.self(), p, id), "end": b.EndDelegate(ctx, b.self(), p, "none"),
	} {
		if k := conversations.KindOf(err); err == nil || k != conversations.KindNotGranted && k != conversations.KindNotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	if b.read(id).State != string(rules.Open) {
		t.Error("something was done all the same")
	}
	if err := b.EndDelegate(t.Context(), b.self(), p, delegation); err != nil {
		t.Fatal(err)
	}
	_, err = b.Inbox(ctx, p, "", 0)
	wantKind(t, err, conversations.KindNotFound)
	wantKind(t, b.SaveDraft(ctx, b.self(), p, id, "x"), conversations.KindNotFound)
	if all, err := b.Profiles(t.Context(), helper); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if err := b.RestoreDelegate(t.Context(), b.self(), p, delegation); err != nil {
		t.Fatal(err)
	}
	if err := b.GiveUp(t.Context(), b.self(), helper, p); err != nil {
		t.Fatal(err)
	}
	wantKind(t, b.GiveUp(t.Context(), b.self(), helper, p), conversations.KindNotFound)
	lines, err := b.Delegates(t.Context(), p)
	if err != nil || len(lines) != 1 || lines[0].State != rules.DelegationEnded || lines[0].EndedBy != rules.Delegate || lines[0].Name != "Sacha Petit" {
		t.Errorf("%+v, %v", lines, err)
	}
}

// R135, D17: a delegation that ends between the reading and the commit ends before it. Nothing is sent.
func TestReply_endedMeanwhile_isNotSent(t *testing.T) {
	t.Parallel()
	b, faulty := faultyBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	helper, delegation := b.helped()
	ctx, other := b.as(helper), b.another()
	faulty.Before(storetest.Commit, func() error {
		return other.EndDelegate(t.Context(), b.self(), b.patient.ID, delegation)
	})
	_, err := b.Reply(ctx, b.self(), b.patient.ID, id, conversations.ReplyInput{Text: "Merci", Choice: rules.ReplyToOne})
	wantKind(t, err, conversations.KindNotFound)
	if got := other.read(id); len(got.Messages) != 1 || len(other.queued()) != 0 {
		t.Errorf("%d messages", len(got.Messages))
	}
}

// D28: what is confidential shows to the minor alone: in list, conversation, contacts, documents, history, notification.
func TestConfidential_hiddenFromRepresentatives(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.HideConfidential = true
	parent := b.child(24 * time.Hour)
	ctx, p := b.as(parent), b.patient.ID
	notified := map[string]int{}
	count := func() {
		b.handle(map[conversations.EffectKind]conversations.EffectHandler{
			conversations.EffectNotify: func(_ context.Context, e conversations.Effect) (time.Time, error) {
				notified[string(e.Mailbox)]++
				return time.Time{}, nil
			},
		})
	}
	secret, err := b.OpenThread(t.Context(), conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896"}, conversations.ThreadInput{
		Mailbox: address(t, doctor), INS: anINS, Subject: "Entre nous", Text: "Bonjour", Confidential: rules.ConfidentialYes,
		Attachments: []conversations.Attachment{{Name: "a.pdf", Type: "application/pdf", Content: []byte("%PDF-1.7")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	count()
	if notified[""] != 1 || notified[string(parent)] != 0 {
		t.Errorf("notified %v", notified)
	}
	message := b.read(secret.ID).Messages[0]
	piece := message.Attachments[0].ID
	d, _, err := b.SaveDocument(t.Context(), b.self(), p, piece)
	if err != nil {
		t.Fatal(err)
	}
	_, thread := b.Thread(ctx, p, secret.ID)
	_, attachment := b.Attachment(ctx, b.self(), p, piece)
	_, original := b.Original(ctx, b.self(), p, message.ID)
	_, document := b.Document(ctx, b.self(), p, d.ID)
	_, replied := b.Reply(ctx, b.self(), p, secret.ID, conversations.ReplyInput{Text: "x"})
	_, line := b.Line(ctx, p, secret.ID)
	for what, err := range map[string]error{
		"thread": thread, "line": line, "attachment": attachment, "original": original, "document": document, "reply": replied, "open": b.Opened(ctx, b.self(), p, secret.ID),
		"delete": b.DeleteThread(ctx, b.self(), p, secret.ID), "draft": b.SaveDraft(ctx, b.self(), p, secret.ID, "x"), "drop": b.DeleteDocument(ctx, b.self(), p, d.ID),
	} {
		if conversations.KindOf(err) != conversations.KindNotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	inbox, err := b.Inbox(ctx, p, "", 0)
	contacts, err2 := b.Contacts(ctx, p)
	documents, err3 := b.Documents(ctx, p, "", 0)
	latest, err4 := b.LatestThreads(ctx, p)
	if err := errors.Join(err, err2, err3, err4); err != nil || len(inbox.Items)+len(contacts)+len(documents.Items)+len(latest) != 0 {
		t.Errorf("%v %v %v %v: %v", inbox.Items, contacts, documents.Items, latest, err)
	}
	for _, line := range b.actors(ctx) {
		if strings.HasPrefix(line, "message.in") || strings.HasPrefix(line, "document.save") {
			t.Errorf("in the history: %s", line)
		}
	}
	b.taken(mail{from: doctor, subject: "Vaccin", text: "2"})
	count()
	if contacts, err := b.Contacts(ctx, p); err != nil || len(contacts) != 1 || notified[string(parent)] != 1 {
		t.Errorf("an ordinary message: contacts %v, %v, notified %v", contacts, err, notified)
	}
	if own := b.actors(t.Context()); !slices.ContainsFunc(own, func(l string) bool { return strings.HasPrefix(l, "document.save") }) {
		t.Errorf("the minor's own history %q", own)
	}
}

// D15, R134: what comes back as a draft is what the caregiver typed.
func TestSignature_notInTheDraftAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	helper, _ := b.helped()
	if _, err := b.Reply(b.as(helper), b.self(), b.patient.ID, id, conversations.ReplyInput{Text: "Merci\n\nà vous", Choice: rules.ReplyToOne}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, b.read(id).Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			_, err := b.Outgoing(ctx, e)
			wantKind(t, err, conversations.KindBlockedByPatient)
			return time.Time{}, nil
		},
	})
	if got := b.read(id).Draft; got != "Merci\n\nà vous" {
		t.Errorf("draft %q", got)
	}
}

// A crash after the commit in the patient's record leaves the person's own record behind: the effect mends it.
func TestProfiles_notedAfterACrash(t *testing.T) {
	t.Parallel()
	b, faulty := faultyBench(t)
	helper := b.enrolled(helperINS, "Sacha Petit")
	d := b.invited(t.Context())
	faulty.After(storetest.Commit, func() error { return nil }) // the claim of a caregiver's place
	faulty.After(storetest.Commit, func() error {
		faulty.FailBefore(storetest.Commit, storetest.ErrDown, 1)
		return nil
	})
	if _, err := b.AcceptInvitation(t.Context(), helper, d.Code); err != nil {
		t.Fatal(err)
	}
	if all, err := b.Profiles(t.Context(), helper); err != nil || len(all) != 0 {
		t.Fatalf("%+v, %v: the second commit was to fail", all, err)
	}
	b.settle()
	b.as(helper)
}

// D16: with an account goes what its holder was allowed to do, and what others were allowed to do for him.
func TestErasure_endsDelegations(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	helper, _ := b.helped()
	ctx := b.as(helper)
	if _, err := b.ManageAccount(t.Context(), b.self(), rules.Holder, helper, rules.EraseAccount); err != nil {
		t.Fatal(err)
	}
	b.settle()
	if lines, err := b.Delegates(t.Context(), b.patient.ID); err != nil || len(lines) != 1 || lines[0].State != rules.DelegationEnded {
		t.Errorf("%+v, %v", lines, err)
	}
	_, err := b.Inbox(ctx, b.patient.ID, "", 0)
	wantKind(t, err, conversations.KindNotFound)

	c := newBench(t)
	parent := c.child(time.Hour)
	acting := c.as(parent)
	if a, err := c.ManageAccount(acting, c.self(), rules.Holder, c.patient.ID, rules.EraseAccount); err != nil || a.State != rules.Purged {
		t.Errorf("a parent erases the child's account (R147): %+v, %v", a, err)
	}
	c.settle()
	if all, err := c.Profiles(t.Context(), parent); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	_, err = c.Inbox(acting, c.patient.ID, "", 0)
	wantKind(t, err, conversations.KindNotFound)
}

// R128: a code is read as people write it, leads nowhere once it was used, and cannot be guessed by trying.
func TestInvitation_codes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	helper := b.enrolled(helperINS, "Sacha Petit")
	d := b.invited(t.Context())
	if len(d.Code) != 16 || strings.Contains(string(d.ID), strings.ToLower(d.Code)) {
		t.Fatalf("code of %d, id %s", len(d.Code), d.ID)
	}
	i, err := b.Invitation(t.Context(), helper, " "+strings.ToLower(conversations.ShownCode(d.Code))+" ")
	if err != nil || i.Patient != "Camille Durand" || i.Kind != rules.Caregiver {
		t.Errorf("%+v, %v", i, err)
	}
	_, err = b.AcceptInvitation(t.Context(), b.patient.ID, d.Code)
	wantKind(t, err, conversations.KindNotGranted)
	if err := b.RefuseInvitation(t.Context(), helper, d.Code); err != nil {
		t.Fatal(err)
	}
	_, err = b.AcceptInvitation(t.Context(), helper, d.Code)
	wantKind(t, err, conversations.KindNotFound)
	for range 30 {
		if _, err = b.Invitation(t.Context(), helper, "AAAA-AAAA-AAAA-AAAA"); conversations.KindOf(err) == conversations.KindRateLimited {
			return
		}
		wantKind(t, err, conversations.KindNotFound)
	}
	t.Error("codes can be tried for ever")
}

// D28: whoever acts for one patient reads no other, and what he acts by is asked of that patient's record alone (D17).
func TestActing_forOneAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.enrolled(anotherINS, "Autre Patient")
	helper, _ := b.helped()
	ctx := b.as(helper)
	_, err := b.Inbox(ctx, other, "", 0)
	wantKind(t, err, conversations.KindNotFound)
	_, err = b.History(ctx, other, "", 0)
	wantKind(t, err, conversations.KindNotFound)
	if all, err := b.Profiles(t.Context(), other); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if err := b.Dismiss(t.Context(), anAgent(), b.patient.ID, helper); err != nil {
		t.Fatal(err)
	}
	_, err = b.Inbox(ctx, b.patient.ID, "", 0)
	wantKind(t, err, conversations.KindNotFound)
}

// R135, D28: a caregiver whom a judge named too acts by both titles; the profile names them, and giving up ends both.
func TestGiveUp_endsEveryTitle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	helper, _ := b.helped()
	in := conversations.RepresentationInput{Person: helper, Kind: rules.Protector, Scope: rules.ScopeEverything}
	if err := b.Represent(t.Context(), anAgent(), b.patient.ID, in); err != nil {
		t.Fatal(err)
	}
	all, err := b.Profiles(t.Context(), helper)
	if err != nil || len(all) != 1 || all[0].Delegation.Kind != rules.Protector || len(all[0].Beside) != 1 || all[0].Beside[0].Kind != rules.Caregiver {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := b.GiveUp(t.Context(), b.self(), helper, b.patient.ID); err != nil {
		t.Fatal(err)
	}
	lines, err := b.Delegates(t.Context(), b.patient.ID)
	if err != nil || len(lines) != 2 || lines[0].State != rules.DelegationEnded || lines[1].State != rules.DelegationEnded {
		t.Errorf("%+v, %v", lines, err)
	}
}
