package web

import (
	"fmt"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/web/jsonbody"
)

// Limits of attachments.
const (
	maxAttachments = 50  // per message
	maxFileName    = 200 // octets: what file systems and mail programs carry
)

// attachmentFields reads [{name, type, base64}].
func attachmentFields(into *[]conversations.Attachment) jsonbody.Value {
	return jsonbody.List(maxAttachments, func(i int) jsonbody.Fields {
		*into = append(*into, conversations.Attachment{})
		f := &(*into)[i]
		return jsonbody.Fields{
			"name": jsonbody.Into(&f.Name), "type": jsonbody.Into(&f.Type), "base64": jsonbody.Into(&f.Content),
		}
	})
}

// asMail is the size of a message as mail carries it, in octets, without its headers: lines of base64 hold 57
// octets in 78.
func asMail(text string, files []conversations.Attachment) int64 {
	n := int64(len(text))
	for _, f := range files {
		n += (int64(len(f.Content)) + 56) / 57 * 78
	}
	return n
}

// elementField names a member of the i-th attachment in a problem.
func elementField(i int, member string) string {
	if member == "" {
		return fmt.Sprintf("attachments[%d]", i)
	}
	return fmt.Sprintf("attachments[%d].%s", i, member)
}

// checkAttachment refuses an attachment that could not stand in a message as it is named.
func checkAttachment(i int, f conversations.Attachment) error {
	if !goodFileName(f.Name) {
		return invalid(elementField(i, "name"), "A file name without path and control characters, of at most 200 octets.")
	}
	if len(f.Content) == 0 {
		return invalid(elementField(i, "base64"), "The document is empty.")
	}
	if f.Type == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(f.Type)
	if err != nil || !strings.Contains(kind, "/") || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
		return invalid(elementField(i, "type"), "The media type of a document.")
	}
	return nil
}

// goodFileName reports whether a name can be given to a document as it is: no path, nothing invisible
// that could hide its ending.
func goodFileName(name string) bool {
	return strings.TrimSpace(name) != "" && len(name) <= maxFileName && utf8.ValidString(name) && strings.Trim(name, ".") != "" &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return r == '/' || r == '\\' || r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
		})
}
