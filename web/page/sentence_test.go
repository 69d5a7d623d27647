package page_test

import (
	"slices"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// O159, R71: each kind of act in the patient's history has a line of its own, which names no address.
func TestSentence_eachKindHasItsLine(t *testing.T) {
	t.Parallel()
	kinds := []rules.ChangeKind{
		rules.MessageReceived, rules.ReplySent, rules.ExchangeEnded, rules.ConversationEnded, rules.BlockSet, rules.BlockLifted,
		rules.AccountChanged, rules.ObjectionSet, rules.ObjectionLifted, rules.OppositionRecorded, rules.ConversationDeleted,
		rules.ConversationPurged, rules.DocumentSaved, rules.DocumentDeleted, rules.TermsAccepted, rules.VisitOpened,
		rules.VisitClosed, rules.VerdictAsked, rules.ConversationOpened, rules.ReceiptSent, rules.LifeNoted,
		rules.ChangeKind(conversations.TraceDownload), rules.ChangeKind(conversations.TraceTaken), rules.ChangeKind(conversations.TraceNotification), rules.ChangeKind(conversations.TraceLogin), rules.ChangeKind(conversations.TraceLogout),
	}
	other := page.Sentence(conversations.HistoryLine{Code: "?"})
	for _, k := range kinds {
		line := page.Sentence(conversations.HistoryLine{Code: string(k), ActorKind: conversations.ActorPatient})
		if line == other || !strings.HasSuffix(line, ".") || strings.Contains(line, "@") {
			t.Errorf("%s: %q", k, line)
		}
	}
}

// D29: a question that follows itself is one line that says how often; another person's is another line, and so is the same
// person's after something else.
func TestHistory_groupsEqualQuestions(t *testing.T) {
	t.Parallel()
	asked := func(who string) conversations.HistoryLine {
		return conversations.HistoryLine{Code: string(rules.VerdictAsked), ActorKind: conversations.ActorProfessional, Actor: who, With: "Cabinet du Parc"}
	}
	wrote := conversations.HistoryLine{Code: string(rules.MessageReceived), With: "Cabinet du Parc"}
	lines := page.History{Items: []conversations.HistoryLine{asked("Ada"), asked("Ada"), asked("Zoé"), wrote, wrote, asked("Zoé")}}.Lines()
	times := make([]int, len(lines))
	for i, l := range lines {
		times[i] = l.Times
	}
	if want := []int{2, 1, 1, 1, 1}; !slices.Equal(times, want) {
		t.Errorf("%v lines, want %v", times, want)
	}
	if got := page.Sentence(asked("Ada")); got != "Cabinet du Parc a vérifié si votre messagerie est ouverte." {
		t.Error(got)
	}
}

// O159: who did what, to whom: a line names the person, the objection and what was opened again, as far as it is told.
func TestSentence_saysWhat(t *testing.T) {
	t.Parallel()
	everyone := &conversations.Objection{Objection: rules.Objection{Kind: rules.AgainstExchange, Scope: rules.Everyone}}
	doctors := &conversations.Objection{Objection: rules.Objection{Kind: rules.AgainstMessages, Scope: rules.WholeProfession}, Meaning: "médecins"}
	for want, l := range map[string]conversations.HistoryLine{
		"Vous avez enregistré une opposition à l’échange d’informations entre professionnels (tous les professionnels et établissements).": {
			Code: string(rules.ObjectionSet), ActorKind: conversations.ActorPatient, Objection: everyone,
		},
		"Sacha Petit a enregistré une opposition à la réception de messages (tous les médecins) en votre nom.": {
			Code: string(rules.ObjectionSet), ActorKind: conversations.ActorRepresentative, Actor: "Sacha Petit", Objection: doctors,
		},
		"Vous avez enregistré une opposition.":                  {Code: string(rules.ObjectionSet), ActorKind: conversations.ActorPatient},
		"Vous avez invité Mon voisin à agir pour vous.":         {Code: string(rules.DelegateInvited), Whom: "Mon voisin", Invited: true},
		"Vous avez invité quelqu’un à agir pour vous.":          {Code: string(rules.DelegateInvited)},
		"Le service a enregistré qui vous représente.":          {Code: string(rules.DelegateDeclared)},
		"Vous avez retiré l’invitation de Mon voisin.":          {Code: string(rules.DelegateEnded), ActorKind: conversations.ActorPatient, Whom: "Mon voisin", Invited: true},
		"Vous avez mis fin à un accès à votre messagerie.":      {Code: string(rules.DelegateEnded), ActorKind: conversations.ActorPatient},
		"L’accès de Sacha Petit à votre messagerie a pris fin.": {Code: string(rules.DelegateEnded), ActorKind: conversations.ActorSystem, Whom: "Sacha Petit"},
		"Sacha Petit a mis fin à son accès à votre messagerie.": {
			Code: string(rules.DelegateEnded), ActorKind: conversations.ActorCaregiver, Actor: "Sacha Petit", Whom: "Sacha Petit",
		},
		"Vous avez rétabli l’accès de Sacha Petit à votre messagerie.": {Code: string(rules.DelegateRestored), ActorKind: conversations.ActorPatient, Whom: "Sacha Petit"},
		"Vous avez ouvert votre messagerie.":                           {Code: string(rules.AccountChanged), ActorKind: conversations.ActorPatient, Account: rules.Active},
		"Vous avez rouvert votre messagerie.":                          {Code: string(rules.AccountChanged), ActorKind: conversations.ActorPatient, Account: rules.Active, Reopened: true},
		"Votre messagerie a été rouverte.":                             {Code: string(rules.AccountChanged), Account: rules.Active, Reopened: true},
	} {
		if got := page.Sentence(l); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	declared := page.Sentence(conversations.HistoryLine{Code: string(rules.DelegateDeclared), Whom: "Nadia Benali"})
	if !strings.HasSuffix(declared, ": Nadia Benali.") {
		t.Error(declared)
	}
}

// O159, I46: the name that begins the sentence does not come again below it; another one does.
func TestHistory_namesOnce(t *testing.T) {
	t.Parallel()
	handed := conversations.HistoryLine{Code: string(rules.EnrolmentMade), ActorKind: conversations.ActorProfessional, Actor: "Irène Chapuisat"}
	if by := (page.History{}).Byline(handed); by != "" {
		t.Errorf("%q, by %q", page.Sentence(handed), by)
	}
	asked := conversations.HistoryLine{Code: string(rules.VerdictAsked), ActorKind: conversations.ActorProfessional, Actor: "Ada", With: "Cabinet du Parc"}
	if by := (page.History{}).Byline(asked); by != "Ada" {
		t.Errorf("%q, by %q", page.Sentence(asked), by)
	}
}
