package page

import (
	"html/template"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/filetype"
)

// Delete is the confirmation page of the deletion of a conversation (R115).
type Delete struct{ conversations.Thread }

func (p Delete) title() string  { return "Supprimer la conversation " + shownSubject(p.Subject) }
func (Delete) template() string { return "delete" }

// ShownSubject is the subject, or words for none.
func (p Delete) ShownSubject() string { return shownSubject(p.Subject) }

// Documents is the list of what the patient saved (I178).
type Documents struct {
	Items   []conversations.Document
	Next    string
	Further bool
	Notice  Notice
}

// See reports whether a page of ours shows a document.
func (Documents) See(d conversations.Document) bool { return filetype.Shown(d.Type, d.Name) != "" }

func (p Documents) title() string {
	if p.Further {
		return "Mes documents, suite"
	}
	return "Mes documents"
}
func (Documents) template() string { return "documents" }

// DeleteDocument is the confirmation page of the deletion of a saved document.
type DeleteDocument struct{ conversations.Document }

func (p DeleteDocument) title() string  { return "Supprimer le document " + p.Name }
func (DeleteDocument) template() string { return "deletedocument" }

// History is one page of what was done with the patient's messages (O159).
type History struct {
	Items   []conversations.HistoryLine
	Next    string
	Further bool
}

func (p History) title() string {
	if p.Further {
		return "Mon historique, suite"
	}
	return "Mon historique"
}
func (History) template() string { return "history" }

// By names the professional who acted, with his exercise situation (I46) or under whose responsibility (D27); empty when
// the sentence says it, or nobody did.
func (History) By(l conversations.HistoryLine) string {
	if l.ActorKind != conversations.ActorProfessional {
		return ""
	}
	return l.Actor
}

// Lines are the lines to show: a professional's program asks more than once whether it may write, and each time is in the
// journal (D29); what follows itself is told once, with how often.
func (p History) Lines() []HistoryShown {
	var all []HistoryShown
	for _, l := range p.Items {
		if n := len(all) - 1; n >= 0 && l.Code == string(rules.VerdictAsked) && Sentence(l) == Sentence(all[n].HistoryLine) && p.By(l) == p.By(all[n].HistoryLine) {
			all[n].Times++
			continue
		}
		all = append(all, HistoryShown{l, 1})
	}
	return all
}

// HistoryShown is a line of the history, and how often it follows itself.
type HistoryShown struct {
	conversations.HistoryLine
	Times int
}

// Sentence is a line in words.
func (History) Sentence(l conversations.HistoryLine) string { return Sentence(l) }

// Account is the page of the patient's account (D16).
type Account struct {
	conversations.Account
	Notice Notice
}

func (p Account) title() string  { return "Mon compte" + nbsp + ": " + stateWords(p.State) }
func (Account) template() string { return "account" }

// Done says what a command of the account brought about, empty for none.
func (p Account) Done() string {
	if p.Notice != NoticeAccount {
		return ""
	}
	switch p.State { //nolint:exhaustive // no command of the holder leads to another state on this page
	case rules.Active:
		if p.Closure.Some {
			return "Votre messagerie est rouverte. Vos oppositions restent en place."
		}
		return "Votre messagerie est ouverte" + nbsp + ": les professionnels peuvent vous écrire."
	case rules.MessagingClosed:
		return "Votre messagerie est fermée" + nbsp + ": vous pouvez relire, personne ne peut plus vous écrire ici."
	case rules.Opposed:
		return "Votre opposition est enregistrée" + nbsp + ": personne ne peut vous écrire ici."
	}
	return "Votre compte est maintenant dans cet état" + nbsp + ": " + stateWords(p.State) + "."
}

// StateWords names the state of the account.
func (p Account) StateWords() string { return stateWords(p.State) }

// Room is how much of the mailbox is taken; nothing of an account that cannot be read in.
func (p Account) Room() Room {
	if !p.Reads() {
		return Room{}
	}
	return Room(p.Storage)
}

// Reads reports whether messages can be read in this state.
func (p Account) Reads() bool { return p.State.Reads() }

// Foremost is the command by which the holder can be written to again, nil while he can.
func (p Account) Foremost() *CommandChoice {
	for _, c := range p.Commands {
		if opens(c) {
			return &CommandChoice{Path: pathOf(c), Words: commandWords(c)}
		}
	}
	return nil
}

// Others lists the other commands that the holder may give, in words.
func (p Account) Others() []CommandChoice {
	var list []CommandChoice
	for _, c := range p.Commands {
		if !opens(c) {
			list = append(list, CommandChoice{Path: pathOf(c), Words: commandWords(c)})
		}
	}
	return list
}

func opens(c rules.AccountCommand) bool {
	return c == rules.ActivateAccount || c == rules.ReopenMessaging || c == rules.ReopenAccount
}

// CommandChoice is a command as a link.
type CommandChoice struct{ Path, Words string }

func stateWords(s rules.AccountState) string {
	switch s {
	case rules.Active, rules.NotActivated:
		return "messagerie ouverte"
	case rules.MessagingClosed:
		return "messagerie fermée"
	case rules.Suspended:
		return "accès suspendu"
	case rules.Closed:
		return "compte fermé"
	case rules.Purged:
		return "compte effacé"
	case rules.Absent, rules.Opposed:
		return "messagerie non ouverte"
	}
	return "messagerie non ouverte"
}

// Command is the confirmation page of a command of the account.
type Command struct {
	Command rules.AccountCommand
	Account conversations.Account
	Fault   bool // the tick was missing
}

func (p Command) title() string  { return commandWords(p.Command) }
func (Command) template() string { return "command" }

// Words names the command.
func (p Command) Words() string { return commandWords(p.Command) }

// Path is where the form goes.
func (p Command) Path() string { return pathOf(p.Command) }

// Final reports whether nothing undoes the command.
func (p Command) Final() bool { return p.Command == rules.EraseAccount }

// TakeFirst reports whether the holder may want a copy of his data before, and can have one.
func (p Command) TakeFirst() bool {
	return (p.Command == rules.CloseAccount || p.Command == rules.EraseAccount) && p.Account.State.Reads()
}

// Effects says what the command does, one sentence each.
func (p Command) Effects() []string {
	switch p.Command { //nolint:exhaustive // the others are not the holder's
	case rules.CloseMessaging:
		return []string{
			"Les professionnels ne pourront plus vous écrire ici et vous ne pourrez plus répondre.",
			"Vous pourrez toujours relire vos messages.", "Vous pourrez rouvrir votre messagerie quand vous voudrez.",
		}
	case rules.ReopenMessaging:
		return []string{p.writers(), "Vous retrouverez vos échanges comme avant la fermeture."}
	case rules.CloseAccount:
		return []string{
			"Les professionnels ne pourront plus vous écrire ici. Vous ne pourrez plus lire vos messages ni répondre.",
			"Vos connexions prennent fin sur tous vos appareils.",
			"Tant que le compte est fermé, vos aidants et représentants ne peuvent pas lire vos messages, et vous ne pouvez pas agir pour quelqu’un d’autre.",
			"Vos messages sont archivés pendant dix ans, puis effacés.", "Pendant ce temps, vous pourrez rouvrir votre compte et les retrouver.",
		}
	case rules.ReopenAccount:
		return []string{"Vous retrouverez vos messages et vos échanges comme avant la fermeture.", p.writers()}
	case rules.EraseAccount:
		return []string{
			"Tous vos messages, vos pièces jointes et vos documents enregistrés ici sont effacés tout de suite et pour toujours.",
			"Personne ne pourra les retrouver, pas même nous. Les professionnels gardent leurs propres copies.",
			"Vos connexions prennent fin. L’accès de vos aidants et représentants prend fin pour toujours, comme celui que vous avez aux messages de quelqu’un d’autre.",
			"Les traces des opérations, sans contenu, sont gardées le temps prévu par la loi.",
		}
	case rules.ActivateAccount:
		return []string{"Votre messagerie sera ouverte\u00a0: les professionnels de santé pourront vous y écrire."}
	}
	return nil
}

// writers says who can write again once the mailbox is open.
func (p Command) writers() string {
	switch c := p.Account.Closure; {
	case c.Everyone:
		return "Vous vous opposez aux messages de tous\u00a0: cette opposition reste en place, et personne ne pourra vous écrire tant qu’elle dure."
	case c.Some:
		return "Les professionnels pourront de nouveau vous écrire, sauf ceux à qui vous vous opposez."
	}
	return "Les professionnels pourront de nouveau vous écrire."
}

func commandWords(c rules.AccountCommand) string {
	switch c { //nolint:exhaustive // the others are not the holder's
	case rules.CloseMessaging:
		return "Fermer ma messagerie"
	case rules.ReopenMessaging:
		return "Rouvrir ma messagerie"
	case rules.CloseAccount:
		return "Fermer mon compte"
	case rules.ReopenAccount:
		return "Rouvrir mon compte"
	case rules.EraseAccount:
		return "Effacer toutes mes données"
	case rules.ActivateAccount:
		return "Ouvrir ma messagerie"
	}
	return string(c)
}

// pathOf and CommandOf translate between a command and its place in a path.
func pathOf(c rules.AccountCommand) string {
	switch c { //nolint:exhaustive // the others are not the holder's
	case rules.CloseMessaging:
		return "fermer-messagerie"
	case rules.ReopenMessaging:
		return "rouvrir-messagerie"
	case rules.CloseAccount:
		return "fermer"
	case rules.ReopenAccount:
		return "rouvrir"
	case rules.EraseAccount:
		return "effacer"
	case rules.ActivateAccount:
		return "ouvrir"
	}
	return ""
}

// CommandOf reads a command from a path, empty for none.
func CommandOf(path string) rules.AccountCommand {
	for _, c := range []rules.AccountCommand{
		rules.CloseMessaging, rules.ReopenMessaging, rules.CloseAccount, rules.ReopenAccount, rules.EraseAccount, rules.ActivateAccount,
	} {
		if pathOf(c) == path {
			return c
		}
	}
	return ""
}

// Terms is the page of the terms of use (D32).
type Terms struct {
	Version    string
	Hash       string
	Text       template.HTML
	Back       string // path to go on to; empty: home
	AcceptedAt time.Time
}

func (p Terms) title() string {
	if p.AcceptedAt.IsZero() {
		return "Conditions d’utilisation à accepter"
	}
	return "Conditions d’utilisation"
}
func (Terms) template() string { return "terms" }
