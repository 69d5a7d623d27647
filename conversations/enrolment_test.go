package conversations_test

import (
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/storetest"
	"mesbridge/rules"
)

// newcomerINS is the matricule of somebody who has no account yet.
const newcomerINS = rules.INS("288999935107791")

func anOfficer() conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorProfessional, ID: "899900000041", Name: "Irène Chapuisat"}
}

// newcomer is the login of that person at the provider.
func newcomer(subject string) conversations.Login {
	return conversations.Login{Issuer: "https://fc.example", Subject: subject, Traits: rules.Traits{
		Family: "Lévêque-d\u2019Arc", Given: "Zoé Marie", Birth: "1988-04-02",
	}}
}

func enrolmentOf(ins rules.INS) conversations.EnrolmentInput {
	return conversations.EnrolmentInput{
		INS: ins, Document: conversations.Passport, Qualified: true,
		Traits: rules.Traits{Family: "LEVEQUE D ARC", Given: "ZOE", Birth: "1988-04-02", Sex: rules.Female, Place: "75056"},
	}
}

// officers lists the officer of the tests.
func (b *bench) officers() {
	b.Officers = []conversations.Person{{ID: anOfficer().ID, Name: anOfficer().Name}}
}

// handed enrols somebody.
func (b *bench) handed(ins rules.INS) conversations.IssuedCode {
	b.t.Helper()
	b.officers()
	issued, err := b.HandCode(b.t.Context(), anOfficer(), enrolmentOf(ins))
	if err != nil {
		b.t.Fatal(err)
	}
	return issued
}

// D26, table 8.2: the account is there when the code is handed over; the code binds the login, which activates it.
func TestEnrolment_fromOfficerToLogin(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	issued := b.handed(newcomerINS)
	if issued.State != rules.EnrolmentWaiting || len(issued.Code) != 16 || issued.Expires.Sub(issued.At) != 7*24*time.Hour {
		t.Fatalf("%+v", issued)
	}
	p, err := b.PatientByINS(t.Context(), newcomerINS)
	if err != nil || p.State != rules.NotActivated || p.Name != "ZOE LEVEQUE D ARC" {
		t.Fatalf("%+v, %v", p, err)
	}
	who := newcomer("subject-1")
	_, err = b.LedTo(t.Context(), who)
	wantKind(t, err, conversations.KindNotFound)
	typed := strings.ToLower(conversations.ShownCode(issued.Code)) + " "
	got, err := b.BindByCode(t.Context(), who, typed)
	if err != nil || got.ID != p.ID {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err = b.LedTo(t.Context(), who); err != nil || got.ID != p.ID {
		t.Fatalf("%+v, %v", got, err)
	}
	list, err := b.Enrolments(t.Context(), anOfficer())
	if err != nil || len(list) != 1 { // at once, and again by the effect
		t.Errorf("%+v, %v", list, err)
	}
	b.settle()
	list, err = b.Enrolments(t.Context(), anOfficer())
	if err != nil || len(list) != 1 || list[0].State != rules.EnrolmentUsed || list[0].Name != "ZOE LEVEQUE D ARC" {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = b.BindByCode(t.Context(), newcomer("subject-2"), issued.Code)
	wantKind(t, err, conversations.KindNotFound)
	_, err = b.HandCode(t.Context(), anOfficer(), enrolmentOf(newcomerINS))
	wantKind(t, err, conversations.KindAlreadyLinked)
	other := b.handed(helperINS)
	_, err = b.BindByCode(t.Context(), who, other.Code)
	wantKind(t, err, conversations.KindAlreadyLinked)
}

// D26, I76: whatever is wrong with a code, the answer is one; a stranger's tries are counted, traced, and end the code.
func TestBindByCode_refusals_areOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	issued := b.handed(newcomerINS)
	for _, change := range []func(*rules.Traits){
		func(r *rules.Traits) { r.Family = "AUTRE" }, func(r *rules.Traits) { r.Birth = "1988-04-03" }, func(r *rules.Traits) { r.Given = "Chloé" },
	} {
		who := newcomer("stranger")
		change(&who.Traits)
		_, err := b.BindByCode(t.Context(), who, issued.Code)
		wantKind(t, err, conversations.KindNotFound)
	}
	_, err := b.BindByCode(t.Context(), newcomer("own"), issued.Code) // the third try ended it
	wantKind(t, err, conversations.KindNotFound)
	p, err := b.PatientByINS(t.Context(), newcomerINS)
	if err != nil {
		t.Fatal(err)
	}
	b.patient = p
	if err := b.LoggedIn(t.Context(), b.self(), p.ID); err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, line := range b.actors(t.Context()) {
		if strings.HasPrefix(line, string(rules.EnrolmentRefused)) {
			told++
		}
	}
	if told != 3 {
		t.Errorf("%d refusals in the history", told)
	}
	again := b.handed(newcomerINS)
	b.settle()
	if err := b.RevokeCode(t.Context(), anOfficer(), again.ID); err != nil {
		t.Fatal(err)
	}
	late := b.handed(newcomerINS)
	b.clock.advance(7 * 24 * time.Hour)
	for _, code := range []string{again.Code, late.Code} {
		_, err = b.BindByCode(t.Context(), newcomer("own"), code)
		wantKind(t, err, conversations.KindNotFound)
	}
	_, err = b.BindByCode(t.Context(), newcomer("own"), swapped(late.Code))
	wantKind(t, err, conversations.KindInvalidRequest) // a slip is told as one
	for range 20 {
		_, err = b.BindByCode(t.Context(), newcomer("own"), late.Code)
	}
	wantKind(t, err, conversations.KindRateLimited)
}

// swapped is a code of which two letters changed places.
func swapped(code string) string {
	i := 2
	for code[i] == code[i+1] {
		i++
	}
	return code[:i] + string(code[i+1]) + string(code[i]) + code[i+2:]
}

// D26: only who is listed enrols, and takes his own codes back; what the person opposed stays so (R140).
func TestHandCode_refusals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.HandCode(t.Context(), anOfficer(), enrolmentOf(newcomerINS))
	wantKind(t, err, conversations.KindNotHabilitated)
	issued := b.handed(newcomerINS)
	b.Officers = append(b.Officers, conversations.Person{ID: "899900000058", Name: "Paul Roy"})
	other := conversations.Actor{Kind: conversations.ActorProfessional, ID: "899900000058", Name: "Paul Roy"}
	wantKind(t, b.RevokeCode(t.Context(), other, issued.ID), conversations.KindNotFound)
	for member, change := range map[string]func(*conversations.EnrolmentInput){
		"familyName": func(in *conversations.EnrolmentInput) { in.Traits.Family = " " }, "givenNames": func(in *conversations.EnrolmentInput) { in.Traits.Given = "1" },
		"birthDate": func(in *conversations.EnrolmentInput) { in.Traits.Birth = "1988-02-30" }, "sex": func(in *conversations.EnrolmentInput) { in.Traits.Sex = "x" },
		"birthPlace": func(in *conversations.EnrolmentInput) { in.Traits.Place = "7505" }, "document": func(in *conversations.EnrolmentInput) { in.Document = "badge" },
		"identityChecked": func(in *conversations.EnrolmentInput) { in.Qualified = false },
	} {
		in := enrolmentOf(newcomerINS)
		change(&in)
		if got := in.Fault(b.clock.Now()); got != member {
			t.Errorf("%s: %q", member, got)
		}
		_, err := b.HandCode(t.Context(), anOfficer(), in)
		wantKind(t, err, conversations.KindInvalidRequest)
	}
	if _, err := b.Enrol(t.Context(), b.self(), helperINS, "X", rules.Opposed); err != nil {
		t.Fatal(err)
	}
	_, err = b.HandCode(t.Context(), anOfficer(), enrolmentOf(helperINS))
	wantKind(t, err, conversations.KindPatientOpposed)
}

// D28: who enrols a child notes until when it is one, and declares the parent.
func TestHandCode_child_isKnownToBeOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.officers()
	in := enrolmentOf(newcomerINS)
	in.Traits.Birth = b.clock.Now().AddDate(-10, 0, 0).Format(time.DateOnly)
	if _, err := b.HandCode(t.Context(), anOfficer(), in); err != nil {
		t.Fatal(err)
	}
	parent := b.enrolled(parentINS, "Dominique Durand")
	d := conversations.Declaration{Patient: newcomerINS, Person: parentINS, Kind: rules.Parent}
	if err := b.DeclareRepresentation(t.Context(), anOfficer(), d); err != nil {
		t.Fatal(err)
	}
	if all, err := b.Profiles(t.Context(), parent); err != nil || len(all) != 0 && !all[0].Minor {
		t.Errorf("%+v, %v", all, err)
	}
	if found, err := b.EndRepresentation(t.Context(), anOfficer(), newcomerINS, parentINS); err != nil || !found {
		t.Errorf("%v, %v", found, err)
	}
	if found, err := b.EndRepresentation(t.Context(), anOfficer(), newcomerINS, parentINS); err != nil || found {
		t.Errorf("twice: %v, %v", found, err)
	}
	d.Person = "153124500723160"
	wantKind(t, b.DeclareRepresentation(t.Context(), anOfficer(), d), conversations.KindMailboxUnknown)
}

// D26: an unlinked login leads nowhere, and may be bound again; an erased account takes its login with it (O197).
func TestUnbind_andErasure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := newcomer("s")
	bind := func() conversations.Patient {
		t.Helper()
		p, err := b.BindByCode(t.Context(), who, b.handed(newcomerINS).Code)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := bind()
	if found, err := b.Unbind(t.Context(), anAgent(), newcomerINS); err != nil || !found {
		t.Fatalf("%v, %v", found, err)
	}
	_, err := b.LedTo(t.Context(), who)
	wantKind(t, err, conversations.KindNotFound)
	if found, err := b.Unbind(t.Context(), anAgent(), newcomerINS); err != nil || found {
		t.Fatalf("twice: %v, %v", found, err)
	}
	bind()
	b.settle()
	if _, err := b.ManageAccount(t.Context(), anAgent(), rules.Administration, p.ID, rules.EraseAccount); err != nil {
		t.Fatal(err)
	}
	b.settle()
	_, err = b.LedTo(t.Context(), who)
	wantKind(t, err, conversations.KindNotFound)
	if n := len(b.memory.keys); n != 1 { // the patient of the bench
		t.Errorf("%d keys are left", n)
	}
}

// D26: a pairing service's word binds too, and opens an account; two persons are never one.
func TestBindVouched(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 2 { // the same again changes nothing
		if p, err := b.BindVouched(t.Context(), anAgent(), newcomerINS, "Zoé MARTIN", newcomer("s")); err != nil || p.State != rules.NotActivated {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	_, err := b.BindVouched(t.Context(), anAgent(), helperINS, "Sacha PETIT", newcomer("s"))
	wantKind(t, err, conversations.KindAlreadyLinked)
	_, err = b.BindVouched(t.Context(), anAgent(), newcomerINS, "Zoé MARTIN", newcomer("other"))
	wantKind(t, err, conversations.KindAlreadyLinked)
	_, err = b.BindVouched(t.Context(), anOfficer(), newcomerINS, "Zoé MARTIN", newcomer("s"))
	wantKind(t, err, conversations.KindInvalidRequest)
}

// D26, after a crash between the two records: the effect of the binding finishes it.
func TestBindByCode_cut_isFinishedByItsEffect(t *testing.T) {
	t.Parallel()
	b, faulty := faultyBench(t)
	issued := b.handed(newcomerINS)
	b.settle()
	faulty.After(storetest.Commit, func() error { // the patient's record is written, the login's own is not
		faulty.FailBefore(storetest.Commit, storetest.ErrDown, 1)
		return nil
	})
	_, err := b.BindByCode(t.Context(), newcomer("s"), issued.Code)
	wantKind(t, err, conversations.KindUnavailable)
	b.settle()
	if _, err := b.LedTo(t.Context(), newcomer("s")); err != nil {
		t.Error(err)
	}
}

// D26: a login that tried a code in vain is bound by the next one.
func TestBindByCode_afterARefusal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.officers()
	in := enrolmentOf(newcomerINS)
	in.Traits.Birth = "1988-04-03"
	wrong, err := b.HandCode(t.Context(), anOfficer(), in)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.BindByCode(t.Context(), newcomer("s"), wrong.Code)
	wantKind(t, err, conversations.KindNotFound)
	p, err := b.BindByCode(t.Context(), newcomer("s"), b.handed(newcomerINS).Code)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.LedTo(t.Context(), newcomer("s")); err != nil || got.ID != p.ID {
		t.Error(err)
	}
}
