package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// Pages of those who enrol patients.
const (
	enrolPath          = "/pro/inscriptions"
	representationPath = "/pro/representations"
)

// officerPage is a page for those alone who are listed as enrolling patients (D26).
func officerPage(serve func(*App, visit) (view, error)) func(*App, visit) (view, error) {
	return func(a *App, v visit) (view, error) {
		if v.who.Enrols {
			return serve(a, v)
		}
		return view{status: http.StatusForbidden, page: page.Trouble{
			Heading: "Vous n’inscrivez pas de patients", What: "Seules les personnes que l’établissement a désignées inscrivent des patients.",
			Next: []page.Step{{Text: "Revenir aux échanges", Href: "/pro"}},
		}}, nil
	}
}

// enrolmentsPage shows the form, and the codes that the visitor handed over.
func enrolmentsPage(a *App, v visit) (view, error) {
	return a.enrolmentsView(v, page.EnrolmentForm{}, nil)
}

func (a *App) enrolmentsView(v visit, f page.EnrolmentForm, faults page.Faults) (view, error) {
	found, err := a.deps.Conversations.Enrolments(v.ctx, v.who.actor())
	if err != nil {
		return view{}, err
	}
	out, err := show(page.Enrolments{Items: found, Form: f, Faults: faults, Notice: page.Notice(v.query("fait"))})
	if len(faults) > 0 {
		out.status = http.StatusUnprocessableEntity
	}
	return out, err
}

// enrolmentForm reads the form, and what is wrong with it.
func (a *App) enrolmentForm(v visit) (page.EnrolmentForm, conversations.EnrolmentInput, page.Faults) {
	text := func(name string) string { return strings.Join(strings.Fields(v.form.value(name)), " ") }
	f := page.EnrolmentForm{
		INS: text(page.FieldINS), Family: text(page.FieldFamily), Given: text(page.FieldGiven), Birth: text(page.FieldBirth), Sex: text(page.FieldSex),
		Place: strings.ToUpper(text(page.FieldBirthplace)), Document: text(page.FieldDocument), Checked: v.form.value(page.FieldChecked) != "",
	}
	in := conversations.EnrolmentInput{
		Traits:   rules.Traits{Family: f.Family, Given: f.Given, Birth: f.Birth, Sex: rules.Sex(f.Sex), Place: f.Place},
		Document: conversations.DocumentKind(f.Document), Qualified: f.Checked,
	}
	var faults page.Faults
	var err error
	if in.INS, err = rules.ParseINS(strings.ReplaceAll(f.INS, " ", ""), a.cfg.CheckINSKey); err != nil {
		faults = append(faults, page.FieldError{Field: page.FieldINS, Text: insFault(err)})
	}
	if member := in.Fault(a.deps.Now()); member != "" {
		faults = append(faults, a.enrolmentFault(member, f))
	}
	return f, in, faults
}

// enrolmentFault says what is wrong with a member of an enrolment, and what to do (I219).
func (a *App) enrolmentFault(member string, f page.EnrolmentForm) page.FieldError {
	switch member {
	case "familyName":
		return page.FieldError{Field: page.FieldFamily, Text: "Écrivez le nom de naissance, tel que l’étiquette d’identité le porte."}
	case "givenNames":
		return page.FieldError{Field: page.FieldGiven, Text: "Écrivez les prénoms de naissance, le premier d’abord."}
	case "birthDate":
		if born, err := time.Parse(time.DateOnly, f.Birth); err == nil && born.After(a.deps.Now()) {
			return page.FieldError{Field: page.FieldBirth, Text: "La date de naissance ne peut pas être à venir."}
		}
		return page.FieldError{Field: page.FieldBirth, Text: "Écrivez la date de naissance\u00a0: le jour, le mois, l’année."}
	case "sex":
		return page.FieldError{Field: page.FieldSex, Text: "Choisissez le sexe."}
	case "birthPlace":
		return page.FieldError{Field: page.FieldBirthplace, Text: "Le code du lieu de naissance compte cinq caractères\u00a0; laissez vide s’il manque."}
	case "document":
		return page.FieldError{Field: page.FieldDocument, Text: "Choisissez la pièce que vous avez vue."}
	}
	return page.FieldError{Field: page.FieldChecked, Text: "Confirmez que l’INS est qualifiée et que vous avez vu la pièce."}
}

// confirmEnrolment shows everything back before anything is done (R28).
func confirmEnrolment(a *App, v visit) (view, error) {
	f, in, faults := a.enrolmentForm(v)
	if len(faults) > 0 {
		return a.enrolmentsView(v, f, faults)
	}
	return show(confirmedEnrolment(f, in))
}

// confirmedEnrolment is a form to send for one code.
func confirmedEnrolment(f page.EnrolmentForm, in conversations.EnrolmentInput) page.ConfirmEnrolment {
	return page.ConfirmEnrolment{Form: f, INS: in.INS, Unlike: in.INS.Unlike(in.Traits), Operation: rand.Text()}
}

// handCodeForm enrols, and shows the sheet to print. It is the answer to the form itself: nothing keeps the code, and
// the form that comes again, by a reload, is told so.
func handCodeForm(a *App, v visit) (view, error) {
	f, in, faults := a.enrolmentForm(v)
	if len(faults) > 0 || v.form.value(fieldAction) == "corriger" {
		return a.enrolmentsView(v, f, faults)
	}
	in.Operation = v.form.value(fieldOperation)
	issued, err := a.deps.Conversations.HandCode(v.ctx, v.who.actor(), in)
	switch conversations.KindOf(err) { //nolint:exhaustive // the rest is not about this patient
	case conversations.KindAlreadyLinked:
		return refusedEnrolment("Cette personne est déjà inscrite",
			"Une identité est déjà rattachée à sa messagerie\u00a0: il lui suffit de s’identifier. Si ce n’est plus la sienne, l’administrateur du service peut la détacher.")
	case conversations.KindPatientOpposed:
		return refusedEnrolment("Cette personne ne peut pas être inscrite",
			"Elle s’est opposée à l’ouverture de sa messagerie, ou celle-ci est suspendue. Elle seule, ou l’administrateur du service, peut y revenir.")
	}
	switch {
	case err != nil:
		return view{}, err
	case issued.Code == "":
		return show(page.CodeShown{ConfirmEnrolment: confirmedEnrolment(f, in)})
	}
	return show(page.EnrolmentCode{IssuedCode: issued, Service: a.cfg.Brand, Address: a.cfg.PublicURL})
}

// refusedEnrolment says why a patient is not enrolled.
func refusedEnrolment(heading, what string) (view, error) {
	return view{status: http.StatusConflict, page: page.Trouble{
		Heading: heading, What: what, Next: []page.Step{{Text: "Revenir aux inscriptions", Href: enrolPath}},
	}}, nil
}

// revokeCodeForm takes a code back.
func revokeCodeForm(a *App, v visit) (view, error) {
	if err := a.deps.Conversations.RevokeCode(v.ctx, v.who.actor(), v.id); err != nil {
		return view{}, err
	}
	return goTo(enrolPath + "?fait=" + string(page.NoticeRevoked))
}

// representationsPage shows the forms about legal representatives.
func representationsPage(a *App, v visit) (view, error) {
	return show(page.Representations{Notice: page.Notice(v.query("fait"))})
}

// representationForm reads whom both forms are about.
func (a *App) representationForm(v visit) (p page.Representations, patient, person rules.INS) {
	read := func(name string) (string, rules.INS) {
		text := strings.Join(strings.Fields(v.form.value(name)), "")
		ins, err := rules.ParseINS(text, a.cfg.CheckINSKey)
		if err != nil {
			p.Add(name, insFault(err))
		}
		return text, ins
	}
	p.Patient, patient = read(page.FieldINS)
	p.Person, person = read(page.FieldPerson2)
	return p, patient, person
}

// declaration reads the form that declares, and what is wrong with it.
func (a *App) declaration(v visit) (page.Representations, conversations.Declaration) {
	p, patient, person := a.representationForm(v)
	p.Title, p.Scope, p.Until, p.Papers = v.form.value(page.FieldTitle), v.form.value(fieldScope), v.form.value(fieldUntil), v.form.value(page.FieldPapers) != ""
	until, fault := a.lastDay(p.Until)
	if fault != "" {
		p.Add(fieldUntil, fault)
	}
	if !slices.ContainsFunc(p.Titles(), func(o page.Option) bool { return o.Value == p.Title }) {
		p.Add(page.FieldTitle, "Choisissez à quel titre cette personne agit.")
	}
	in := conversations.Declaration{Patient: patient, Person: person, Kind: rules.DelegationKind(p.Title), Until: until}
	if in.Kind == rules.Protector {
		if in.Scope = rules.DelegationScope(p.Scope); !slices.ContainsFunc(p.Scopes(), func(o page.Option) bool { return o.Value == p.Scope }) {
			p.Add(fieldScope, "Dites ce que le jugement permet.")
		}
	}
	if !p.Papers {
		p.Add(page.FieldPapers, "Confirmez que vous avez vu les papiers qui le prouvent.")
	}
	return p, in
}

// confirmRepresentation shows back who will read whose messages before anything is done (D28, R28).
func confirmRepresentation(a *App, v visit) (view, error) {
	p, in := a.declaration(v)
	if len(p.Faults) > 0 {
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	}
	return show(page.ConfirmRepresentation{Form: in, Representations: p, Now: a.deps.Now()})
}

// declareForm notes who acts for a patient by law (D28).
func declareForm(a *App, v visit) (view, error) {
	p, in := a.declaration(v)
	switch {
	case len(p.Faults) > 0:
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	case v.form.value(fieldAction) == "corriger":
		return show(p)
	}
	if err := a.deps.Conversations.DeclareRepresentation(v.ctx, v.who.actor(), in); err != nil {
		return representationAgain(p, err)
	}
	return goTo(representationPath + "?fait=" + string(page.NoticeDeclared))
}

// dismissForm ends whatever lets somebody act for a patient (R135).
func dismissForm(a *App, v visit) (view, error) {
	p, patient, person := a.representationForm(v)
	p.Ending = true
	if len(p.Faults) > 0 {
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	}
	if _, err := a.deps.Conversations.EndRepresentation(v.ctx, v.who.actor(), patient, person); err != nil {
		return representationAgain(p, err)
	}
	return goTo(representationPath + "?fait=" + string(page.NoticeRepresentationEnded))
}

// representationAgain shows the form again, with what the core says is wrong.
func representationAgain(p page.Representations, err error) (view, error) {
	switch conversations.KindOf(err) {
	case conversations.KindMailboxUnknown, conversations.KindNotFound:
		p.Faults = page.Faults{{Field: page.FieldINS, Text: "L’une des deux personnes n’est pas inscrite. Inscrivez d’abord chacune sous son propre matricule."}}
	case conversations.KindInvalidRequest:
		p.Faults = page.Faults{{Field: page.FieldTitle, Text: "Ce titre n’est pas possible\u00a0: un parent ou tuteur représente un mineur, la protection vise un majeur, le représentant est majeur, et il y en a deux au plus."}}
	default:
		return view{}, err
	}
	return view{status: http.StatusUnprocessableEntity, page: p}, nil
}
