package delivery

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"mesbridge/rules"
)

func smtpReply(code, a, b, c int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: text}
}

// D11, O89: whatever a server says, the patient reads one of the sentences, without an address.
func FuzzSentence(f *testing.F) {
	f.Add(550, 5, 1, 1, "no such user a@b")
	f.Add(552, 0, 0, 0, "")
	f.Add(599, 5, -1, 99999, "x")
	known := []string{
		sentenceUnknown, sentenceClosed, sentenceFull, sentenceTooLarge, sentenceRefused, silentFor(rules.GiveUpAfter),
		sentenceInsecure, sentenceUntrusted, sentenceGone, sentenceOurs,
	}
	for _, s := range known {
		if strings.ContainsAny(s, "@'0\r\n") && s != silentFor(rules.GiveUpAfter) || !strings.HasPrefix(s, "Non remis : ") {
			f.Errorf("sentence %q", s)
		}
	}
	f.Fuzz(func(t *testing.T, code, a, b, c int, text string) {
		reply := smtpReply(code, a, b, c, text)
		got := transactionFault(fmt.Errorf("rcpt: %w", reply))
		for _, s := range known {
			if s == got.sentence(rules.GiveUpAfter) {
				if len(text) > 8 && strings.Contains(got.Error()+got.code, text) {
					t.Fatalf("the code quotes the server: %q", got.code)
				}
				return
			}
		}
		t.Fatalf("sentence %q", got.sentence(rules.GiveUpAfter))
	})
}
