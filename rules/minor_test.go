package rules

import (
	"testing"
	"time"
)

// TestWriteToMinor covers D28: asked of a known minor, to the instant of majority, and of nobody else.
func TestWriteToMinor(t *testing.T) {
	t.Parallel()
	birthday := time.Date(2033, 3, 14, 23, 0, 0, 0, time.UTC) // midnight in Paris
	s := State{Patient: Patient{Account: Active}}
	v := NoteMinority(s.Patient, birthday, 1, birthday.Add(-time.Hour))
	Apply(&s, v.Change)
	if again := NoteMinority(s.Patient, birthday, 2, birthday); again.Change.Kind != "" {
		t.Errorf("noted again: %+v", again)
	}
	for _, c := range []struct {
		patient Patient
		answer  Confidential
		at      time.Time
		want    Refusal
	}{
		{Patient{}, "", birthday.Add(-1), Refusal{}},
		{Patient{}, ConfidentialYes, birthday.Add(-1), Refusal{}},
		{s.Patient, "", birthday.Add(-1), Refusal{MinorConfidential, "D28"}},
		{s.Patient, "perhaps", birthday.Add(-1), Refusal{MinorConfidential, "D28"}},
		{s.Patient, ConfidentialYes, birthday.Add(-1), Refusal{MinorConfidential, "D28"}},
		{s.Patient, ConfidentialNo, birthday.Add(-1), Refusal{}},
		{s.Patient, "", birthday, Refusal{}},
	} {
		if _, got := WriteToMinor(c.patient, c.answer, false, c.at); got != c.want {
			t.Errorf("minor %t, answer %q: %+v, want %+v", c.patient.Minor(c.at), c.answer, got, c.want)
		}
	}
}
