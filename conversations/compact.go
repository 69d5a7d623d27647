package conversations

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
)

// Forms of a compact id, its first byte: the shard and the random bytes follow, then the number of the
// message and of the attachment. An id of another form is kept as its text, which begins with no such byte.
const (
	compactThread     = 1
	compactMessage    = 2
	compactAttachment = 3
)

// Sizes of the parts of a random id: its text without the shard, and the bytes that the text writes.
const (
	randomText  = 21
	randomBytes = 13
)

// ranked reads the digits of [lowerBase32] by their place in ASCII, not by their value, so that compact ids
// stand in the order of the texts: lists break ties by it.
var ranked = base32.NewEncoding("234567abcdefghijklmnopqrstuvwxyz").WithPadding(base32.NoPadding)

var errCompact = errors.New("compact id of an unknown form")

// MarshalBinary returns the id as it is stored: a conversation in 15 bytes instead of 23, a message in 16
// instead of 25 and more.
func (id ID) MarshalBinary() ([]byte, error) {
	const end = 2 + randomText
	if len(id) < end {
		return []byte(id), nil
	}
	b := make([]byte, 2+randomBytes, 2+randomBytes+2*binary.MaxVarintLen16)
	shard, err := strconv.ParseUint(string(id[:2]), 16, 8)
	if err != nil {
		return []byte(id), nil
	}
	b[1] = byte(shard)
	if _, err := ranked.Decode(b[2:], []byte(id[2:end])); err != nil {
		return []byte(id), nil
	}
	form := compactThread
	for rest := string(id[end:]); rest != ""; form++ {
		if rest[0] != '.' || form == compactAttachment {
			return []byte(id), nil
		}
		number, after := rest[1:], ""
		if dot := strings.IndexByte(number, '.'); dot >= 0 {
			number, after = number[:dot], number[dot:]
		}
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return []byte(id), nil
		}
		b, rest = binary.AppendUvarint(b, n), after
	}
	b[0] = byte(form)
	if again, err := expandID(b); err != nil || again != id { // digits in another writing
		return []byte(id), nil
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (id *ID) UnmarshalBinary(b []byte) (err error) {
	*id, err = expandID(b)
	return err
}

func expandID(b []byte) (ID, error) {
	if len(b) == 0 || b[0] > compactAttachment || b[0] == 0 {
		return ID(b), nil
	}
	if len(b) < 2+randomBytes {
		return "", errCompact
	}
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 2+randomText+8)
	text = append(text, digits[b[1]>>4], digits[b[1]&15])
	text = ranked.AppendEncode(text, b[2:2+randomBytes])
	rest := b[2+randomBytes:]
	for range b[0] - compactThread {
		n, size := binary.Uvarint(rest)
		if size <= 0 {
			return "", errCompact
		}
		text = strconv.AppendUint(append(text, '.'), n, 10)
		rest = rest[size:]
	}
	if len(rest) > 0 {
		return "", errCompact
	}
	return ID(text), nil
}
