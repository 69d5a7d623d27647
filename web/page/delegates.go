package page

import (
	"slices"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// FieldCode is the field of an invitation's code.
const FieldCode = "code"

// Notices about who acts for whom.
const (
	NoticeInvited          Notice = "invitation"
	NoticeDelegateEnded    Notice = "acces-termine"
	NoticeDelegateRestored Notice = "acces-retabli"
	NoticeAccepted         Notice = "invitation-acceptee"
	NoticeDeclined         Notice = "invitation-refusee"
	NoticeGivenUp          Notice = "acces-rendu"
)

// delegateWords is the sentence of a notice about who acts for whom, empty for any other.
func (n Notice) delegateWords() string {
	switch n { //nolint:exhaustive // Words has the rest
	case NoticeInvited:
		return "Invitation prête. Donnez le code à la personne, de la main à la main ou par téléphone."
	case NoticeDelegateEnded:
		return "L’accès est terminé."
	case NoticeDelegateRestored:
		return "L’accès est rétabli."
	case NoticeAccepted:
		return "Invitation acceptée. Choisissez ci-dessous pour qui vous agissez."
	case NoticeDeclined:
		return "Invitation refusée. Si c’est une erreur, demandez un nouveau code à cette personne."
	case NoticeGivenUp:
		return "Vous n’agissez plus pour cette personne."
	}
	return ""
}

// Acting is for whom the viewer acts; nil on the pages of whoever acts for himself.
type Acting struct {
	Name   string // for whom
	Person string // the viewer, as messages name him
	As     rules.DelegationKind
	Rights rules.Rights
	Until  time.Time
	// Signature is the line that ends what the viewer writes for that person (R134).
	Signature string
}

// Title says by which title the viewer acts.
func (a Acting) Title() string { return titleWords(a.As) }

// MayReply reports whether the viewer may write. Whoever acts for himself may do everything.
func (v Viewer) MayReply() bool { return v.may(rules.MayReply) }

// MayManage reports whether the viewer may delete and keep what is there.
func (v Viewer) MayManage() bool { return v.may(rules.MayManage) }

// MayBlock reports whether the viewer may block and oppose.
func (v Viewer) MayBlock() bool { return v.may(rules.MayBlock) }

// MayGovern reports whether the viewer may close the account and name others.
func (v Viewer) MayGovern() bool { return v.may(rules.MayGovern) }

func (v Viewer) may(r rules.Rights) bool { return v.Acting == nil || v.Acting.Rights.Has(r) }

// titleWords names a kind of delegation.
func titleWords(k rules.DelegationKind) string {
	switch k {
	case rules.Parent:
		return "représentant légal"
	case rules.Guardian:
		return "représentant légal, tuteur"
	case rules.Protector:
		return "personne chargée de la protection"
	case rules.Caregiver:
		return "aidant"
	}
	return string(k)
}

// Delegates is the page of who acts for the patient.
type Delegates struct {
	Items  []conversations.DelegateLine
	Notice Notice
	Just   conversations.ID // whom the notice is about; empty: nobody
	Form   InviteForm
	Legal  bool // the viewer may invite a second legal representative

	Own     conversations.ID // the delegation by which the viewer is here; empty: he is the patient
	Patient string           // for whom he acts then
	GiveUp  string           // path of the page on which he ends it
}

// FieldInvite is the id of the invitation as a whole.
const FieldInvite = "inviter"

// InviteForm is what stands in the form of an invitation.
type InviteForm struct {
	Name, Until string
	Parent      bool // the other legal representative, else a caregiver
	Faults
}

func (p Delegates) title() string {
	if len(p.Form.Faults) > 0 {
		return "Aidants et représentants – invitation à corriger"
	}
	return "Aidants et représentants"
}
func (Delegates) template() string { return "delegates" }

// just is the delegation that the notice of an end or of its contrary is about; nil when there is none.
func (p Delegates) just() *conversations.DelegateLine {
	at := slices.IndexFunc(p.Items, func(d conversations.DelegateLine) bool { return d.ID == p.Just })
	if at < 0 || p.Notice != NoticeDelegateEnded && p.Notice != NoticeDelegateRestored {
		return nil
	}
	return &p.Items[at]
}

// Done says what was just done, and to whose access.
func (p Delegates) Done() string {
	pending := func(d conversations.DelegateLine) bool { return d.State == rules.DelegationPending }
	if p.Notice == NoticeInvited && !slices.ContainsFunc(p.Items, pending) { // accepted since: there is no code to give any more
		return ""
	}
	d := p.just()
	if d == nil || over(*d) != (p.Notice == NoticeDelegateEnded) { // an old address of the page, or changed since
		return p.Notice.Words()
	}
	who, invited := "L"+strings.TrimPrefix(p.Access(*d), "l"), d.Since.IsZero()
	switch {
	case !over(*d) && invited:
		return who + " est rétablie."
	case !over(*d):
		return who + " est rétabli."
	case invited:
		return who + " est retirée."
	}
	return who + " est terminé."
}

// Undo is the access whose end the viewer may still take back, right after it; nil: there is none.
func (p Delegates) Undo() *conversations.DelegateLine {
	if d := p.just(); d != nil && p.May(*d, string(conversations.ActRestore)) {
		return d
	}
	return nil
}

// Restorable reports whether the end of a delegation can be taken back in the list; what Undo offers is not offered twice.
func (p Delegates) Restorable(d conversations.DelegateLine) bool {
	just := p.Undo()
	return p.May(d, string(conversations.ActRestore)) && (just == nil || just.ID != d.ID)
}

// Access names what a person has: an access, or an invitation that was not accepted.
func (Delegates) Access(d conversations.DelegateLine) string {
	if d.Since.IsZero() {
		return "l’invitation de " + d.Name
	}
	return "l’accès de " + d.Name
}

// Standing lists those who act, and who are invited to.
func (p Delegates) Standing() []conversations.DelegateLine {
	return slices.DeleteFunc(slices.Clone(p.Items), func(d conversations.DelegateLine) bool { return over(d) })
}

// Over lists those who do not act any more.
func (p Delegates) Over() []conversations.DelegateLine {
	return slices.DeleteFunc(slices.Clone(p.Items), func(d conversations.DelegateLine) bool { return !over(d) })
}

func over(d conversations.DelegateLine) bool {
	return d.State != rules.DelegationAccepted && d.State != rules.DelegationPending
}

// Full reports whether no more caregiver can be invited (R133).
func (p Delegates) Full() bool {
	caregivers := 0
	for _, d := range p.Standing() {
		if d.Kind == rules.Caregiver {
			caregivers++
		}
	}
	return caregivers >= rules.MaxCaregivers
}

// Title names the title of a person.
func (Delegates) Title(d conversations.DelegateLine) string { return titleWords(d.Kind) }

// Does says what a person may do.
func (Delegates) Does(d conversations.DelegateLine) string {
	switch {
	case d.Kind == rules.Caregiver || d.Scope == rules.ScopeMessages:
		return "lit les messages et y répond"
	case d.Scope == rules.ScopeRead:
		return "lit les messages"
	}
	return "lit les messages, y répond et gère la messagerie"
}

// State says where a delegation stands.
func (Delegates) State(d conversations.DelegateLine) string {
	switch d.State {
	case rules.DelegationPending:
		return "Invitation en attente"
	case rules.DelegationAccepted:
		return "Accès ouvert"
	case rules.DelegationRefused:
		return "Invitation refusée"
	case rules.DelegationExpired:
		return "Invitation expirée"
	case rules.DelegationEnded:
		if d.Since.IsZero() {
			return "Invitation retirée"
		}
		return "Accès terminé"
	}
	return ""
}

// May reports whether the viewer may do something with a delegation.
func (Delegates) May(d conversations.DelegateLine, act string) bool {
	return slices.Contains(d.May, conversations.DelegateAct(act))
}

// Code is the code of an invitation in groups of four.
func (Delegates) Code(d conversations.DelegateLine) string { return conversations.ShownCode(d.Code) }

// Profiles is the page of those for whom the viewer may act.
type Profiles struct {
	Own    string // his own name
	Items  []ProfileLine
	Notice Notice
	Code   string // as typed
	Fault  string // what is wrong with it
}

// ProfileLine is one person for whom the viewer may act.
type ProfileLine struct {
	conversations.Profile
	Key    string
	Chosen bool
}

// held lists the delegations by which the viewer acts, the one that serves first.
func held(p conversations.Profile) []rules.Delegation {
	return append([]rules.Delegation{p.Delegation}, p.Beside...)
}

// heldTitles names the titles by which the viewer acts, the one that serves first.
func heldTitles(p conversations.Profile) string {
	var all []string
	for _, d := range held(p) {
		all = append(all, titleWords(d.Kind))
	}
	return enumerate(all)
}

// Title names the titles by which the viewer acts.
func (l ProfileLine) Title() string { return heldTitles(l.Profile) }

// HeldEnd is when one of the viewer's titles ends, and which it is where there are several.
type HeldEnd struct {
	As    string
	Until time.Time
}

// Ends lists the ends that are known.
func (l ProfileLine) Ends() []HeldEnd {
	var all []HeldEnd
	for _, d := range held(l.Profile) {
		end := HeldEnd{Until: d.Until}
		if len(l.Beside) > 0 {
			end.As = titleWords(d.Kind)
		}
		if !d.Until.IsZero() {
			all = append(all, end)
		}
	}
	return all
}

// Chosen reports whether the viewer acts for somebody now.
func (p Profiles) Chosen() bool {
	return slices.ContainsFunc(p.Items, func(l ProfileLine) bool { return l.Chosen })
}

func (p Profiles) title() string {
	if p.Fault != "" {
		return "Mes profils – code à corriger"
	}
	return "Mes profils"
}
func (Profiles) template() string { return "profiles" }

// Invitation is the page on which somebody accepts or refuses.
type Invitation struct {
	conversations.Invitation
	Code string
}

func (Invitation) title() string    { return "Invitation" }
func (Invitation) template() string { return "invitation" }

// Title names the title by which the viewer would act.
func (p Invitation) Title() string { return titleWords(p.Kind) }

// Caregiver reports whether it is an invitation of a caregiver.
func (p Invitation) Caregiver() bool { return p.Kind == rules.Caregiver }

// GiveUp is the page that asks whether the viewer really wants to act for somebody no more.
type GiveUp struct {
	conversations.Profile
	Key string
}

func (p GiveUp) title() string  { return "Ne plus agir pour " + p.Name }
func (GiveUp) template() string { return "giveup" }

// Titles names the titles by which the viewer acts, all of which end; empty: there is one alone.
func (p GiveUp) Titles() string {
	if len(p.Beside) == 0 {
		return ""
	}
	return heldTitles(p.Profile)
}

// Legal reports whether the law made the viewer act.
func (p GiveUp) Legal() bool {
	return slices.ContainsFunc(held(p.Profile), func(d rules.Delegation) bool { return d.Kind.Legal() })
}

// Caregiver reports whether the patient made the viewer act.
func (p GiveUp) Caregiver() bool {
	return slices.ContainsFunc(held(p.Profile), func(d rules.Delegation) bool { return d.Kind == rules.Caregiver })
}
