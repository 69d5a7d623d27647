package conversations_test

import (
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

const (
	deputy    = "m.petit@cabinet.test"
	deputyPro = "899700218904"
)

// awayBench is a bench with a doctor whom the directory knows, somebody to stand in, and a conversation with each of the
// doctor and the clinic.
func awayBench(t *testing.T) (b *bench, holder conversations.Actor) {
	t.Helper()
	b = newBench(t)
	b.tables.add(doctor, conversations.Mailbox{Kind: rules.Personal, Person: "899700218896", Name: "Dr Marie Martin"})
	b.tables.add(deputy, conversations.Mailbox{Kind: rules.Personal, Person: deputyPro, Name: "Dr Max Petit"})
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.taken(mail{from: clinic, subject: "Service", text: "1"})
	return b, conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896", Name: "Marie Martin"}
}

// TestDeclareAbsence_isToldAndSilencesNobody covers R71, D11 and O178: the patient reads names and no address before he
// writes, his message is delivered, and nothing answers it by itself; the absence ends at its instant.
func TestDeclareAbsence_isToldAndSilencesNobody(t *testing.T) {
	t.Parallel()
	b, holder := awayBench(t)
	end := b.clock.Now().Add(48 * time.Hour)
	in := conversations.AbsenceInput{Until: end, Text: "Appelez le cabinet.", Cover: address(t, deputy)}
	a, err := b.DeclareAbsence(t.Context(), holder, address(t, doctor), in)
	if err != nil || a.Cover != "Dr Max Petit" || !a.Until.Equal(end) {
		t.Fatalf("%+v, %v", a, err)
	}
	seen := b.thread("Fil")
	if len(seen.Absences) != 1 || seen.Absences[0] != (conversations.AbsenceNotice{Who: "Dr Marie Martin", Until: end, Text: "Appelez le cabinet.", Cover: "Dr Max Petit"}) {
		t.Fatalf("%+v", seen.Absences)
	}
	if !seen.Reply.Allowed {
		t.Error("an absence takes the right to reply")
	}
	if len(b.thread("Service").Absences) != 0 {
		t.Error("another mailbox is told to be away")
	}
	if _, err := b.reply(seen.ID, "Bonjour"); err != nil {
		t.Fatal(err)
	}
	if sent := b.queued(); len(sent) != 1 || sent[0].outgoing.To != address(t, doctor) {
		t.Errorf("%d messages leave, and only the patient's may: %+v", len(sent), sent)
	}
	if n := len(b.read(seen.ID).Messages); n != 2 {
		t.Errorf("%d messages in the conversation: something answered by itself", n)
	}
	b.clock.advance(48 * time.Hour)
	if left := b.thread("Fil").Absences; len(left) != 0 {
		t.Errorf("at its end: %+v", left)
	}
	if a, err := b.Absence(t.Context(), holder, address(t, doctor)); err != nil || a.Declared() {
		t.Errorf("at its end its holder sees %+v, %v", a, err)
	}
}

// TestDeclareAbsence_toCome is not told before it begins, and not after it was cancelled.
func TestDeclareAbsence_toCome(t *testing.T) {
	t.Parallel()
	b, holder := awayBench(t)
	now := b.clock.Now()
	in := conversations.AbsenceInput{From: now.Add(time.Hour), Until: now.Add(2 * time.Hour)}
	if _, err := b.DeclareAbsence(t.Context(), holder, address(t, doctor), in); err != nil {
		t.Fatal(err)
	}
	if seen := b.thread("Fil").Absences; len(seen) != 0 {
		t.Errorf("before it begins: %+v", seen)
	}
	b.clock.advance(time.Hour)
	if seen := b.thread("Fil").Absences; len(seen) != 1 {
		t.Errorf("at its first instant: %+v", seen)
	}
	if err := b.EndAbsence(t.Context(), holder, address(t, doctor)); err != nil {
		t.Fatal(err)
	}
	if seen := b.thread("Fil").Absences; len(seen) != 0 {
		t.Errorf("after it was ended: %+v", seen)
	}
	if err := b.EndAbsence(t.Context(), holder, address(t, doctor)); err != nil {
		t.Errorf("again: %v", err)
	}
}

// TestDeclareAbsence_refuses covers I119 and I120: strangers, covers whom nobody knows, and a right to a personal mailbox.
func TestDeclareAbsence_refuses(t *testing.T) {
	t.Parallel()
	b, holder := awayBench(t)
	b.tables.add("sans.nom@cabinet.test", conversations.Mailbox{Kind: rules.Personal, Person: "899700218912"})
	until := b.clock.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		by   conversations.Actor
		box  string
		in   conversations.AbsenceInput
		want conversations.Kind
		rule string
	}{
		"user of the list":      {theSecretary(), clinic, conversations.AbsenceInput{Until: until}, conversations.KindNotFound, "I119"},
		"another's personal":    {theManager(), doctor, conversations.AbsenceInput{Until: until}, conversations.KindNotFound, "I119"},
		"past":                  {holder, doctor, conversations.AbsenceInput{Until: until.Add(-2 * time.Hour)}, conversations.KindInvalidRequest, "I119"},
		"unknown cover":         {holder, doctor, conversations.AbsenceInput{Until: until, Cover: address(t, "qui@cabinet.test")}, conversations.KindInvalidRequest, "R71"},
		"cover without a name":  {holder, doctor, conversations.AbsenceInput{Until: until, Cover: address(t, "sans.nom@cabinet.test")}, conversations.KindInvalidRequest, "R71"},
		"himself":               {holder, doctor, conversations.AbsenceInput{Until: until, Cover: address(t, doctor)}, conversations.KindInvalidRequest, "R71"},
		"right to a personal":   {holder, doctor, conversations.AbsenceInput{Until: until, Cover: address(t, deputy), Admit: true}, conversations.KindNotHabilitated, "I119"},
		"right to nobody":       {theManager(), clinic, conversations.AbsenceInput{Until: until, Admit: true}, conversations.KindInvalidRequest, "I120"},
		"text that is no plain": {holder, doctor, conversations.AbsenceInput{Until: until, Text: "\x1b["}, conversations.KindInvalidRequest, "D27"},
	} {
		_, err := b.DeclareAbsence(t.Context(), c.by, address(t, c.box), c.in)
		if err == nil || conversations.KindOf(err) != c.want || b.rule(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Absence(t.Context(), theSecretary(), address(t, clinic)); err == nil || conversations.KindOf(err) != conversations.KindNotFound {
		t.Errorf("a stranger reads it: %v", err)
	}
}

// TestDeclareAbsence_admitsTheCover covers I119, I120 and D27: who stands in for a shared mailbox has the right for that
// time alone, and loses it when the absence ends early; who had it by himself keeps it.
func TestDeclareAbsence_admitsTheCover(t *testing.T) {
	t.Parallel()
	b, _ := awayBench(t)
	now, box := b.clock.Now(), address(t, clinic)
	in := conversations.AbsenceInput{From: now.Add(time.Hour), Until: now.Add(3 * time.Hour), Cover: address(t, deputy), Admit: true}
	may := func() bool {
		for _, m := range b.mandates(deputyPro) {
			if m.Mailbox.Address == box {
				return m.Use
			}
		}
		return false
	}
	if a, err := b.DeclareAbsence(t.Context(), theManager(), box, in); err != nil || !a.Admit {
		t.Fatalf("%+v, %v", a, err)
	}
	if may() {
		t.Error("before the absence the cover may read")
	}
	b.clock.advance(time.Hour)
	if !may() {
		t.Error("during the absence the cover may not read")
	}
	if err := b.EndAbsence(t.Context(), theManager(), box); err != nil {
		t.Fatal(err)
	}
	if may() {
		t.Error("after the absence was ended the cover may read")
	}
	if _, err := b.AdmitUser(t.Context(), theManager(), box, conversations.Person{ID: deputyPro, Name: "Dr Max Petit"}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.DeclareAbsence(t.Context(), theManager(), box, in); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(3 * time.Hour)
	if !may() {
		t.Error("whoever is on the list lost his right by standing in")
	}
}

// TestAbsence_isSealed: neither Redis nor the journal holds a text or an address in clear.
func TestAbsence_isSealed(t *testing.T) {
	t.Parallel()
	b, holder := awayBench(t)
	in := conversations.AbsenceInput{Until: b.clock.Now().Add(time.Hour), Text: "Congé de maternité", Cover: address(t, deputy)}
	if _, err := b.DeclareAbsence(t.Context(), holder, address(t, doctor), in); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"maternité", "m.petit", "Marie Martin"} {
		if dump := b.redis.Dump(); strings.Contains(dump, secret) {
			t.Errorf("Redis shows %q", secret)
		}
	}
}
