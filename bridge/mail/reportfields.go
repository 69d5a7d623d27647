package mail

import (
	"regexp"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// actionFailed is the action of a failure (RFC 3464 section 2.3.3).
const actionFailed = "failed"

// statusCode finds an enhanced code (RFC 3463) that begins a text, or stands after a reply code.
var statusCode = regexp.MustCompile(`(?:^|[\s;#-])([245]\.\d{1,3}\.\d{1,3})(?:$|[^\d.])`)

// fieldGroups reads the fields of a status or disposition part in their order. A blank line, which parts
// groups, gives a field without a name; lines that are no fields are left out. Each line is read once.
func fieldGroups(content []byte, take func(name, value string)) {
	for len(content) > 0 {
		group := content[:groupLength(content)]
		fields, _, _ := splitHeader(nil, group)
		for _, f := range fields {
			take(rawName(group, f), strings.Trim(decodeText(unfold(f.value)), asciiSpace))
		}
		take("", "")
		content = content[len(group):]
	}
}

// groupLength is the length of the lines up to the first blank one, with it.
func groupLength(content []byte) int {
	for at := 0; at < len(content); {
		n := lineLength(content[at:])
		if isBlank(content[at : at+n]) {
			return at + n
		}
		at += n
	}
	return len(content)
}

// status reads a message/delivery-status part. Recipients are parted by blank lines, or, where those were
// lost, by the first field that would stand twice.
func (r *ReportReader) status(content []byte) {
	var item ReportItem
	seen := map[string]bool{}
	flush := func() {
		if item.Action != "" {
			r.add(item)
		}
		item, seen = ReportItem{}, map[string]bool{}
	}
	fieldGroups(content, func(name, value string) {
		switch name {
		case "":
			flush()
			return
		case "original-envelope-id":
			r.report.EnvID = value
			return
		case "original-recipient", "final-recipient", "action", "status", "diagnostic-code":
		default:
			return
		}
		if seen[name] || strings.HasSuffix(name, "-recipient") && item.Action != "" && seen["final-recipient"] {
			flush()
		}
		seen[name] = true
		item.take(name, value)
	})
}

// take reads one field of a recipient's group.
func (i *ReportItem) take(name, value string) {
	switch name {
	case "original-recipient":
		i.Original = reportedAddress(value)
	case "final-recipient":
		i.Final = reportedAddress(value)
	case "action":
		i.Action = firstWord(value)
	case "status":
		if code := statusCode.FindStringSubmatch(value); code != nil {
			i.Status = code[1]
		}
	case "diagnostic-code": // it may be the more exact of the two
		code := statusCode.FindStringSubmatch(value)
		if code != nil && (i.Status == "" || strings.HasSuffix(i.Status, ".0.0")) {
			i.Status = code[1]
		}
	}
}

// disposition reads a message/disposition-notification part.
func (r *ReportReader) disposition(content []byte) {
	var item ReportItem
	fieldGroups(content, func(name, value string) {
		switch name {
		case "original-recipient", "final-recipient":
			item.take(name, value)
		case "original-message-id":
			r.report.References = append(r.report.References, messageIDs(value)...)
		case "disposition":
			item.dispose(value)
		case "error", "failure":
			item.Faulty = item.Faulty || value != ""
		}
	})
	if item.Disposition != "" {
		r.add(item)
	}
}

// dispose reads a Disposition: action mode, sending mode, a semicolon, the type, and modifiers after a slash
// or comma. Some software leaves the modes out.
func (i *ReportItem) dispose(value string) {
	low := strings.ToLower(value)
	if _, after, ok := strings.Cut(low, ";"); ok {
		low = after
	}
	kind, modifiers, _ := strings.Cut(strings.Trim(low, asciiSpace), "/")
	i.Disposition = firstWord(kind)
	i.Faulty = i.Faulty || strings.Contains(modifiers, "error") || strings.Contains(modifiers, "fail")
}

// firstWord is the first word of a value, in lower case, without what follows in brackets or after a comma.
func firstWord(value string) string {
	words := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return strings.ContainsRune(" \t(,;", r) })
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// reportedAddress reads a recipient field: a type, a semicolon and an address, with the brackets and
// comments that some software adds; or the address alone.
func reportedAddress(value string) conversations.Address {
	if _, after, ok := strings.Cut(value, ";"); ok {
		value = after
	}
	if _, after, ok := strings.Cut(value, "<"); ok {
		value, _, _ = strings.Cut(after, ">")
	}
	value, _, _ = strings.Cut(strings.Trim(value, asciiSpace), " ")
	a, err := rules.ParseAddress(value)
	if err != nil {
		return conversations.Address{}
	}
	return a
}
