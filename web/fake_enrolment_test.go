package web

import (
	"context"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// The enrolment of the tests, and the cookie of a login that waits to be linked.
const (
	enrolmentID = conversations.ID("a1enrol")
	aCode       = "23456789ABCDEFGH"
	linkKey     = "a-login-that-waits"
)

// fakeEnrolments is the part of the fake core that enrols.
type fakeEnrolments struct {
	enrolled    []conversations.EnrolmentInput
	represented []conversations.Declaration
	linked      []string
}

func someEnrolments() []conversations.EnrolmentLine {
	return []conversations.EnrolmentLine{
		{ID: enrolmentID, Name: "Zoé MARTIN", State: rules.EnrolmentWaiting, At: now.Add(-time.Hour), Expires: now.AddDate(0, 0, 7)},
		{ID: "a1spent", Name: "Paul ROY", State: rules.EnrolmentSpent, At: now.Add(-time.Hour), Expires: now.AddDate(0, 0, 7), EndedAt: now},
	}
}

func (f *fakeConversations) HandCode(_ context.Context, _ conversations.Actor, in conversations.EnrolmentInput) (conversations.IssuedCode, error) {
	if err := f.called("HandCode"); err != nil {
		return conversations.IssuedCode{}, err
	}
	before := slices.ContainsFunc(f.enrolled, func(e conversations.EnrolmentInput) bool { return in.Operation != "" && e.Operation == in.Operation })
	f.enrolled = append(f.enrolled, in)
	if before {
		return conversations.IssuedCode{EnrolmentLine: someEnrolments()[0]}, nil
	}
	return conversations.IssuedCode{EnrolmentLine: someEnrolments()[0], Code: aCode}, nil
}

func (f *fakeConversations) Enrolments(context.Context, conversations.Actor) ([]conversations.EnrolmentLine, error) {
	return someEnrolments(), f.called("Enrolments")
}

func (f *fakeConversations) RevokeCode(context.Context, conversations.Actor, conversations.ID) error {
	return f.called("RevokeCode")
}

func (f *fakeConversations) BindByCode(_ context.Context, _ conversations.Login, code string) (conversations.Patient, error) {
	f.linked = append(f.linked, code)
	return conversations.Patient{}, f.called("BindByCode")
}

func (f *fakeConversations) DeclareRepresentation(_ context.Context, _ conversations.Actor, in conversations.Declaration) error {
	f.represented = append(f.represented, in)
	return f.called("DeclareRepresentation")
}

func (f *fakeConversations) EndRepresentation(context.Context, conversations.Actor, rules.INS, rules.INS) (bool, error) {
	return true, f.called("EndRepresentation")
}

// fakeLinking knows one login.
type fakeLinking struct{}

func (fakeLinking) Waiting(_ context.Context, cookie string) (WaitingLogin, error) {
	if cookie != linkKey {
		return WaitingLogin{}, ErrUnauthenticated
	}
	return WaitingLogin{Login: conversations.Login{Issuer: "https://fc.example", Subject: "s"}, Name: "Zoé Martin", CSRF: csrfToken}, nil
}

// RevokeCode is a thing of the officer's own in the matrix.
func (c *ownedCore) RevokeCode(ctx context.Context, by conversations.Actor, id conversations.ID) error {
	_, err := hidden(c.pass("RevokeCode", id == enrolmentID), done(func() error { return c.fakeConversations.RevokeCode(ctx, by, id) }))
	return err
}

// enrolmentFields are the fields of the form that enrols.
const enrolmentFields = "&matricule=" + ins + "&nom-naissance=MARTIN&prenoms=ZOE&naissance=1979-03-28&sexe=F&lieu=75056&piece=passport&verifiee=oui"

// enrolmentBodies are the bodies of the calls of those who enrol.
func enrolmentBodies() map[string]string {
	both := `"patient":{"ins":"` + ins + `"},"representative":{"ins":"` + ins + `"}`
	return map[string]string{
		"POST /enrolments": `{"ins":"` + ins + `","familyName":"MARTIN","givenNames":"ZOE","birthDate":"1979-03-28","sex":"F","birthPlace":"75056",` +
			`"document":"passport","identityChecked":true}`,
		"POST /representations":     `{` + both + `,"kind":"parent","papersSeen":true}`,
		"POST /representations/end": `{` + both + `}`,
	}
}
