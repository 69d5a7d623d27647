package demo

import (
	"encoding/json"
	"fmt"

	"mesbridge/rules"
)

// Ready is the ready file of the outside contract: where everything is, who there is, and tokens.
type Ready struct {
	HTTP  string   `json:"http"`
	Ops   string   `json:"ops"`
	SMTP  string   `json:"smtp"`
	MLLP  *string  `json:"mllp"`           // null until there is such a listener
	MTLS  string   `json:"mtls,omitempty"` // API and tokens over mutual TLS
	Redis string   `json:"redis"`
	PID   int      `json:"pid"`
	PKI   ReadyPKI `json:"pki"`

	OperatorMaildirs     string `json:"operatorMaildirs"`
	NotificationsMaildir string `json:"notificationsMaildir"`

	Patients      []ReadyPatient      `json:"patients"`
	Newcomer      ReadyNewcomer       `json:"newcomer"`
	Crowd         int                 `json:"crowd,omitempty"` // how many patients beside them were asked for
	Professionals []ReadyProfessional `json:"professionals"`
	Clinics       []ReadyClinic       `json:"clinics"`
	Editor        ReadyEditor         `json:"editor"`
	Web           ReadyWeb            `json:"web"`
}

// ReadyPKI tells the files of the trust space.
type ReadyPKI struct {
	CA        string          `json:"ca"`
	WhiteList string          `json:"whiteList"`
	Operators []ReadyOperator `json:"operators"`
	Bad       []ReadyBad      `json:"bad"`
}

// ReadyOperator is an operator's domains and certificate.
type ReadyOperator struct {
	Name    string   `json:"name"`
	Domains []string `json:"domains"`
	Cert    string   `json:"cert"`
	Key     string   `json:"key"`
}

// ReadyBad is a certificate that must be refused.
type ReadyBad struct {
	Name   string `json:"name"`
	Domain string `json:"domain"`
	Cert   string `json:"cert"`
	Key    string `json:"key"`
}

// ReadyPatient is a patient.
type ReadyPatient struct {
	INS             string             `json:"ins"`
	Name            string             `json:"name"`
	Address         string             `json:"address"`
	State           rules.AccountState `json:"state"`
	Token           string             `json:"token"`
	Minor           bool               `json:"minor,omitempty"`
	Representatives []string           `json:"representatives,omitempty"` // matricules
	Caregivers      []string           `json:"caregivers,omitempty"`      // matricules
	Terms           string             `json:"terms"`                     // accepted or pending (D32)
}

// ReadyNewcomer is somebody whom nobody enrolled yet; the provider knows the person by Login.
type ReadyNewcomer struct {
	INS        string `json:"ins"`
	Address    string `json:"address"`
	Login      string `json:"login"` // sub at the provider
	FamilyName string `json:"familyName"`
	GivenNames string `json:"givenNames"`
	BirthDate  string `json:"birthDate"`
	Sex        string `json:"sex"`
	BirthPlace string `json:"birthPlace"`
}

// ReadyProfessional is a professional.
type ReadyProfessional struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Mailboxes   []string `json:"mailboxes"`
	Administers []string `json:"administers"`
	Enrols      bool     `json:"enrols,omitempty"` // patients, face to face
	Token       string   `json:"token"`
}

// ReadyClinic is a structure.
type ReadyClinic struct {
	FINESS       string   `json:"finess"`
	Name         string   `json:"name"`
	Mailboxes    []string `json:"mailboxes"`
	ClientID     string   `json:"clientId"`
	ClientSecret string   `json:"clientSecret"`
	Token        string   `json:"token"`
}

// ReadyWeb tells where to log in.
type ReadyWeb struct {
	PatientLogin      string `json:"patientLogin"`
	ProfessionalLogin string `json:"professionalLogin"`
}

// Write writes the file; it appears whole or not at all.
func (r *Ready) Write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode ready file: %w", err)
	}
	return writeFile(path, append(text, '\n'))
}

// pki tells the files of a space.
func (s *Space) pki() ReadyPKI {
	p := ReadyPKI{CA: s.CA, WhiteList: s.WhiteList}
	for _, m := range s.Operators {
		p.Operators = append(p.Operators, ReadyOperator{Name: m.Name, Domains: m.Domains, Cert: m.Cert, Key: m.Key})
	}
	for _, m := range s.Bad {
		p.Bad = append(p.Bad, ReadyBad{Name: m.Name, Domain: m.Domains[0], Cert: m.Cert, Key: m.Key})
	}
	return p
}

// texts are matricules as text.
func texts(all []rules.INS) []string {
	s := make([]string, len(all))
	for i, ins := range all {
		s[i] = string(ins)
	}
	return s
}

// orEmpty gives a list that is written as [] and not as null.
func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
