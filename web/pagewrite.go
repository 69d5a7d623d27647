package web

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/filetype"
	"mesbridge/web/page"
)

// writePath is where a professional says to whom he writes.
const writePath = "/pro/ecrire"

// What the forms of a professional say is wrong, with what to do (I219).
const (
	faultINS          = "Un matricule INS n’a que des chiffres (2A ou 2B pour la Corse) et commence par 1, 2, 7 ou 8. Recopiez-le depuis le dossier du patient."
	faultINSLength    = "Le matricule INS doit compter 15 caractères, clé comprise. Recopiez-le depuis le dossier du patient."
	faultINSKey       = "La clé ne correspond pas au matricule\u00a0: un chiffre est faux. Recopiez-le depuis le dossier du patient."
	faultQualified    = "Confirmez que l’identité est qualifiée\u00a0: on n’écrit qu’à une INS qualifiée."
	faultConfirmed    = "Confirmez que c’est bien ce patient."
	faultSubject      = "Écrivez un objet de 255 caractères au plus, sans «\u00a0[FIN]\u00a0»."
	faultReason       = "Dites pourquoi vous écrivez malgré l’opposition enregistrée."
	faultConfidential = "Ce patient est mineur\u00a0: dites si le message est confidentiel. S’il l’est, n’utilisez pas ce canal, que ses représentants lisent."
	faultCopies       = "Mettez dix professionnels en copie au plus."
	faultCopyOutside  = "Un professionnel en copie n’est plus dans l’espace de confiance MSSanté\u00a0: décochez-le."
	faultWrong        = "Le document joint concerne un autre patient que le destinataire. Vérifiez l’identité."
)

// writePage asks from which mailbox and to whom a professional writes.
func writePage(a *App, v visit) (view, error) {
	boxes, _ := a.choices(v)
	return show(page.Identify{Mailboxes: boxes})
}

// insFault says what is wrong with a matricule as it was typed (R13, R16).
func insFault(err error) string {
	switch {
	case errors.Is(err, rules.ErrINSLength):
		return faultINSLength
	case errors.Is(err, rules.ErrINSKey):
		return faultINSKey
	}
	return faultINS
}

// addressee is from which mailbox to whom a form writes.
type addressee struct {
	mailbox conversations.Address
	choice  page.Choice
	ins     rules.INS
	pair    conversations.ID           // exchange that the form names; empty: it names a matricule
	known   conversations.ExchangeLine // of pair
}

// addressed reads from which mailbox and to whom a form writes: by an exchange, or by a matricule that the
// professional vouches for (R25).
func (a *App) addressed(v visit) (addressee, page.Faults, error) {
	if pair := v.form.value(page.FieldExchange); pair != "" {
		id, err := outsideID(pair)
		if err != nil {
			return addressee{}, nil, err
		}
		e, err := a.deps.Conversations.Exchange(v.ctx, v.who.Mailboxes, id)
		if err != nil {
			return addressee{}, nil, toProfessional(err)
		}
		choice := page.Choice{Key: a.mailboxKey(e.Mailbox), Address: e.Mailbox.Wire(), Chosen: true}
		return addressee{mailbox: e.Mailbox, choice: choice, ins: e.Patient.INS, pair: id, known: e}, nil, nil
	}
	at := slices.IndexFunc(v.who.Mailboxes, func(m conversations.Address) bool { return a.mailboxKey(m) == v.form.value(page.FieldMailbox) })
	if at < 0 {
		return addressee{}, nil, notFound()
	}
	m := v.who.Mailboxes[at]
	to := addressee{mailbox: m, choice: page.Choice{Key: a.mailboxKey(m), Address: m.Wire(), Chosen: true}}
	var faults page.Faults
	ins, err := rules.ParseINS(strings.Join(strings.Fields(v.form.value(page.FieldINS)), ""), a.cfg.CheckINSKey)
	if err != nil {
		faults = append(faults, page.FieldError{Field: page.FieldINS, Text: insFault(err)})
	}
	if v.form.value(page.FieldQualified) == "" {
		faults = append(faults, page.FieldError{Field: page.FieldQualified, Text: faultQualified})
	}
	to.ins = ins
	return to, faults, nil
}

// composePage shows the patient to confirm and the verdict, before a word is typed (R28, D29).
func composePage(a *App, v visit) (view, error) {
	to, faults, err := a.addressed(v)
	if err != nil {
		return view{}, err
	}
	if len(faults) > 0 {
		boxes, _ := a.choices(v)
		for i := range boxes {
			boxes[i].Chosen = boxes[i].Key == to.choice.Key
		}
		return view{status: http.StatusUnprocessableEntity, page: page.Identify{
			Mailboxes: boxes, INS: v.form.value(page.FieldINS), Qualified: v.form.value(page.FieldQualified) != "", Copies: a.copies(v), Faults: faults,
		}}, nil
	}
	return a.composeView(v, to, page.ComposeForm{Operation: rand.Text(), Template: conversations.ID(v.form.value(page.FieldTemplate)), Copies: a.copies(v)})
}

// composeView is the page with a form as it was typed. Where the verdict is final, who has not typed a word is not shown
// the form: nobody writes what cannot leave (D29).
func (a *App) composeView(v visit, to addressee, f page.ComposeForm) (view, error) {
	f.CopyAction = writePath + "/annuaire#" + page.FieldCopy
	p := page.Compose{
		Mailbox: to.choice, INS: to.ins, Exchange: string(to.pair), Known: to.known, Years: to.ins.BirthYears(a.deps.Now()), Form: f,
	}
	if err := a.lookUp(v, to, &p); err != nil {
		return view{}, err
	}
	var err error
	if p.Advice, err = a.advice(v, to, f); err != nil {
		return view{}, err
	}
	p.Form.AskReason = f.AskReason || p.Advice == page.AdviceReason
	p.Closed = p.Advice.Final() && f.Subject == "" && f.Text == ""
	if err := a.offerTemplates(v, to.mailbox, &p.Form); err != nil {
		return view{}, err
	}
	out, err := show(p)
	if len(f.Faults) > 0 {
		out.status = http.StatusUnprocessableEntity
	}
	return out, err
}

// lookUp adds to a page what the mailbox's own register says of a matricule that was typed (D29).
func (a *App) lookUp(v visit, to addressee, p *page.Compose) (err error) {
	if to.pair != "" {
		return nil
	}
	p.Known, err = a.deps.Conversations.ExchangeWith(v.ctx, to.mailbox, to.ins)
	switch kind := conversations.KindOf(err); {
	case err == nil:
	case kind == conversations.KindNotFound, kind == conversations.KindMailboxUnknown:
		p.Stranger = true
	case !kind.Temporary():
		return toProfessional(err)
	}
	return nil
}

// advice asks for the verdict. A search for somebody to put in copy asks nothing about the patient, and leaves no trace
// with him: what was said before it stands in the form (D29).
func (a *App) advice(v visit, to addressee, f page.ComposeForm) (page.Advice, error) {
	if f.CopySearched {
		return page.AdviceNamed(v.form.value(page.FieldAdvice)), nil
	}
	switch verdict, err := a.deps.Conversations.Ask(v.ctx, v.who.actor(), to.mailbox, to.ins); {
	case err == nil:
		return page.AdviceOf(verdict, verdict.Rule == ruleSoft), nil
	case conversations.KindOf(err) == conversations.KindRateLimited:
		return page.AdviceLimited, nil
	case !conversations.KindOf(err).Temporary():
		return "", toProfessional(err)
	}
	return page.AdviceNone, nil
}

// searchesByEnter reports whether the Enter key sent a form in which a colleague's name or place stands: whoever types
// there looks for him, and means to send nothing yet.
func searchesByEnter(v visit) bool {
	return v.form.value(page.FieldEnter) != "" && typed(v, page.FieldCopyName)+typed(v, page.FieldCopyPlace) != ""
}

// sendForm sends a first message.
func sendForm(a *App, v visit) (view, error) {
	if searchesByEnter(v) {
		return composeCopyForm(a, v)
	}
	to, faults, err := a.addressed(v)
	if err != nil {
		return view{}, err
	}
	if len(faults) > 0 {
		return composePage(a, v)
	}
	f, in := a.readCompose(v)
	if strings.TrimSpace(f.Subject) == "" || checkSubject(f.Subject) != nil {
		f.Add(page.FieldSubject, faultSubject)
	}
	if !f.Confirmed {
		f.Add(page.FieldConfirmed, faultConfirmed)
	}
	if len(f.Faults) > 0 {
		return a.composeView(v, to, f.ComposeForm)
	}
	in.Mailbox, in.INS, in.Subject, in.Confidential = to.mailbox, to.ins, f.Subject, rules.Confidential(f.Confidential)
	t, err := a.deps.Conversations.OpenThread(v.ctx, v.who.actor(), in)
	if err == nil {
		return goTo(atDeskThread(t.ID) + "?fait=" + string(page.NoticeSent))
	}
	if conversations.KindOf(err) == conversations.KindMailboxUnknown {
		return view{status: http.StatusNotFound, page: a.nobodyThere(to, problemOf(err), v.form.typed())}, nil
	}
	if !f.refusedBy(err) {
		return view{}, toProfessional(err)
	}
	return a.composeView(v, to, f.ComposeForm)
}

// nobodyThere tells that a matricule has no mailbox, which nothing said before the message was sent (D29). It shows to
// who typed the matricule what it means: the page to type it on is empty.
func (a *App) nobodyThere(to addressee, p *problem, typed string) page.Trouble {
	t := page.Trouble{
		Heading: "Votre message n’a pas été envoyé", What: p.title(true), Text: typed,
		Next: []page.Step{{Text: "Vérifier le matricule INS", Href: writePath}, stepHome()},
	}
	if to.pair == "" {
		t.Given = page.Compose{INS: to.ins, Years: to.ins.BirthYears(a.deps.Now())}.Typed()
	}
	return t
}

// composeForm is a form with what reads and faults it.
type composeForm struct{ page.ComposeForm }

// readCompose reads what both forms of a professional share, with what is wrong with it.
func (a *App) readCompose(v visit) (composeForm, conversations.ThreadInput) {
	f := composeForm{page.ComposeForm{
		Subject: strings.TrimSpace(v.form.value(page.FieldSubject)), Text: v.form.text(), Reason: strings.TrimSpace(v.form.value(page.FieldReason)),
		Confidential: v.form.value(page.FieldConfidential), Confirmed: v.form.value(page.FieldConfirmed) != "",
		NoReply: v.form.value(page.FieldNoReply) != "", Receipt: v.form.value(page.FieldReceipt) != "",
		Operation: cmp.Or(v.form.value(fieldOperation), rand.Text()),
		Copies:    a.copies(v), CopyName: typed(v, page.FieldCopyName), CopyPlace: typed(v, page.FieldCopyPlace),
	}}
	in := conversations.ThreadInput{Text: f.Text, NoReply: f.NoReply, ReadReceipt: f.Receipt, Acknowledged: f.Reason, Operation: f.Operation, CopyTo: copiesTo(f.Copies)}
	f.FilesAgain = v.form.cut || len(v.form.files) > 0
	f.AskReason, f.AskConfidential = f.Reason != "", f.Confidential != ""
	switch {
	case v.form.cut:
		f.Add(page.FieldFiles, faultSize)
		return f, in
	case f.Text == "":
		f.Add(page.FieldText, faultNoText)
	}
	if len(f.Operation) > maxOperation {
		in.Operation = rand.Text()
	}
	if len(in.CopyTo) > conversations.MaxCopies {
		f.Add(page.FieldCopy, faultCopies)
	}
	if len(v.form.files) > maxAttachments {
		f.Add(page.FieldFiles, faultMany)
	}
	for _, one := range v.form.files {
		kind, text := typeOf(one)
		if text != "" {
			f.Add(page.FieldFiles, text)
			break
		}
		in.Attachments = append(in.Attachments, conversations.Attachment{Name: one.name, Type: kind, Content: one.content})
	}
	if asMail(in.Text, in.Attachments) > a.cfg.MaxMessageBytes {
		f.Add(page.FieldFiles, faultSize)
	}
	return f, in
}

// typeOf returns the media type of a professional's document, which may be of any kind, or what is wrong with
// it.
func typeOf(f file) (kind, fault string) {
	switch {
	case !goodFileName(f.name):
		return "", faultName
	case len(f.content) == 0:
		return "", strings.Replace(faultEmpty, "%s", f.name, 1)
	}
	kind, err := filetype.Check(f.name, f.content)
	if err != nil {
		return "application/octet-stream", "" //nolint:nilerr // what no page can show is carried all the same
	}
	return kind, ""
}

// refusedBy adds to the form what the core refused, when the professional can mend it, and reports whether he
// can.
func (f *composeForm) refusedBy(err error) bool {
	var core *conversations.Error
	if !errors.As(err, &core) {
		return false
	}
	fault := func(field, text string) bool {
		f.Add(field, text)
		return true
	}
	switch core.Kind { //nolint:exhaustive // the others are told by a page of their own
	case conversations.KindMinorConfidential:
		f.AskConfidential = true
		return fault(page.FieldConfidential, faultConfidential)
	case conversations.KindObjectionRecorded:
		if core.Rule != ruleSoft {
			return false
		}
		f.AskReason = true
		return fault(page.FieldReason, faultReason)
	case conversations.KindInvalidRequest:
		return core.Rule == ruleCopies && fault(page.FieldCopy, faultCopyOutside)
	case conversations.KindWrongPatient:
		return fault(page.FieldFiles, faultWrong)
	case conversations.KindTooLarge:
		return fault(page.FieldFiles, faultSize)
	case conversations.KindStaleState, conversations.KindUnavailable, conversations.KindInternal:
		return fault(page.FieldForm, faultLater)
	}
	return false
}
