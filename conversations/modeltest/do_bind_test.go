package modeltest

import (
	"fmt"

	"mesbridge/conversations"
	"mesbridge/rules"
)

var agent = conversations.Actor{Kind: conversations.ActorAgent, ID: "agent", Name: "A. Gent"}

// linked is the code of an account that has a login, or of a login that has one.
const linked = "already-linked"

// bind enrols a patient face to face, and has somebody try the code: the person, a stranger, or nobody (D26, I76).
func (w *world) bind(d dice) {
	p := pick(d, w.patients)
	who := pick(d, []string{"own", "own", "stranger", "nobody", "revoked"})
	w.say("%s is enrolled, and the code is tried by %s", w.who(p), who)
	given, family := cutName(p.name)
	traits := rules.Traits{Family: family, Given: given, Birth: "1979-03-28", Sex: rules.Female}
	issued, err := w.service().HandCode(w.ctx, agent, conversations.EnrolmentInput{
		INS: w.insOf(p), Traits: traits, Document: conversations.Passport, Qualified: true,
	})
	if p.account == "purged" { // what was erased begins anew, even when it is refused then
		p.account, p.since = "absent", w.now
	}
	want := answer{}
	switch {
	case p.account == "suspended", p.dead():
		want = answer{opposed, "D16"}
	case p.account == "opposed":
		want = answer{opposed, "R140"}
	case p.login != "":
		want = answer{linked, "D26"}
	case p.account == "absent":
		p.move("not-activated")
	}
	if !w.agree("hand code", err, want) || err != nil {
		return
	}
	w.texts++
	login := conversations.Login{Issuer: "https://fc.test", Subject: fmt.Sprint("s", w.texts), Traits: traits}
	switch want = (answer{missing, "D26"}); who {
	case "nobody":
		return
	case "stranger":
		login.Traits.Birth, want.rule = "1979-03-29", "I76"
	case "revoked":
		w.agree("revoke", w.service().RevokeCode(w.ctx, agent, issued.ID), answer{})
	case "own":
		p.login, want = login.Subject, answer{}
	}
	_, err = w.service().BindByCode(w.ctx, login, issued.Code)
	w.agree("bind", err, want)
	w.lookAtLogin(p, login)
}

// unlink ends the binding of a login.
func (w *world) unlink(d dice) {
	p := w.someone(d)
	w.say("the login of %s is unlinked", w.who(p))
	login := conversations.Login{Issuer: "https://fc.test", Subject: p.login}
	found, err := w.service().Unbind(w.ctx, agent, w.insOf(p))
	want := answer{}
	if p.account == "purged" {
		want = answer{unknown, "O117"}
	}
	if found != (p.login != "") {
		w.wrong("unlinked %v, and the login is %q", found, p.login)
	}
	p.login = ""
	if w.agree("unlink", err, want) {
		w.lookAtLogin(p, login)
	}
}

// lookAtLogin compares where a login leads.
func (w *world) lookAtLogin(p *patient, login conversations.Login) {
	got, err := w.service().LedTo(w.ctx, login)
	switch leads := login.Subject != "" && p.login == login.Subject; {
	case leads && (err != nil || got.ID != w.id(p)):
		w.wrong("the login leads to %v, %v", got.ID == w.id(p), err)
	case !leads && conversations.KindOf(err) != conversations.KindNotFound:
		w.wrong("the login leads somewhere: %v", err)
	}
}

// cutName parts a name of the tests.
func cutName(name string) (given, family string) {
	_, _ = fmt.Sscan(name, &given, &family)
	return given, family
}
