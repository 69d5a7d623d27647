package web

import (
	"net/http"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
	"mesbridge/web/page"
)

// objections lists what the patient declared (D14 b, c).
func objections(a *App, r request, p conversations.PatientID) (answer, error) {
	found, err := a.deps.Conversations.Objections(r.ctx, p)
	if err != nil {
		return answer{}, err
	}
	items, next, err := pageOf(r, found, func(o conversations.Objection) string { return string(o.ID) })
	if err != nil {
		return answer{}, err
	}
	return ok(listOf(items, next, time.Time{}, objectionOf))
}

// object declares an objection under the caller's id: {kind?, scope, value?}.
func object(a *App, r request, p conversations.PatientID) (answer, error) {
	kind, scope, value := string(rules.AgainstMessages), "", ""
	err := jsonbody.Decode(r.body, jsonbody.Fields{
		"kind": jsonbody.Into(&kind), "scope": jsonbody.Into(&scope), "value": jsonbody.Into(&value),
	})
	if err != nil {
		return answer{}, err
	}
	o := rules.Objection{
		ID: rules.ObjectionID(r.id), Kind: rules.ObjectionKind(kind), Scope: rules.RefusalScope(scope), Value: value,
	}
	if err := checkObjection(o); err != nil {
		return answer{}, err
	}
	declared, err := a.deps.Conversations.Object(r.ctx, r.who.actor(), p, o)
	if err != nil {
		return answer{}, err
	}
	return ok(objectionOf(declared))
}

// maxScopeValue is the longest structure or profession code taken, in octets.
const maxScopeValue = 64

// checkObjection names the member at fault; rules decide again.
func checkObjection(o rules.Objection) error {
	switch {
	case o.Kind != rules.AgainstMessages && o.Kind != rules.AgainstExchange:
		return invalid("kind", "messages or exchange.")
	case o.Scope != rules.Everyone && o.Scope != rules.WholeStructure && o.Scope != rules.WholeProfession:
		return invalid("scope", "everyone, structure or profession.")
	case o.Scope == rules.Everyone && o.Value != "":
		return invalid("value", "The scope everyone takes no value.")
	case o.Scope != rules.Everyone && (o.Value == "" || len(o.Value) > maxScopeValue):
		return invalid("value", "The national identifier of a structure, or a profession code.")
	}
	return nil
}

// withdraw lifts an objection; lifting none is the same.
func withdraw(a *App, r request, p conversations.PatientID) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.Withdraw(r.ctx, r.who.actor(), p, rules.ObjectionID(r.id))
}

// history lists what was done with the patient's messages (O159).
func history(a *App, r request, p conversations.PatientID) (answer, error) {
	cursor, limit, err := place(r)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.History(r.ctx, p, cursor, limit)
	if err != nil {
		return answer{}, ofList(err)
	}
	return ok(listOf(found.Items, found.Next, time.Time{}, historyOf))
}

// documents lists what the patient saved (I178).
func documents(a *App, r request, p conversations.PatientID) (answer, error) {
	cursor, limit, err := place(r)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Documents(r.ctx, p, cursor, limit)
	if err != nil {
		return answer{}, ofList(err)
	}
	return ok(listOf(found.Items, found.Next, time.Time{}, documentOf))
}

// saveAttachment saves an attachment among the patient's documents (I179): 201 with the document, 200 when it
// is there already.
func saveAttachment(a *App, r request, p conversations.PatientID) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	d, saved, err := a.deps.Conversations.SaveDocument(detached(r.ctx), r.who.actor(), p, r.id)
	switch {
	case conversations.KindOf(err) == conversations.KindInvalidRequest && err != nil:
		return answer{}, notSavable()
	case err != nil:
		return answer{}, err
	case !saved:
		return ok(documentOf(d))
	}
	return answer{status: http.StatusCreated, location: apiBase + "/inbox/documents/" + string(d.ID), body: documentOf(d)}, nil
}

// notSavable refuses a document of a kind or size that is not kept (R105, I179).
func notSavable() *problem {
	return &problem{
		status: http.StatusUnprocessableEntity, code: codeInvalidRequest,
		english: "The document is too large or of a kind that is not kept.",
		french:  "Ajout aux documents impossible : la pièce-jointe est trop lourde ou de type non supporté",
	}
}

// objectionShape is one objection of the patient. It names those whom it binds, never their addresses.
type objectionShape struct {
	ID     string              `json:"id"`
	Kind   rules.ObjectionKind `json:"kind"`
	Scope  rules.RefusalScope  `json:"scope"`
	Value  *string             `json:"value"`
	Name   *string             `json:"name"`
	At     *string             `json:"at"`
	Binds  []string            `json:"binds"`
	Unsure bool                `json:"unsure"`
	Told   bool                `json:"told"`
}

func objectionOf(o conversations.Objection) objectionShape {
	return objectionShape{
		ID: string(o.ID), Kind: o.Kind, Scope: o.Scope, Value: optional(o.Value), Name: optional(o.Meaning), At: stamp(o.At),
		Binds: names(o.Binds), Unsure: o.Unsure, Told: o.Told,
	}
}

// historyShape is one act: a code for programs, a sentence for people.
type historyShape struct {
	ID           conversations.ID `json:"id"`
	At           *string          `json:"at"`
	Code         string           `json:"code"`
	Text         string           `json:"text"`
	Actor        actorShape       `json:"actor"`
	With         *string          `json:"with"`
	Conversation *string          `json:"conversation"`
}

type actorShape struct {
	Kind conversations.ActorKind `json:"kind"`
	Name *string                 `json:"name"`
}

func historyOf(l conversations.HistoryLine) historyShape {
	return historyShape{
		ID: l.ID, At: stamp(l.At), Code: l.Code, Text: page.Sentence(l), With: optional(l.With), Conversation: optional(string(l.Thread)),
		Actor: actorShape{Kind: l.ActorKind, Name: optional(l.Actor)},
	}
}

// documentShape is one saved document.
type documentShape struct {
	attachmentShape
	SavedAt *string          `json:"savedAt"`
	From    *string          `json:"from"`
	Source  conversations.ID `json:"source"`
}

func documentOf(d conversations.Document) documentShape {
	return documentShape{attachmentShape: attachmentOf(d.AttachmentLine), SavedAt: stamp(d.SavedAt), From: optional(d.From), Source: d.Source}
}
