package demo

import (
	"context"
	"os"
	"path/filepath"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/conversations"
	"mesbridge/oauth"
	"mesbridge/rules"
)

// describe gathers the ready file. Patients have the state that they are in now, which people may have
// changed since the first start.
func (d *demonstration) describe(ctx context.Context, url string, known []conversations.Patient, t *tokens) (*Ready, error) {
	l := d.app.Listeners
	r := &Ready{
		HTTP: url, Ops: "http://" + l.Ops.Addr().String(), SMTP: l.SMTP.Addr().String(), Redis: d.app.RedisKind(), PID: os.Getpid(),
		Crowd:                d.Crowd,
		PKI:                  d.space.pki(),
		OperatorMaildirs:     filepath.Join(d.Common, operatorFolder),
		NotificationsMaildir: filepath.Join(d.Common, notificationFolder),
		MTLS:                 d.mutualTLS, Editor: d.editor(),
		Web: ReadyWeb{PatientLogin: url + "/oauth/login/patient", ProfessionalLogin: url + oauth.LoginPath(string(oauth.Professional))},
	}
	n := d.cast.Newcomer
	r.Newcomer = ReadyNewcomer{
		INS: string(n.INS), Address: rules.CitizenAddress(n.INS, CitizenDomain).Wire(), Login: newcomerLogin, FamilyName: n.Traits.Family,
		GivenNames: n.Traits.Given, BirthDate: n.Traits.Birth, Sex: string(n.Traits.Sex), BirthPlace: n.Traits.Place,
	}
	for i, p := range d.cast.Patients {
		one, err := t.patient(ctx, p, known[i])
		if err != nil {
			return nil, err
		}
		r.Patients = append(r.Patients, one)
	}
	for _, p := range d.cast.Professionals {
		token, err := t.of(ctx, oauth.Identity{Kind: oauth.Professional, Subject: p.ID, Name: p.Name(), Scopes: app.ProfessionalScopes()})
		if err != nil {
			return nil, err
		}
		r.Professionals = append(r.Professionals, ReadyProfessional{
			ID: p.ID, Name: p.Name(), Mailboxes: orEmpty(p.Mailboxes), Administers: orEmpty(p.Administers), Enrols: p.Enrols, Token: token,
		})
	}
	for _, c := range d.cast.Clinics {
		token, err := t.of(ctx, oauth.Identity{
			Kind: oauth.Application, Subject: c.ClientID, Name: c.Name, FINESS: c.FINESS, Scopes: app.ClinicScopes(),
		})
		if err != nil {
			return nil, err
		}
		one := ReadyClinic{FINESS: c.FINESS, Name: c.Name, ClientID: c.ClientID, ClientSecret: d.secrets.clinics[c.ClientID], Token: token}
		for _, m := range c.Mailboxes {
			one.Mailboxes = append(one.Mailboxes, m.Address)
		}
		r.Clinics = append(r.Clinics, one)
	}
	return r, nil
}

// patient describes a patient.
func (t *tokens) patient(ctx context.Context, p Patient, known conversations.Patient) (ReadyPatient, error) {
	token, err := t.of(ctx, oauth.Identity{Kind: oauth.Patient, Subject: string(known.ID), Name: p.Name, Scopes: app.PatientScopes()})
	if err != nil {
		return ReadyPatient{}, err
	}
	terms := "accepted"
	if p.TermsPending {
		terms = "pending"
	}
	return ReadyPatient{
		INS: string(p.INS), Name: p.Name, Address: p.Address().Wire(), State: known.State, Token: token, Minor: p.Minor,
		Representatives: texts(p.Representatives), Caregivers: texts(p.Caregivers), Terms: terms,
	}, nil
}
