package conversations

import (
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"mesbridge/rules"
)

// invitationCode is what a patient gives to the person whom he invites: 16 letters and digits, the patient's shard and
// 72 random bits. The store knows its keyed hash alone.
type invitationCode string

// newCode makes a code for an invitation of a patient.
func (s *Service) newCode(p PatientID) (invitationCode, error) {
	var b [10]byte
	shard, err := hex.DecodeString(p.Shard())
	if err != nil || len(shard) != 1 {
		return "", &Error{Kind: KindInternal, Rule: "R128"}
	}
	b[0] = shard[0]
	if _, err := io.ReadFull(s.Random, b[1:]); err != nil {
		return "", &Error{Kind: KindInternal, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return invitationCode(base32.StdEncoding.EncodeToString(b[:])), nil
}

// parseCode reads a code as people write it: in either case, with spaces or hyphens, and with the digits that look
// like letters of the alphabet.
func parseCode(text string) (c invitationCode, shard string, err error) {
	clean := strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u2011", "", "0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(strings.TrimSpace(text)))
	b, err := base32.StdEncoding.DecodeString(clean)
	if err != nil || len(b) != 10 {
		return "", "", &Error{Kind: KindNotFound, Rule: "R128"}
	}
	return invitationCode(clean), hex.EncodeToString(b[:1]), nil
}

// id returns the outside id under which the invitation is found.
func (c invitationCode) id(s *Service, p PatientID) ID { return c.in(s, p.Shard()) }

func (c invitationCode) in(s *Service, shard string) ID {
	return ID(shard + "v" + lowerBase32(s.name("invitation", string(c))[:15]))
}

// ShownCode writes a code in groups of four.
func ShownCode(code string) string {
	var groups []string
	for ; len(code) > 4; code = code[4:] {
		groups = append(groups, code[:4])
	}
	return strings.Join(append(groups, code), "-")
}

// signature is the last line of a message that somebody wrote for the patient (R134, D28). The caregiver's is the one
// that Mon espace santé writes, to the letter.
func signature(k rules.DelegationKind, writer, patient string) string {
	title := ""
	switch k {
	case rules.Caregiver:
		title = "l'aidant de"
	case rules.Parent, rules.Guardian:
		title = "représentant légal de"
	case rules.Protector:
		title = "personne chargée de la protection de"
	}
	return "Ce message a été rédigé par " + writer + ", " + title + " " + patient + "."
}

// unsigned returns the text of a message without the line that was added to it when it was sent, as its author typed it.
func unsigned(text, signed string) string {
	if signed == "" {
		return text
	}
	return strings.TrimRight(strings.TrimSuffix(strings.TrimRight(text, "\r\n"), signed), "\r\n")
}
