package mail

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"mesbridge/conversations"
)

// noAuthor stands in a copy for an author without a name.
const noAuthor = "Professionnel de santé"

// Original implements [conversations.Mail]. Of the header it keeps the fields that hold no address by
// their meaning (see keptField), as they stand; From, To and Cc are written anew; all others go, because
// any of them may name a mailbox. The body follows as it is, parts and their headers included. Nothing
// but the header is kept in memory.
func (c *Codec) Original(raw io.Reader, people conversations.People, w io.Writer) error {
	r := bufio.NewReaderSize(raw, usualHeader)
	block, err := readBlock(r, c.limits.MaxHeaderBytes)
	if err != nil {
		return fmt.Errorf("read the header: %w", err)
	}
	fields, rest, _ := splitHeader(nil, block)
	var out bytes.Buffer
	for _, f := range peopleFields(people) {
		out.Write(f)
	}
	for _, f := range fields {
		if keptField(block[f.start:f.colon]) {
			out.Write(block[f.start : f.colon+1])
			out.Write(ended(f.value))
		}
	}
	out.WriteString("\r\n")
	out.Write(block[rest:])
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	if _, err := io.Copy(w, r); err != nil {
		return fmt.Errorf("copy the body: %w", err)
	}
	return nil
}

// readBlock reads a header block as the walk does: to the blank line after it, to the first line that is
// a delimiter, or to the limit. The rest stays in r.
func readBlock(r *bufio.Reader, limit int) ([]byte, error) {
	var block []byte
	for line := 0; len(block) <= limit; {
		piece, err := r.ReadSlice('\n')
		block = append(block, piece...)
		switch {
		case errors.Is(err, io.EOF):
			return block, nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return nil, err
		}
		if isBlank(block[line:]) || bytes.HasPrefix(block[line:], []byte("--")) {
			break
		}
		line = len(block)
	}
	return block, nil
}

// ended is the value of a field with its line end, which the last one of a message may lack.
func ended(value []byte) []byte {
	if bytes.HasSuffix(value, []byte("\n")) {
		return value
	}
	return append(bytes.Clone(value), "\r\n"...)
}

// keptField reports whether a field holds no address by its meaning: what describes the message and
// its content.
func keptField(name []byte) bool {
	s := strings.ToLower(strings.TrimRight(string(name), " \t"))
	switch s {
	case "date", "subject", "message-id", "in-reply-to", "references", "mime-version", "x-mss-mes",
		"auto-submitted", "importance", "priority", "x-priority", "sensitivity":
		return true
	}
	return strings.HasPrefix(s, "content-")
}

// peopleFields writes From, To and Cc as groups without members: a name where an address would stand
// (RFC 6854 section 2).
func peopleFields(people conversations.People) headerFields {
	var h headerFields
	author := group(people.Author)
	if author == "" {
		author = group(noAuthor)
	}
	h.add("From", author)
	h.add("To", groups(people.To))
	h.add("Cc", groups(people.Cc))
	return h
}

func groups(names []string) string {
	var list []string
	for _, n := range names {
		if g := group(n); g != "" {
			list = append(list, g)
		}
	}
	return strings.Join(list, ", ")
}

// group writes a name as an empty group; a name of nothing but what looks like an address is none.
func group(name string) string {
	name = senderName(name)
	if name == "" {
		return ""
	}
	return writePhrase(name) + " :;"
}
