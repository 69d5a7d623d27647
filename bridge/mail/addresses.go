package mail

import (
	"mime"
	netmail "net/mail"
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// readAddresses reads an address list and returns the addresses that can be used, in order. others
// tells that the list holds more than those: an address that rules does not take, or text that looks
// like one. Names are decoded and hold no control or direction characters.
func readAddresses(value string) (list []conversations.NamedAddress, others bool) {
	parser := netmail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: guessReader}}
	parsed, err := parser.ParseList(value)
	if err != nil {
		return scrapeAddresses(value)
	}
	for _, a := range parsed {
		address, err := rules.ParseAddress(a.Address)
		if err != nil {
			others = true
			continue
		}
		list = append(list, conversations.NamedAddress{Name: senderName(a.Name), Address: address})
	}
	return list, others
}

// personName cleans a display name. Encoded words inside quotes are decoded too: RFC 2047 section 5
// forbids them there, many senders put them there.
func personName(s string) string {
	return strings.Join(strings.Fields(dropDirections(decodeText(s))), " ")
}

// senderName is a display name as it arrives, without the words that look like an address: a patient
// never sees a professional's address (D11, R71), and many senders repeat theirs as their name.
func senderName(s string) string {
	s = personName(s)
	if !strings.Contains(s, "@") {
		return s
	}
	words := slices.DeleteFunc(strings.Fields(s), func(w string) bool { return strings.Contains(w, "@") })
	return strings.Join(words, " ")
}

// scrapeAddresses reads a list that RFC 5322 does not allow, such as a name with an unquoted comma,
// @ or bracket. An address is what stands in angle brackets, and any word with an @ outside of them
// that is not one of those again. The name is the text before the brackets.
func scrapeAddresses(value string) (list []conversations.NamedAddress, others bool) {
	var bare []string
	seen := map[string]bool{} // canonical forms
	for value != "" {
		before, rest, _ := cutUnquoted(value, '<')
		inside, after, closed := strings.Cut(rest, ">")
		value = after
		if i := strings.LastIndexAny(before, ",;"); i >= 0 {
			bare = append(bare, addressWords(before[:i])...)
			before = before[i+1:]
		}
		bare = append(bare, addressWords(before)...)
		address, err := rules.ParseAddress(strings.Trim(inside, asciiSpace))
		if err == nil && closed {
			name := senderName(strings.Trim(before, asciiSpace+`"`))
			list = append(list, conversations.NamedAddress{Name: name, Address: address})
			seen[address.Canonical()] = true
		} else if inside != "" {
			others = true
		}
	}
	for _, w := range bare {
		address, err := rules.ParseAddress(w)
		switch {
		case err != nil:
			others = true
		case !seen[address.Canonical()]:
			seen[address.Canonical()] = true
			list = append(list, conversations.NamedAddress{Address: address})
		}
	}
	return list, others
}

// cutUnquoted cuts s around the first sep outside of double quotes.
func cutUnquoted(s string, sep byte) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == sep && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// addressWords returns the words of s with an @ in them.
func addressWords(s string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;:\"'()", r) }) {
		if strings.Contains(w, "@") {
			words = append(words, w)
		}
	}
	return words
}
