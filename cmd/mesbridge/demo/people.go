package demo

import "mesbridge/rules"

// CitizenDomain is the domain of the patients' addresses in the demonstration (D2).
const CitizenDomain = "patient.mssante.fr"

// Nobody is a valid matricule that belongs to nobody in the demonstration.
const Nobody = rules.INS("153124500723160")

// Cast is everybody in the demonstration.
type Cast struct {
	Patients      []Patient
	Newcomer      Newcomer
	Professionals []Professional
	Clinics       []Clinic
	Operators     []Operator
	Locums        []Professional // log in beside them, and are not in the ready file
	Staff         []Staff        // of the first clinic, by its own provider (D26)
}

// Staff is somebody whom a structure's provider knows.
type Staff struct {
	Subject string
	Name    string
	ID      string // national identifier, as the list of users has it; empty: not on the list
	Code    string // profession code; empty: without exercise
	Role    string
}

// Place is where a professional exercises.
type Place struct {
	Mode   string // L liberal, S employed
	FINESS string
	Name   string
}

// Newcomer is a fictitious person whom nobody enrolled yet: the provider knows her, and gives no matricule (D26).
type Newcomer struct {
	INS    rules.INS
	Traits rules.Traits
}

// Name is the person's name as the provider shows it.
func (n Newcomer) Name() string { return n.Traits.Given + " " + n.Traits.Family }

// Patient is a fictitious person with a citizen's mailbox.
type Patient struct {
	INS             rules.INS
	Name            string
	State           rules.AccountState
	Minor           bool
	Representatives []rules.INS
	Caregivers      []rules.INS
	TermsPending    bool   // has not accepted the terms of use yet (D32)
	Notify          string // private address for neutral notifications; empty: none
}

// Address is the patient's address in the citizen domain.
func (p Patient) Address() rules.Address { return rules.CitizenAddress(p.INS, CitizenDomain) }

// Professional is a fictitious person who writes for a mailbox, or looks after one.
type Professional struct {
	ID          string // national person identifier: 8 and an RPPS number
	Title       string // exercise title, such as DR; empty for a person without exercise
	GivenName   string
	FamilyName  string
	Profession  string   // label; empty for a person without exercise
	Code        string   // profession code, TRE_G15
	Skill       string   // label of the speciality
	Mailboxes   []string // may read and write for them
	Places      []Place  // of activity, as Pro Santé Connect tells them (I44)
	Administers []string // may manage their users; gives no right to read them (D27)
	Enrols      bool     // enrols patients face to face (D26)
}

// Name is the person's name as it is shown.
func (p Professional) Name() string { return p.GivenName + " " + p.FamilyName }

// Clinic is a fictitious structure.
type Clinic struct {
	FINESS    string
	Name      string
	Mailboxes []ClinicMailbox // the application mailbox first, then the organisational one
	ClientID  string          // its OAuth client

	PostalCode, Town, District string // as the directory has them
}

// ClinicMailbox is a mailbox of a structure.
type ClinicMailbox struct {
	Address string
	Kind    rules.MailboxKind
	Service string // shown as its name
}

// Operator is a fictitious operator of the trust space: one server, one certificate, some domains.
type Operator struct {
	Name      string
	Domains   []string
	Host      string // name of its server, the CN of its certificate (O32)
	Structure string // OU: 1 and a FINESS, or 3 and a SIRET (O31)
	Legal     string // O
	District  string // ST
}
