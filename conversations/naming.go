package conversations

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"mesbridge/rules"
)

// name is the keyed hash under which a value of the given kind is known outside sealed records.
func (s *Service) name(kind, value string) []byte {
	h := hmac.New(sha256.New, s.PatientKey)
	_, _ = io.WriteString(h, kind+"\x00"+value)
	return h.Sum(nil)
}

// PatientID returns the id under which a patient is kept.
func (s *Service) PatientID(ins rules.INS) PatientID {
	return PatientID(hex.EncodeToString(s.name("patient", string(ins))[:16]))
}

// MailboxID returns the id under which a professional mailbox is kept.
func (s *Service) MailboxID(a Address) rules.MailboxID {
	return rules.MailboxID(hex.EncodeToString(s.name("mailbox", a.Canonical())[:16]))
}

// personID returns the id of the holder of a personal mailbox, empty when nobody knows him.
func (s *Service) personID(nationalID string) rules.PersonID {
	if nationalID == "" {
		return ""
	}
	return rules.PersonID(hex.EncodeToString(s.name("person", nationalID)[:16]))
}

// exchangeID returns the outside id of the pair of a patient and a mailbox. It never changes, and tells
// neither of them.
func (s *Service) exchangeID(p PatientID, m rules.MailboxID) ID {
	return ID(p.Shard() + "x" + lowerBase32(s.name("exchange", string(p)+string(m))[:15]))
}

// refField returns the field of TableRefs for a Message-ID of a patient.
func (s *Service) refField(p PatientID, messageID string) string {
	return base64.RawURLEncoding.EncodeToString(s.name("reference", string(p)+messageID)[:12])
}

// repeatField returns the field of TableRefs that marks a message as received: same patient, envelope
// sender, Message-ID and bytes (docs/design.md, One message in).
func (s *Service) repeatField(in Incoming) string {
	sum := s.name("repeat", string(in.Patient)+in.Envelope.Canonical()+"\x00"+in.MessageID+"\x00"+string(in.Digest[:]))
	return "=" + base64.RawURLEncoding.EncodeToString(sum[:12])
}

// newID returns a fresh outside id in the patient's shard: 100 random bits.
func (s *Service) newID(p PatientID) (ID, error) {
	var b [13]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "", &Error{Kind: KindInternal, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return ID(p.Shard() + lowerBase32(b[:])), nil
}

func lowerBase32(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// messageID returns the id of the n-th message of a conversation, from 1. Attachments add their index.
func messageID(thread ID, n int) ID { return thread + ID("."+strconv.Itoa(n)) }

// attachmentID returns the id of an attachment of a message.
func attachmentID(message ID, index int) ID { return message + ID("."+strconv.Itoa(index)) }

// splitAttachment takes an attachment id apart; ok is false when it has not that form.
func splitAttachment(id ID) (message ID, index int, ok bool) {
	dot := strings.LastIndexByte(string(id), '.')
	if dot < 0 {
		return "", 0, false
	}
	index, err := strconv.Atoi(string(id[dot+1:]))
	return id[:dot], index, err == nil && index >= 0
}

// MessageOf returns the message that an attachment came with; empty for what is no id of an attachment.
func MessageOf(attachment ID) ID {
	message, _, _ := splitAttachment(attachment)
	return message
}

// outcomeField returns the field of TableMessages that holds what became of a message to a mailbox.
func outcomeField(message ID, m rules.MailboxID) ID { return message + ":out:" + ID(m) }

// receiptField returns the field of TableMessages that holds the attempt which a read receipt about a message
// to a mailbox left with.
func receiptField(message ID, m rules.MailboxID) ID { return message + ":mdn:" + ID(m) }

// readField and draftField stand beside a conversation's record.
func readField(thread ID) ID  { return thread + ":read" }
func draftField(thread ID) ID { return thread + ":draft" }
