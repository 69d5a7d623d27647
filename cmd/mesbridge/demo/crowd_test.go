package demo

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"mesbridge/rules"
)

func TestCrowd_matriculesAreValidAndNobodyElses(t *testing.T) {
	t.Parallel()
	taken := map[rules.INS]bool{Nobody: true}
	for _, p := range People().Patients {
		taken[p.INS] = true
	}
	for i, p := range Crowd(50_000) {
		if ins, err := rules.ParseINS(string(p.INS), true); err != nil || ins != p.INS { // R12, R20
			t.Fatalf("patient %d of the crowd: %v", i, err)
		}
		if taken[p.INS] {
			t.Fatalf("patient %d of the crowd: matricule given twice, or somebody else's", i)
		}
		taken[p.INS] = true
	}
}

func TestCrowd_smallerBeginsLarger(t *testing.T) {
	t.Parallel()
	large := Crowd(1000)
	for i, p := range Crowd(100) {
		if p.INS != large[i].INS || p.Name != large[i].Name {
			t.Fatalf("patient %d differs", i)
		}
	}
}

// A crowd is enrolled, its first members can be read for, and it is not in the ready file beyond its
// number. It runs by itself, as TestRun does.
func TestRun_crowd(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "crowd.json")
	const size = crowdTokens + 100
	r := beginWith(t, Options{Data: filepath.Join(dir, "data"), Crowd: size, CrowdFile: file})
	text, err := os.ReadFile(file) // there before the ready file
	if err != nil {
		t.Fatal(err)
	}
	var crowd []ReadyPatient
	if err := json.Unmarshal(text, &crowd); err != nil {
		t.Fatal(err)
	}
	if r.Crowd != size || len(crowd) != size || len(r.Patients) != len(People().Patients) {
		t.Errorf("%d and %d in the crowd, %d patients in the ready file", r.Crowd, len(crowd), len(r.Patients))
	}
	for i, p := range crowd {
		if p.State != rules.Active || (p.Token != "") != (i < crowdTokens) {
			t.Errorf("member %d: state %s, token %t", i, p.State, p.Token != "")
		}
	}
	for _, i := range []int{0, crowdTokens - 1} {
		if got := status(t, r.HTTP+"/api/v1/inbox", crowd[i].Token); got != 200 {
			t.Errorf("the inbox of member %d answers %d", i, got)
		}
	}
}
