package mail

import (
	"fmt"
	"strings"
	"testing"
)

// TestSplitHeader reads good and broken header blocks (RFC 5322 sections 2.2 and 4.5).
func TestSplitHeader(t *testing.T) {
	t.Parallel()
	check := func(block, want, rest string, damaged bool) {
		t.Helper()
		raw := strings.ReplaceAll(block, "\n", "\r\n")
		fields, at, bad := splitHeader(nil, []byte(raw))
		var got []string
		for _, f := range fields {
			got = append(got, fmt.Sprintf("%s=%s", f.name, unfold(f.value)))
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%q: fields %q, want %q", block, s, want)
		}
		if r := strings.ReplaceAll(raw[at:], "\r\n", "\n"); r != rest || bad != damaged {
			t.Errorf("%q: rest %q, damaged %v, want %q, %v", block, r, bad, rest, damaged)
		}
	}
	check("From: a\nTo: b\n\n", "from=a|to=b", "", false)
	check("FROM:a\nx-MSS-mes :  b  \n\n", "from=a|x-mss-mes=b", "", false)
	check("Subject: one\n two\n\tthree\n\n", "subject=one two\tthree", "", false)
	check("Subject:\n\n", "subject=", "", false)
	check("Subject: a:b\nX-Other: c\n\n", "subject=a:b|=c", "", false)
	check("From: a", "from=a", "", false)
	check("", "", "", false)
	check("\n", "", "", false)
	// Lines that are no field.
	check("From: a\njunk\nTo: b\n\n", "from=a|to=b", "", true)
	check("From: a\njunk\n more junk\nTo: b\n\n", "from=a|to=b", "", true)
	check(" indented: x\nFrom: a\n\n", "from=a", "", true)
	check("with blank: x\nFrom: a\n\n", "from=a", "", true)
	check("é: x\nFrom: a\n\n", "from=a", "", true)
	check(": x\nFrom: a\n\n", "from=a", "", true)
	// A lost indentation.
	check("Content-Type: text/plain;\ncharset=utf-8\n\n", "content-type=text/plain;charset=utf-8", "", false)
	check("Content-Type: text/plain;\nMIME-Version: 1.0\n\n", "content-type=text/plain;|=1.0", "", false)
	// A lost blank line.
	check("From: a\nBonjour\n\nsuite", "from=a", "Bonjour\n\nsuite", false)
	check("Bonjour\n\nsuite", "", "Bonjour\n\nsuite", false)
	check("Bonjour", "", "Bonjour", false)
	check("From: a\n--b\nTo: c\n\n", "from=a", "--b\nTo: c\n\n", false)
	check("From: a\npreamble\n--b: x\n", "from=a", "preamble\n--b: x\n", false)
	check("From: a\njunk\nTo: b\nBonjour\n", "from=a|to=b", "Bonjour\n", true)
}

// TestKnownName_knowsEachNameItReturns: a name in any case is found, others are not.
func TestKnownName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to",
		"references", "x-mss-mes", "auto-submitted", "content-type", "content-disposition", "content-transfer-encoding",
	} {
		if knownName([]byte(strings.ToUpper(name))) != name {
			t.Errorf("%s is not known", name)
		}
	}
	for _, name := range []string{"bcc", "trace", "", "from ", strings.Repeat("x", 100)} {
		if knownName([]byte(name)) != "" {
			t.Errorf("%q is known", name)
		}
	}
}

// TestDecodeText decodes RFC 2047 and what is sent in its place.
func TestDecodeText(t *testing.T) {
	t.Parallel()
	check := func(in, want string) {
		t.Helper()
		if got := decodeText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	check("plain = text?", "plain = text?")
	check("=?utf-8?q?Caf=C3=A9?=", "Café")
	check("=?UTF-8?B?Q2Fmw6k=?=", "Café")
	check("=?UTF-8?B?Q2Fmw6k?=", "Café")                         // no padding
	check("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab")                   // RFC 2047 section 6.2
	check("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c")              //
	check("x=?utf-8?Q?a?=y", "xay")                              // not allowed, usual
	check("=?utf-8?Q?C?= =?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "Cé") // a character split over words
	check("=?utf-8*fr?Q?=C3=A9?=", "é")                          // RFC 2231 section 5
	check("=?iso-8859-1?Q?Jos=E9_M=2E?=", "José M.")
	check("=?windows-1252?Q?l=92=9Cuvre?=", "l’œuvre")
	check("=?utf-8?Q?un deux?=", "un deux")     // blanks inside
	check("=?utf-8?Q?=ZZ=4?=", "=ZZ=4")         // broken escapes stay
	check("=?utf-8?B?@@@?=", "=?utf-8?B?@@@?=") // broken base64 stays
	check("=?utf-8?Q?never closed", "=?utf-8?Q?never closed")
	check("=?utf-8?B?w6?= =?utf-8?B?ljYQ==?=", "éca") // a group of base64 split over words
	check("=?utf-8?B?w?= =?utf-8?B?6k=?=", "é")
	check("=?utf-8?B?YQ?= =?utf-8?B?YmM=?=", "abc") // each is whole but for its padding
	check("=?utf-8?B?YQ==?= =?utf-8?B?YmM=?=", "abc")
	check("=?utf-8?B?w6?= =?utf-8?Q?=A9?=", "é") // one character in two encodings
	check("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab")
	check("=?iso-2022-jp?B?GyRCN3I5LxsoQg==?=", "健康")
	check("=?gb2312?B?vaG/tQ==?= =?GB2312?B?vOyy6Q==?=", "健康检查")
	check("=?utf-7?Q?Voil+AOA-?=", "Voilà")
	check("=?utf-8?X?abc?=", "=?utf-8?X?abc?=")
	check("=??Q?abc?=", "=??Q?abc?=")
	check("R\xe9sultats =?utf-8?Q?=C3=A9?=", "Résultats é") // raw octets beside a word
	check("=?x-unknown?Q?=E9?=", "é")
	check("Caf\xe9", "Café")
	check("Café", "Café")
	check("=?utf-8?Q?a=0D=0AX-MSS-MES:_FIN?=", "a  X-MSS-MES: FIN") // no line ends come out
	check("=?utf-16be?B?AEEAQg==?=", "AB")
	check("=?=?utf-8?Q?a?=", "=?a")
}

// TestParameters reads RFC 2045 and 2231 parameters and their usual broken forms.
func TestParameters(t *testing.T) {
	t.Parallel()
	check := func(in, head, name, want string) {
		t.Helper()
		h, p := parseStructured(in)
		if got := p.text(name); h != head || got != want {
			t.Errorf("%q: %q, %s = %q, want %q, %q", in, h, name, got, head, want)
		}
	}
	check(`Attachment; filename="a b.pdf"`, "attachment", "filename", "a b.pdf")
	check(`attachment; filename=a.pdf; size=3`, "attachment", "filename", "a.pdf")
	check(`attachment; FileName = "a.pdf"`, "attachment", "filename", "a.pdf")
	check(`attachment; filename=a b.pdf`, "attachment", "filename", "a b.pdf")
	check(`attachment; filename="a\"b\\c.pdf"`, "attachment", "filename", `a"b\c.pdf`)
	check(`attachment; filename="C:\tmp\a.pdf"`, "attachment", "filename", `C:\tmp\a.pdf`)
	check(`attachment; filename="never closed`, "attachment", "filename", "never closed")
	check(`attachment; filename="a.pdf" trailing; x=y`, "attachment", "filename", "a.pdf")
	check(`application/pdf name="a.pdf"`, "application/pdf", "name", "a.pdf")
	check(`attachment; filename="first"; filename="second"`, "attachment", "filename", "first")
	check(`attachment; filename="x"; filename*=utf-8''%C3%A9.pdf`, "attachment", "filename", "é.pdf")
	check(`attachment; filename*=iso-8859-1'fr'%E9.pdf`, "attachment", "filename", "é.pdf")
	check(`attachment; filename*=%C3%A9.pdf`, "attachment", "filename", "é.pdf")
	check(`attachment; filename*=utf-8''100%.pdf`, "attachment", "filename", "100%.pdf")
	check(`attachment; filename*1="b.pdf"; filename*0="a"`, "attachment", "filename", "ab.pdf")
	check(`attachment; filename*0*=utf-8''%C3; filename*1*=%A9; filename*2=".pdf"`, "attachment", "filename", "é.pdf")
	check(`attachment; filename*0="=?utf-8?Q?=C3=A9"; filename*1="?=.pdf"`, "attachment", "filename", "é.pdf")
	check(`attachment; filename="=?utf-8?B?w6kucGRm?="`, "attachment", "filename", "é.pdf")
	check(`attachment; filename*2=".pdf"; filename*0="a"; filename*1="b"`, "attachment", "filename", "ab.pdf")
	check(`attachment; filename*00=a; filename*0=b; filename*2=c`, "attachment", "filename", "b")                   // gaps end it
	check(`attachment; filename*0="caf%C3%A9"; filename*1*=%C3%A9.pdf`, "attachment", "filename", "caf%C3%A9é.pdf") // only marked segments are escaped
	check(`attachment; filename*0*=utf-8''caf%C3; filename*1*=%A9.pdf; filename="cafe.pdf"`, "attachment", "filename", "café.pdf")
	check(`attachment; filename*="utf-8''%C3%A9.pdf"`, "attachment", "filename", "é.pdf")
	check(`attachment; filename*=UTF-8'é.pdf`, "attachment", "filename", "é.pdf")
	check(`attachment; filename*=x-nothing''%E9.pdf`, "attachment", "filename", "é.pdf")
	check(`attachment; filename="=?utf-8?B?w6?= =?utf-8?B?kucGRm?="`, "attachment", "filename", "é.pdf")
	check("attachment; filename=\"r\xe9sultat.pdf\"", "attachment", "filename", "résultat.pdf")
	check("attachment; filename=r\xc3\xa9sultat.pdf", "attachment", "filename", "résultat.pdf")
	check(`attachment; filename==?iso-8859-1?Q?r=E9sultat.pdf?=`, "attachment", "filename", "résultat.pdf")
	check(`attachment; filename='a.pdf'`, "attachment", "filename", "'a.pdf'")
	check(`attachment; ; =; filename`, "attachment", "filename", "")
	check(``, "", "filename", "")
	check(`text/plain; charset=us-ascii (comment)`, "text/plain", "name", "")
	if _, p := parseStructured(`text/plain; charset=us-ascii (comment)`); p.token("charset") != "us-ascii" {
		t.Errorf("charset %q", p.token("charset"))
	}
}

// TestCleanName makes names safe: no path, control or direction characters (D11, R106).
func TestCleanName(t *testing.T) {
	t.Parallel()
	check := func(in, want string) {
		t.Helper()
		if got := cleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	check("compte rendu.pdf", "compte rendu.pdf")
	check("../../etc/passwd", "passwd")
	check(`..\..\windows\a.dll`, "a.dll")
	check("/", "")
	check("..", "")
	check(" . ", "")
	check("a\r\nX-MSS-MES: FIN.pdf", "a X-MSS-MES: FIN.pdf")
	check("a\x00b\x1bc\u0085d", "a b c d")
	check("ordonnance\u202efdp.exe", "ordonnancefdp.exe")
	check("\u2066a\u2069\ufeff\u200b.pdf", "a.pdf")
	check("क्\u200dष.pdf", "क्\u200dष.pdf")
	check("a\xff.pdf", "a\uFFFD.pdf")
	check(strings.Repeat("é", 150)+".pdf", strings.Repeat("é", 98)+".pdf")
	check(strings.Repeat("x", 300), strings.Repeat("x", 200))
	check("a."+strings.Repeat("x", 300), "a."+strings.Repeat("x", 198))
}

// TestReferences gives what an answer refers to (RFC 5322 section 3.6.4, R157).
func TestReferences(t *testing.T) {
	t.Parallel()
	check := func(header string, want string) {
		t.Helper()
		got, err := NewCodec(DefaultLimits()).References(strings.NewReader(strings.ReplaceAll(header, "\n", "\r\n") + "\r\n\r\nbody\r\n"))
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q (%v), want %q", header, got, err, want)
		}
	}
	check("Message-ID: <m@x>", "m@x")
	check("Message-ID: <m@x>\nReferences: <a@x> <b@x>\nIn-Reply-To: <c@x>", "a@x b@x m@x")
	check("Message-ID: <m@x>\nIn-Reply-To: <c@x>", "c@x m@x")
	check("Message-ID: <m@x>\nReferences: <m@x> <a@x>", "a@x m@x")
	check("References: a@x b@x", "a@x b@x")
	check("Subject: x", "")
	var long strings.Builder
	for i := range 300 {
		fmt.Fprintf(&long, " <%d@x>\n", i)
	}
	got, err := NewCodec(DefaultLimits()).References(strings.NewReader("Message-ID: <m@x>\nReferences:" + long.String() + "\n"))
	if err != nil || len(got) != maxReferences || got[0] != "0@x" || got[1] != "202@x" || got[maxReferences-1] != "m@x" {
		t.Errorf("%d references, %q to %q (%v)", len(got), got[0], got[len(got)-1], err)
	}
}
