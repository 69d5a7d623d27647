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
