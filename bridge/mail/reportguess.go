package mail

import (
	"strings"
)

// failureWords tell, in a subject or at the start of a text, that a message was not delivered: those of
// qmail, Exim, Postfix, Exchange in French and English, and Notes.
var failureWords = [...]string{
	"undeliver", "delivery fail", "delivery status notification (fail", "failure notice", "returned mail", "returned to sender",
	"mail delivery failed", "delivery has failed", "could not be delivered", "couldn't be delivered", "permanent error",
	"non remis", "non distribu", "échec de la remise", "echec de la remise", "n'a pas pu être remis", "n’a pas pu être remis",
	"échec de remise", "this is the qmail-send program",
}

// awayWords tell at the start of a subject that a program answers for a person who is away.
var awayWords = [...]string{
	"out of office", "out of the office", "automatic reply", "auto-reply", "autoreply", "réponse automatique", "reponse automatique",
	"absence", "absent", "congés",
}

// guess reads what comes with a null reverse-path and is no report by its form: a failure or an absence,
// told in words alone. Where the words say neither, nothing is known.
func (r *ReportReader) guess() {
	r.named = append(r.named, namedInText(r.text)...)
	if len(r.report.Items) > 0 {
		return
	}
	subject := strings.ToLower(r.subject)
	start := strings.ToLower(r.text[:min(len(r.text), 1000)])
	switch {
	case startsWithAny(subject, awayWords[:]): // whatever the subject that it quotes says
		r.report.Automatic = true
	case r.failed || holdsAny(subject, failureWords[:]):
		r.add(ReportItem{Action: actionFailed, Status: statusIn(r.text)})
	case r.report.Automatic:
	case holdsAny(start, failureWords[:]):
		r.add(ReportItem{Action: actionFailed, Status: statusIn(r.text)})
	}
}

func holdsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func startsWithAny(s string, words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

// statusIn finds the first permanent code in a text; empty when there is none.
func statusIn(text string) string {
	for _, m := range statusCode.FindAllStringSubmatch(text, maxReportItems) {
		if m[1][0] == '5' {
			return m[1]
		}
	}
	return ""
}

// namedInText finds the Message-IDs of a message that is quoted in the text.
func namedInText(text string) []string {
	var ids []string
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(line, "> \t")
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.Trim(name, asciiSpace), "message-id") && len(ids) < maxReferences {
			ids = append(ids, messageIDs(strings.Trim(value, asciiSpace))...)
		}
	}
	return ids
}
