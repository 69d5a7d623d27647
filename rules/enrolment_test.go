package rules

import (
	"slices"
	"testing"
	"time"
)

var enrolledAt = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)

func aLabel() Traits {
	return Traits{Family: "LEVEQUE D ARC", Given: "ZOE MARIE", Birth: "1988-04-02", Sex: Female}
}

// TestTraits_contradict covers I76: how names are written makes no difference, and whose they are does.
func TestTraits_contradict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		family, given, birth string
		want                 bool
	}{
		{"LEVEQUE D ARC", "ZOE", "1988-04-02", false},
		{"Lévêque-d’Arc", "Marie, Zoé", "1988-04-02", false},
		{"Leveque d'Arc", "zoe", "1988-04-02", false},
		{"LEVEQUE", "ZOE", "1988-04-02", true},
		{"LEVEQUE D ARC", "CHLOE", "1988-04-02", true}, // a twin
		{"LEVEQUE D ARC", "ZOE", "1988-04-03", true},
		{"LEVEQUE D ARC", "", "1988-04-02", true}, // what is not told is not known (D17)
		{"", "ZOE", "1988-04-02", true},
		{"LEVEQUE D ARC", "ZOE", "", true},
		{"LEVEQUE D ARC", "- ,", "1988-04-02", true},
	} {
		if got := aLabel().Contradict(Traits{Family: c.family, Given: c.given, Birth: c.birth}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if !(Traits{}).Contradict(Traits{}) {
		t.Error("nobody is nobody")
	}
	if (Traits{Family: "COEUR", Given: "AESA", Birth: "x"}).Contradict(Traits{Family: "Cœur", Given: "Æsa", Birth: "x"}) {
		t.Error("a ligature is its letters")
	}
}

// TestINS_unlike covers R28: what was typed beside what the matricule says.
func TestINS_unlike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ins    INS
		traits Traits
		want   []Trait
	}{
		{"279035121518989", Traits{Sex: Female, Birth: "1979-03-28"}, nil},
		{"279035121518989", Traits{Sex: Male, Birth: "1980-04-28"}, []Trait{TraitSex, TraitYear, TraitMonth}},
		{"155992A00451222", Traits{Sex: Male, Birth: "1955-04-28"}, nil}, // a month of fictitious people (R14)
		{"279035121518989", Traits{}, nil},
	} {
		if got := c.ins.Unlike(c.traits); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c.traits, got)
		}
	}
}

// TestEnrol_byState covers D26, table 8.2 of operator.md and R140: where a code may be handed over, and what it opens.
func TestEnrol_byState(t *testing.T) {
	t.Parallel()
	for _, state := range AccountStates() {
		s := State{Patient: Patient{Account: state}}
		v := Enrol(EnrolmentFacts{Patient: s.Patient, Next: 1, ID: "a", Qualified: true}, enrolledAt)
		refused := state == Opposed || state == Suspended
		if v.Refusal.Refused() != refused {
			t.Errorf("%s: %+v", state, v.Refusal)
		}
		if refused {
			continue
		}
		Apply(&s, v.Change)
		want := state
		if state == Absent {
			want = NotActivated
		}
		if s.Patient.Account != want || len(s.Patient.Enrolments) != 1 {
			t.Errorf("%s: %+v", state, s.Patient)
		}
	}
	for what, f := range map[string]EnrolmentFacts{
		"not qualified": {ID: "a"}, "no code": {Qualified: true}, "dead": {ID: "a", Qualified: true, Patient: Patient{Deaths: []VisitID{DeathTold}}},
		"linked": {ID: "a", Qualified: true, Patient: Patient{Subject: "s"}},
	} {
		if !Enrol(f, enrolledAt).Refusal.Refused() {
			t.Errorf("%s: not refused", what)
		}
	}
}

// TestBind_onceAndForOne covers D26 and I76: of several codes the last one counts, once, in its time, for the person.
func TestBind_onceAndForOne(t *testing.T) {
	t.Parallel()
	s := State{}
	enrol := func(id EnrolmentID) {
		Apply(&s, Enrol(EnrolmentFacts{Patient: s.Patient, ID: id, Qualified: true}, enrolledAt).Change)
	}
	bind := func(id EnrolmentID, login Traits, at time.Time) Verdict {
		v := Bind(EnrolmentFacts{Patient: s.Patient, ID: id, Subject: "s", Known: aLabel(), Login: login}, at)
		if !v.Refusal.Refused() {
			Apply(&s, v.Change)
		}
		return v
	}
	enrol("first")
	enrol("second")
	if bind("first", aLabel(), enrolledAt).Refusal.Code != NotFound {
		t.Error("a code that another one replaced binds")
	}
	if bind("second", aLabel(), enrolledAt.Add(EnrolmentLasts)).Refusal.Code != NotFound {
		t.Error("a code that ran out binds")
	}
	for range EnrolmentTries {
		if v := bind("second", Traits{Family: "AUTRE"}, enrolledAt); v.Change.Kind != EnrolmentRefused {
			t.Errorf("a stranger: %+v", v)
		}
	}
	if bind("second", aLabel(), enrolledAt).Refusal.Code != NotFound || s.Patient.Subject != "" {
		t.Error("a code that strangers tried too often binds")
	}
	enrol("third")
	if v := bind("third", aLabel(), enrolledAt); v.Change.Kind != SubjectBound || s.Patient.Subject != "s" {
		t.Errorf("%+v", v)
	}
	if bind("third", aLabel(), enrolledAt).Refusal.Code != NotFound {
		t.Error("a code binds twice")
	}
	if v := Revoke(EnrolmentFacts{Patient: s.Patient, ID: "third"}, enrolledAt); v.Refusal.Refused() || v.Change.Kind != "" {
		t.Errorf("what is over is revoked: %+v", v)
	}
	v := Unbind(s.Patient, 9, enrolledAt)
	Apply(&s, v.Change)
	if s.Patient.Subject != "" || !v.Effects.Has(EndSessions) || Unbind(s.Patient, 10, enrolledAt).Change.Kind != "" {
		t.Errorf("%+v", v)
	}
	for i := range 2 * MaxEnrolments {
		enrol(EnrolmentID(rune('a' + i)))
	}
	if n := len(s.Patient.Enrolments); n != MaxEnrolments {
		t.Errorf("%d codes are kept", n)
	}
}

// TestBindVouched_onAnothersWord covers D26: the pairing service's word binds, once.
func TestBindVouched_onAnothersWord(t *testing.T) {
	t.Parallel()
	s := State{}
	Apply(&s, BindVouched(EnrolmentFacts{Patient: s.Patient, Subject: "s"}, enrolledAt).Change)
	if s.Patient.Subject != "s" || s.Patient.Account != NotActivated {
		t.Fatalf("%+v", s.Patient)
	}
	if v := BindVouched(EnrolmentFacts{Patient: s.Patient, Subject: "s"}, enrolledAt); v.Change.Kind != "" || v.Refusal.Refused() {
		t.Errorf("the same again: %+v", v)
	}
	if BindVouched(EnrolmentFacts{Patient: s.Patient, Subject: "o"}, enrolledAt).Refusal.Code != AlreadyLinked {
		t.Error("a second login is bound")
	}
	if BindVouched(EnrolmentFacts{}, enrolledAt).Refusal.Code != EmptyMessage {
		t.Error("nobody is bound")
	}
}
