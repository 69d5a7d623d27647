package demo

import (
	"slices"
	"strings"
	"testing"

	"mesbridge/rules"
)

// The tests of this file are the "facts that hold in every demonstration" of the outside contract.

func TestPeople_matriculesAreValidAndDistinct(t *testing.T) {
	t.Parallel()
	seen := map[rules.INS]bool{Nobody: true}
	if ins, err := rules.ParseINS(string(Nobody), true); err != nil || ins != Nobody {
		t.Errorf("nobody's matricule: %v", err)
	}
	for i, p := range People().Patients {
		if ins, err := rules.ParseINS(string(p.INS), true); err != nil || ins != p.INS { // R12, R20
			t.Errorf("patient %d: %v", i, err)
		}
		if seen[p.INS] {
			t.Errorf("patient %d: matricule given twice, or nobody's", i)
		}
		seen[p.INS] = true
	}
}

func TestPeople_firstFourPatients(t *testing.T) {
	t.Parallel()
	all := People().Patients
	named := map[rules.INS]bool{}
	for _, p := range all {
		for _, r := range slices.Concat(p.Representatives, p.Caregivers) {
			named[r] = true
		}
	}
	families := map[string]bool{}
	sample := false
	for i, p := range all[:4] {
		if p.State != rules.Active || p.Minor || len(p.Representatives)+len(p.Caregivers) > 0 || named[p.INS] || p.TermsPending {
			t.Errorf("patient %d is not an active adult without delegates", i)
		}
		if strings.ContainsAny(string(p.INS), "AB") {
			t.Errorf("patient %d has a Corsican matricule", i)
		}
		family := p.Name[strings.LastIndex(p.Name, " ")+1:]
		if families[family] {
			t.Errorf("patient %d has the name of another", i)
		}
		families[family] = true
		sample = sample || p.INS == "279035121518989"
	}
	if !sample {
		t.Error("279035121518989 is not one of the first four")
	}
}

func TestPeople_statesAndSituations(t *testing.T) {
	t.Parallel()
	all := People().Patients
	count := map[rules.AccountState]int{}
	active := map[rules.INS]bool{}
	var corsican, minors, assisted, pending int
	for _, p := range all {
		count[p.State]++
		active[p.INS] = p.State == rules.Active
	}
	for i, p := range all {
		if p.State == rules.Active && strings.ContainsAny(string(p.INS), "AB") {
			corsican++
		}
		for _, d := range slices.Concat(p.Representatives, p.Caregivers) {
			if !active[d] {
				t.Errorf("patient %d: the delegate is not an active person", i)
			}
		}
		if p.Minor && p.State == rules.Active && len(p.Representatives) > 0 {
			minors++
		}
		if p.State == rules.Active && len(p.Caregivers) > 0 {
			assisted++
		}
		if p.TermsPending {
			pending++
			if i != len(all)-1 {
				t.Errorf("patient %d has terms pending and is not the last", i)
			}
		}
	}
	if count[rules.Active] < 6 || corsican != 1 || minors != 1 || assisted != 1 || pending != 1 {
		t.Errorf("active %d, Corsican %d, minors %d, assisted %d, terms pending %d", count[rules.Active], corsican, minors, assisted, pending)
	}
	for _, s := range []rules.AccountState{rules.NotActivated, rules.Opposed, rules.MessagingClosed, rules.Suspended, rules.Closed} {
		if count[s] != 1 {
			t.Errorf("%d patients are %s, want 1", count[s], s)
		}
	}
}

// operatorOf returns the operator of an address, failing unless exactly one serves it.
func operatorOf(t *testing.T, c Cast, address string) string {
	t.Helper()
	_, domain, _ := strings.Cut(address, "@")
	var names []string
	for _, o := range c.Operators {
		for _, d := range o.Domains {
			if d == domain {
				names = append(names, o.Name)
			}
		}
	}
	if len(names) != 1 {
		t.Fatalf("domain %s is served by %q", domain, names)
	}
	return names[0]
}

func TestPeople_professionals(t *testing.T) {
	t.Parallel()
	c := People()
	users := map[string]int{}
	for _, p := range c.Professionals {
		for _, m := range p.Mailboxes {
			users[m]++
			operatorOf(t, c, m)
		}
	}
	first, second := c.Professionals[0], c.Professionals[1]
	for _, p := range []Professional{first, second} {
		if len(p.Mailboxes) != 1 || users[p.Mailboxes[0]] != 1 || len(p.Administers) > 0 {
			t.Errorf("%s has not exactly one mailbox of his own", p.Name())
		}
	}
	if operatorOf(t, c, first.Mailboxes[0]) == operatorOf(t, c, second.Mailboxes[0]) {
		t.Error("the first two professionals have the same operator")
	}
	organisational := map[string]bool{}
	for _, clinic := range c.Clinics {
		organisational[clinic.Mailboxes[1].Address] = true
	}
	var user, administrator bool
	for _, p := range c.Professionals[2:] {
		user = user || len(p.Mailboxes) == 1 && organisational[p.Mailboxes[0]] && len(p.Administers) == 0
		administrator = administrator || len(p.Mailboxes) == 0 && len(p.Administers) == 1 && organisational[p.Administers[0]]
	}
	if !user || !administrator {
		t.Errorf("a user: %t, an administrator who may not read (D27): %t", user, administrator)
	}
}

func TestPeople_clinics(t *testing.T) {
	t.Parallel()
	c := People()
	if len(c.Clinics) != 2 {
		t.Fatalf("%d clinics, want 2", len(c.Clinics))
	}
	for _, clinic := range c.Clinics {
		m := clinic.Mailboxes
		if len(m) != 2 || m[0].Kind != rules.Application || m[1].Kind != rules.Organisational {
			t.Errorf("%s: not the application mailbox and then the organisational one", clinic.Name)
		}
		for _, box := range m {
			operatorOf(t, c, box.Address)
		}
	}
}

func TestPeople_operatorsShareNothing(t *testing.T) {
	t.Parallel()
	domains, hosts := map[string]bool{}, map[string]bool{}
	for _, o := range People().Operators {
		if hosts[o.Host] {
			t.Errorf("%s shares its certificate", o.Name)
		}
		hosts[o.Host] = true
		for _, d := range o.Domains {
			if domains[d] || d == CitizenDomain {
				t.Errorf("%s is given twice", d)
			}
			domains[d] = true
		}
	}
}
