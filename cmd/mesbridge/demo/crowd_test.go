package demo

import (
	"testing"

	"mesbridge/rules"
)

func TestCrowd_matriculesAreValidAndNobodyElses(t *testing.T) {
	t.Parallel()
	seen := map[rules.INS]bool{Nobody: true}
	for _, p := range People().Patients {
		seen[p.INS] = true
	}
	for i, p := range Crowd(20_000) {
		if ins, err := rules.ParseINS(string(p.INS), true); err != nil || ins != p.INS || seen[p.INS] {
			t.Fatalf("patient %d of the crowd: %v, taken %t", i, err, seen[p.INS])
		}
		seen[p.INS] = true
	}
	if last := Crowd(MaxCrowd)[MaxCrowd-1]; len(last.INS) != 15 {
		t.Error("the last matricule has not 15 characters")
	}
}
