package page_test

import (
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
