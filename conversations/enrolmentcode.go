package conversations

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"mesbridge/rules"
)

// enrolmentLetters are what a code is written with: no letter or digit looks like another one on paper. Their number is
// prime, so that the last letter shows any wrong letter and any two that changed places.
const enrolmentLetters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// enrolmentLength is how many letters a code has: two for the patient's shard, 13 at random (64 bits), and the last one,
// by which a slip is found. The store knows its keyed hash alone.
const enrolmentLength = 16

// newEnrolmentCode makes a code for a patient.
func (s *Service) newEnrolmentCode(p PatientID) (string, error) {
	shard, err := hex.DecodeString(p.Shard())
	if err != nil || len(shard) != 1 {
		return "", &Error{Kind: KindInternal, Rule: "D26"}
	}
	n := len(enrolmentLetters)
	places := []int{int(shard[0]) / n, int(shard[0]) % n}
	for len(places) < enrolmentLength-1 {
		var b [1]byte
		if _, err := io.ReadFull(s.Random, b[:]); err != nil {
			return "", &Error{Kind: KindInternal, Err: fmt.Errorf("read random bytes: %w", err)}
		}
		if b[0] < byte(256/n*n) { // every letter is as likely
			places = append(places, int(b[0])%n)
		}
	}
	var code strings.Builder
	for _, at := range append(places, lastLetter(places)) {
		code.WriteByte(enrolmentLetters[at])
	}
	return code.String(), nil
}

// lastLetter is a sum of the places of the other letters, each with a weight of its own.
func lastLetter(places []int) int {
	sum := 0
	for i, at := range places {
		sum += (i + 2) * at
	}
	return sum % len(enrolmentLetters)
}

// parseEnrolmentCode reads a code as people type it: in either case, with spaces or hyphens. One that cannot be a code
// is a slip (KindInvalidRequest), which says nothing of codes that are.
func parseEnrolmentCode(text string) (code, shard string, err error) {
	code = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -\u00a0\u202f\u2010\u2011\u2013\u2014\t", r) {
			return -1
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(text)))
	slip := &Error{Kind: KindInvalidRequest, Rule: "D26"}
	if len(code) != enrolmentLength {
		return "", "", slip
	}
	places := make([]int, len(code))
	for i := range len(code) {
		places[i] = strings.IndexByte(enrolmentLetters, code[i])
	}
	first := places[0]*len(enrolmentLetters) + places[1]
	if slices.Contains(places, -1) || first > 255 || lastLetter(places[:enrolmentLength-1]) != places[enrolmentLength-1] {
		return "", "", slip
	}
	return code, hex.EncodeToString([]byte{byte(first)}), nil //nolint:gosec // at most 255, as was just checked
}

// enrolmentID is the outside id under which a code is found.
func (s *Service) enrolmentID(shard, code string) ID {
	return ID(shard + "w" + lowerBase32(s.name("enrolment", code)[:15]))
}

// subjectID names the record of a login.
func (s *Service) subjectID(l Login) PatientID {
	return PatientID(hex.EncodeToString(s.name("login", l.Issuer+"\x00"+l.Subject)[:16]))
}

// officerID names the list of the codes that an agent handed over.
func (s *Service) officerID(a Actor) rules.MailboxID {
	return rules.MailboxID(hex.EncodeToString(s.name("enrolments", string(a.Kind)+"\x00"+a.ID)[:16]))
}
