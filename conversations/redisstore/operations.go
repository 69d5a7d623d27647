package redisstore

import (
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"

	"mesbridge/rules"
)

// The operations of a patient are one text, which commit.lua appends to, and so are, apart from them, the
// commits without an operation id, of which few are kept, since only go-redis gives one again: the number kept in two
// digits, then each operation, oldest first, as
//
//	<length of the rest>:<12 bytes of digest><6 bytes of call><version> <sequence> <answer>
//
// The digest stands for the operation id, so that a plain search finds it and it has one length. The answer
// is in its compact form (fields.go). A release that changes this form keeps it in another field of the HASH.
//
// The call tells a script repeated by go-redis, whose first answer was lost on the way, from a
// command given again.

// Sizes in bytes of the parts of an operation. A patient keeps 32 of them, the larger part of what his own
// key holds. 96 bits of digest: nobody finds a second operation of one digest, and by chance none has. 48 of
// call: a command given again is taken for a repeated script once in 10^14.
const (
	digestBytes = 12
	callBytes   = 6
)

// errOperations means that a patient's kept operations have not the form above.
var errOperations = errors.New("kept operations unreadable")

// digest returns the name under which an operation is kept.
func digest(operation string) string {
	sum := sha256.Sum256([]byte(operation))
	return string(sum[:digestBytes])
}

// names returns the names under which an operation and this call of it are kept. The hash of its entry
// names the call, so that a rebuilt store holds the very bytes that were lost; an operation without an id is kept
// under its entry.
func names(operation string, sum [sha256.Size]byte) (id, call string) {
	if operation == "" {
		return string(sum[:digestBytes]), string(sum[:callBytes])
	}
	return digest(operation), string(sum[:callBytes])
}

// operation is one operation as it was kept.
type operation struct {
	call     string
	version  rules.Seq
	sequence uint64
	answer   []byte
}

// findOperation returns the operation of that digest among those kept.
func findOperation(kept, digest string) (operation, error) {
	if len(kept) < 2 {
		return operation{}, errOperations
	}
	for rest := kept[2:]; rest != ""; {
		head, tail, ok := strings.Cut(rest, ":")
		length, err := strconv.Atoi(head)
		if !ok || err != nil || length < digestBytes+callBytes || length > len(tail) {
			return operation{}, errOperations
		}
		if strings.HasPrefix(tail, digest) {
			return parseOperation(tail[digestBytes:length])
		}
		rest = tail[length:]
	}
	return operation{}, errOperations
}

// parseOperation reads what follows the digest.
func parseOperation(s string) (operation, error) {
	fields := strings.SplitN(s[callBytes:], " ", 3)
	if len(fields) != 3 {
		return operation{}, errOperations
	}
	version, errVersion := strconv.ParseUint(fields[0], 10, 64)
	sequence, errSequence := strconv.ParseUint(fields[1], 10, 64)
	if errVersion != nil || errSequence != nil {
		return operation{}, errOperations
	}
	return operation{s[:callBytes], rules.Seq(version), sequence, []byte(fields[2])}, nil
}
