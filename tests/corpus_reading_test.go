package tests

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// deliberate lists where we read a message of the corpus otherwise than others do, and why. Nothing of a
// message stands here.
func deliberate() map[string]string {
	return map[string]string{
		"mikel-mail/attachment-attachment_pdf_non_ascii.eml: text": "octets 80 to 9F of ISO 8859-1 are read as windows-1252, as browsers do; " +
			"others show control characters",
		"mikel-mail/error-content_transfer_encoding_7-bit.eml: text": "the same: an octet 80 to 9F is read as windows-1252",
		"stalwart-rfc/004.eml: attachments":                          "the messages of a digest are attachments, as RFC 2046 says; others drop them",
	}
}

// byMailbox gives a message another author, as its operator would demand (O69): From names the mailbox
// and stands before the first field, other From and Sender fields go, and so does a leading mbox line.
// Every line ends with CRLF.
func byMailbox(raw, mailbox string) string {
	raw = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(raw)
	if strings.HasPrefix(raw, "From ") {
		_, raw, _ = strings.Cut(raw, "\n")
	}
	lines := strings.Split(strings.TrimSuffix(raw, "\n"), "\n")
	author := []string{"From: Corpus <" + mailbox + ">"}
	var kept []string
	dropped, header := false, true
	for _, line := range lines {
		header = header && line != "" && !strings.HasPrefix(line, "--")
		if folded := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"); header && !folded {
			name, _, _ := strings.Cut(strings.ToLower(line), ":")
			dropped = name == "from" || name == "sender"
			kept, author = append(kept, author...), nil
		}
		if !header || !dropped {
			kept = append(kept, line)
		}
	}
	return strings.Join(append(kept, ""), "\r\n")
}

// TestByMailbox keeps every octet but the author.
func TestByMailbox(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Subject: a\nFrom: x@y\n z\nTo: b\n\nFrom: c\n":             "From: Corpus <m@x>\r\nSubject: a\r\nTo: b\r\n\r\nFrom: c\r\n",
		"From x Mon\nSender: s\r\nSubject: a\r\n\r\ntext":           "From: Corpus <m@x>\r\nSubject: a\r\n\r\ntext\r\n",
		" From: x@y\nSubject: a\n\nb\n":                             " From: x@y\r\nFrom: Corpus <m@x>\r\nSubject: a\r\n\r\nb\r\n",
		"Content-Type: multipart/mixed; boundary=b\n--b\nFrom: c\n": "From: Corpus <m@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n--b\r\nFrom: c\r\n",
	} {
		if got := byMailbox(in, "m@x"); got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", in, got, want)
		}
	}
}

// sessionDeadline bounds one message of a session that lasts for a whole corpus.
func sessionDeadline() time.Time { return time.Now().Add(60 * time.Second) }

func inWords(s string) string { return strings.Join(strings.Fields(s), " ") }

// cutAlike cuts got where the expected text was cut: after 600 characters.
func cutAlike(want, got string) string {
	if utf8.RuneCountInString(want) == 600 {
		return string([]rune(got)[:min(600, utf8.RuneCountInString(got))])
	}
	return got
}

// sameReading compares texts. Where others show a replacement character they could not read; whatever we
// read there does not contradict them.
func sameReading(want, got string) bool {
	if !strings.ContainsRune(want, utf8.RuneError) {
		return want == got
	}
	pattern := regexp.MustCompile(`(\x{FFFD})+`).ReplaceAllString(regexp.QuoteMeta(want), `\S{1,4}`)
	return regexp.MustCompile(`^` + pattern + `$`).MatchString(got)
}

// isEmptyFor reports whether others read nothing in a message either.
func isEmptyFor(want expectation) bool {
	text, hasText := want.Text.trusted()
	files, hasFiles := want.Attachments.trusted()
	return hasText && hasFiles && text == "" && len(files) == 0
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// missing returns what of want is not in got, each as often as it is missing.
func missing(want, got []string) (lost []string) {
	got = slices.Clone(got)
	for _, w := range want {
		if i := slices.Index(got, w); i >= 0 {
			got = slices.Delete(got, i, i+1)
		} else {
			lost = append(lost, w)
		}
	}
	return lost
}

// plainNames are names as the bridge shows them: the last element of a path, blanks made one; those of
// nothing are left out, for which the bridge makes names of its own.
func plainNames(names []string) (plain []string) {
	for _, n := range names {
		if n = inWords(n[strings.LastIndexAny(n, `/\`)+1:]); n != "" {
			plain = append(plain, n)
		}
	}
	return plain
}
