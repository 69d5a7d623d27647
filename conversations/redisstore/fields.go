package redisstore

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"

	"mesbridge/conversations"
)

// Ids, hashes and the fields made of them are text everywhere else, and bytes here: there are six of them
// for each message. The first byte tells the form. A name that has none of the forms is kept as its text,
// after formText where its first byte could be taken for one. Every name has one form in its table, names
// of one form stand in the order of their texts, and no two tables that share a key have a field in common.
const (
	formText        = 0x00 // text that begins like a form
	formID          = 0x01 // conversation id without its shard; then text
	formMessage     = 0x02 // conversation id without its shard, number of the message; then text
	formBox         = 0x03 // as formMessage; the last 16 bytes are a hash that follows the text
	formRef         = 0x04 // refBytes of a hashed Message-ID
	formRepeat      = 0x05 // repeatBytes of the mark of a repeat
	formHash        = 0x06 // 16 bytes of a patient or a mailbox
	formPair        = 0x07 // patient, conversation id without its shard
	formExchange    = 0x08 // the 15 bytes that an exchange id writes after its shard and an x
	formLone        = 0x09 // in TableMessages: id without its shard, of a message outside any conversation
	formMessageText = 0x0a // text, in TableMessages
	formRefText     = 0x0b // text, in TableRefs
	formStorage     = 0x0c // the count of what is stored, which stands by itself
	formLast        = formStorage
	// formNumber and the number of a message, below 128, stand before its conversation's id without the shard:
	// with 14 bytes a name is in the smallest piece of memory that the server has.
	formNumber = 0x80
)

// Sizes in bytes. Of the hashes of Message-IDs and of repeats, the first bytes are enough: they are keyed, so that
// nobody can choose them, and stand among those of one patient. With 10 000 messages, two of a patient meet once
// in 4·10^11 times, which puts a message into another of his conversations; and two marks once in 10^14, which
// would drop a message as one that had come.
const (
	idBytes     = 13 // random part of an id
	hashBytes   = 16
	hashedBytes = 12 // of a hash as package conversations gives it
	refBytes    = 8
	repeatBytes = 9
)

var errField = errors.New("compact name unreadable")

// form puts the byte of a form before what it says.
func form(f byte, rest string) string { return string([]byte{f}) + rest }

// is reports whether a compact name has a form.
func is(f byte, name string) bool { return name != "" && name[0] == f }

// text keeps a name that has no compact form.
func text(s string) string {
	if s != "" && (s[0] <= formLast || s[0] >= formNumber) {
		return form(formText, s)
	}
	return s
}

// compactID returns the compact form of an id of the shard, and of a field that begins with one.
func compactID(shard, s string) string {
	id, rest := s, ""
	if colon := strings.IndexByte(s, ':'); colon >= 0 {
		id, rest = s[:colon], s[colon:]
	}
	if !strings.HasPrefix(id, shard) {
		return text(s)
	}
	b, err := conversations.ID(id).MarshalBinary()
	if err != nil || len(b) < 2+idBytes || b[0] > formMessage {
		return text(s)
	}
	kind, place := b[0], string(b[2:]) // without the shard
	if kind == formID {
		return form(formID, place+rest)
	}
	if number := place[idBytes:]; rest == "" && len(number) == 1 {
		return form(formNumber|number[0], place[:idBytes])
	}
	if colon := strings.LastIndexByte(rest, ':'); colon >= 0 {
		if hash, ok := hashOf(rest[colon+1:]); ok {
			return form(formBox, place+rest[:colon+1]+hash)
		}
	}
	return form(formMessage, place+rest)
}

// compactOutside returns the compact form of an outside id, which is the id of a conversation or of an exchange.
// That of an exchange is not read back.
func compactOutside(shard string, id conversations.ID) string {
	const digitsLength = 24
	digits, ok := strings.CutPrefix(string(id), shard+"x")
	if ok && len(digits) == digitsLength && strings.ToLower(digits) == digits {
		if b, err := base32.StdEncoding.DecodeString(strings.ToUpper(digits)); err == nil {
			return form(formExchange, string(b))
		}
	}
	return compactID(shard, string(id))
}

// hashOf returns the bytes of a hash that is written in 32 hexadecimal digits.
func hashOf(s string) (string, bool) {
	if len(s) != 2*hashBytes || strings.ToLower(s) != s {
		return "", false
	}
	b, err := hex.DecodeString(s)
	return string(b), err == nil
}

// compactHash returns the compact form of a patient or a mailbox.
func compactHash(s string) string {
	if b, ok := hashOf(s); ok {
		return form(formHash, b)
	}
	return text(s)
}

// compactRef returns the compact form of a field of TableRefs, which is not read back.
func compactRef(s string) string {
	kind, digits, size := byte(formRef), s, refBytes
	if repeat, ok := strings.CutPrefix(s, "="); ok {
		kind, digits, size = formRepeat, repeat, repeatBytes
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(digits)
	if err != nil || len(b) != hashedBytes || len(digits) != base64.RawURLEncoding.EncodedLen(hashedBytes) {
		return form(formRefText, s)
	}
	return form(kind, string(b[:size]))
}

// compactWay returns the compact form of "<conversation>/<message>", where a Message-ID leads: that of the
// message.
func compactWay(shard, s string) string {
	thread, message, both := strings.Cut(s, "/")
	place := compactID(shard, message)
	if both && strings.HasPrefix(message, thread+".") && isMessage(place) {
		return place
	}
	return text(s)
}

// isMessage reports whether a compact name is that of a message of a conversation, with nothing after it.
func isMessage(name string) bool {
	if is(formMessage, name) {
		rest, err := afterNumber(name[1+idBytes:])
		return err == nil && rest == ""
	}
	return name != "" && name[0] >= formNumber
}

// expandWay gives back what compactWay took.
func expandWay(shard, s string) (string, error) {
	message, err := expand(shard, s)
	if err != nil || !isMessage(s) {
		return message, err
	}
	thread, _, _ := strings.Cut(message, ".")
	return thread + "/" + message, nil
}

// compactPair returns the compact form of a member of a ledger.
func compactPair(e conversations.LedgerEntry) string {
	p := compactHash(string(e.Patient))
	if e.Thread == "" {
		return p
	}
	thread := compactID(e.Patient.Shard(), string(e.Thread))
	if is(formHash, p) && is(formID, thread) && len(thread) == 1+idBytes {
		return form(formPair, p[1:]+thread[1:])
	}
	return text(string(e.Patient) + "/" + string(e.Thread))
}

// compactField returns the form in which the field of a record is kept.
func compactField(shard string, t conversations.Table, field string) string {
	switch t {
	case conversations.TableExchanges:
		if f := compactHash(field); is(formHash, f) {
			return f
		}
		return form(formText, field) // a field of the patient's own HASH has a name of one letter
	case conversations.TableRefs:
		return compactRef(field)
	case conversations.TableMessages:
		f := compactID(shard, field)
		switch {
		case field == conversations.StorageField:
			return form(formStorage, "")
		case is(formID, f) && len(f) == 1+idBytes:
			return form(formLone, f[1:])
		case isMessage(f), is(formMessage, f), is(formBox, f):
			return f
		}
		return form(formMessageText, field)
	case conversations.TableConversations:
		if f := compactID(shard, field); is(formID, f) {
			return f
		}
	}
	return text(field)
}

// compactValue returns the form in which the value of a record is kept: packed by package conversations,
// but for those of TableRefs.
func compactValue(shard string, r conversations.Record) []byte {
	switch {
	case r.Table != conversations.TableRefs:
		return r.Value
	case strings.HasPrefix(r.Field, "="):
		return []byte(compactID(shard, string(r.Value)))
	}
	return []byte(compactWay(shard, string(r.Value)))
}

// afterNumber returns what follows the number at the beginning of s.
func afterNumber(s string) (string, error) {
	_, size := binary.Uvarint([]byte(s))
	if size <= 0 {
		return "", errField
	}
	return s[size:], nil
}

// expand gives back the text of a compact name of the shard: of an id, a value, a member of a list. That of a
// ledger holds patients of any shard, and needs none.
func expand(shard, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	kind, rest := s[0], s[1:]
	switch {
	case kind >= formNumber:
		if len(rest) != idBytes {
			return "", errField
		}
		return expandID(shard, formMessage, rest+form(kind&^formNumber, ""))
	case kind > formLast:
		return s, nil
	case kind == formText:
		return rest, nil
	case kind == formHash:
		return hex.EncodeToString([]byte(rest)), nil
	case kind == formPair && len(rest) == hashBytes+idBytes:
		p := hex.EncodeToString([]byte(rest[:hashBytes]))
		thread, err := expandID(p[:2], formID, rest[hashBytes:])
		return p + "/" + thread, err
	case kind == formID, kind == formMessage, kind == formBox:
		return expandID(shard, kind, rest)
	}
	return "", errField
}

// expandID gives back the text of a compact id and of what follows it.
func expandID(shard string, kind byte, s string) (string, error) {
	tag, err := hex.DecodeString(shard)
	if err != nil || len(tag) != 1 || len(s) < idBytes {
		return "", errField
	}
	end, hash := idBytes, ""
	if kind != formID {
		rest, err := afterNumber(s[idBytes:])
		if err != nil {
			return "", err
		}
		end = len(s) - len(rest)
	}
	if kind == formBox {
		if kind = formMessage; len(s) < end+hashBytes {
			return "", errField
		}
		s, hash = s[:len(s)-hashBytes], hex.EncodeToString([]byte(s[len(s)-hashBytes:]))
	}
	var id conversations.ID
	if err := id.UnmarshalBinary([]byte(form(kind, string(tag)+s[:end]))); err != nil {
		return "", errField
	}
	return string(id) + s[end:] + hash, nil
}
