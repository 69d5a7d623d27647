package mail

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds an attachment name, in octets, so that it fits a file system and, percent-encoded, a
// header line.
const maxName = 200

// name returns the name to show for an attachment: what the message says, cleaned, or a plain French
// one made of its position (from 1) when it says nothing usable.
func (l *leaf) name(position int) string {
	for _, s := range []string{l.disposition.text("filename"), l.params.text("name")} {
		if s = cleanName(s); s != "" {
			return s
		}
	}
	if strings.HasPrefix(l.mediaType, "message/") {
		return fmt.Sprintf("message-joint-%d%s", position, extension(l.mediaType))
	}
	return fmt.Sprintf("piece-jointe-%d%s", position, extension(l.mediaType))
}

// cleanName makes a name safe to show and to save under: the last element of a path, without control
// and direction characters, runs of blanks made one, at most maxName octets with its extension kept.
// It is empty when nothing is left.
func cleanName(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	s = strings.Join(strings.Fields(dropDirections(strings.Map(blankControl, s))), " ")
	if strings.Trim(s, ". ") == "" {
		return ""
	}
	if len(s) <= maxName {
		return s
	}
	ext := s[strings.LastIndexByte(s, '.')+1:]
	if len(ext) > 10 || len(ext) == len(s) {
		return cutText(s, maxName)
	}
	return cutText(s[:len(s)-len(ext)-1], maxName-len(ext)-1) + "." + ext
}

// cutText cuts s to at most n octets, between characters.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimRight(s[:n], " ")
}

// dropDirections removes the characters that reorder text or hide in it: with them, a name can show
// another extension than it has. The joiners that Indic scripts and emoji need stay.
func dropDirections(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
		if r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Cf, r) && r != zeroWidthNonJoiner && r != zeroWidthJoiner {
			return -1
		}
		return r
	}, s)
}

// extension is the file extension of the media types that come in mail without a name.
func extension(mediaType string) string {
	switch mediaType {
	case "application/pdf":
		return ".pdf"
	case "image/jpeg", "image/jpg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "image/tiff":
		return ".tif"
	case "application/zip", "application/x-zip-compressed":
		return ".zip"
	case "application/rtf", "text/rtf":
		return ".rtf"
	case "application/xml", "text/xml":
		return ".xml"
	case "text/html":
		return ".html"
	case "text/calendar":
		return ".ics"
	case "message/rfc822", "message/global":
		return ".eml"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/pgp-signature":
		return ".asc"
	}
	if strings.HasPrefix(mediaType, "text/") || strings.HasPrefix(mediaType, "message/") {
		return ".txt"
	}
	return ".bin"
}
