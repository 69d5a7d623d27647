package redisstore

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// An effect is stored as
//
//	<number>|<attempts>|<form>|<kind>|<patient>|<message>|<thread>|<mailbox>|<created, Unix ms>
//
// claim_due.lua keeps the first two: the number of its last claim and how many there were. A commit
// may write an effect again that is there: it starts anew, and a claim of before cannot finish it,
// because numbers are counted by shard. The instant is in the ZSET of due effects only, so that the
// two cannot differ. Ids hold no bar.

// effectForm is the version of the form above. A release that changes it reads this one too.
const effectForm = "1"

// errEffect means that a stored effect has not the form above.
var errEffect = errors.New("stored effect unreadable")

// packEffect returns the record of an effect that was never claimed.
func packEffect(e conversations.Effect) string {
	return strings.Join([]string{
		"0", "0", effectForm, string(e.Kind), string(e.Patient), string(e.Message), string(e.Thread), string(e.Mailbox),
		strconv.FormatInt(e.CreatedAt.UnixMilli(), 10),
	}, "|")
}

// unpackClaim reads one effect of claim_due.lua's reply: id, number of the claim, record from attempts
// on, and when it was due.
func unpackClaim(reply []any) (conversations.Claim, error) {
	id, okID := reply[0].(string)
	number, okNumber := reply[1].(int64)
	record, okRecord := reply[2].(string)
	due, okDue := reply[3].(string)
	fields := strings.Split(record, "|")
	if !okID || !okNumber || !okRecord || !okDue || len(fields) != 8 || fields[1] != effectForm {
		return conversations.Claim{}, errEffect
	}
	attempts, errAttempts := strconv.Atoi(fields[0])
	at, errAt := parseMillis(due)
	created, errCreated := parseMillis(fields[7])
	if errAttempts != nil || errAt != nil || errCreated != nil {
		return conversations.Claim{}, errEffect
	}
	return conversations.Claim{
		Effect: conversations.Effect{
			ID:        id,
			Kind:      conversations.EffectKind(fields[2]),
			Patient:   conversations.PatientID(fields[3]),
			Message:   conversations.ID(fields[4]),
			Thread:    conversations.ID(fields[5]),
			Mailbox:   rules.MailboxID(fields[6]),
			At:        at,
			Attempts:  attempts,
			CreatedAt: created,
		},
		Number: number,
	}, nil
}

// parseMillis reads an instant in Unix ms.
func parseMillis(s string) (time.Time, error) {
	ms, err := strconv.ParseInt(s, 10, 64)
	return fromMillis(ms), err
}

// fromMillis returns the instant, in UTC.
func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
