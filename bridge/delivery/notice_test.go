package delivery

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"mesbridge/conversations"
	"mesbridge/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func notice(t testing.TB, failure conversations.Kind) Notice {
	return Notice{
		Key: "7feffect", Date: at, MTA: "smtp.pont.test", Zone: paris(t),
		Report: conversations.Report{
			To: rules.Address{Local: "Prenom.Nom", Domain: domain}, From: patient,
			MessageID: "abc.123@ch.mssante.fr", Subject: "XDM/1.0/DDM+Échographie CORSE FIGATELLIX 12/10/1988",
			Receipt:   conversations.Receipt{Success: true, EnvID: "QQ314159", ORcpt: "rfc822;279035121518989@PATIENT.mssante.fr"},
			ArrivedAt: at.Add(-time.Minute), Failure: failure,
		},
	}
}

func composed(t testing.TB, n Notice) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := n.Compose(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// parsed is a notice as the standard library, which did not write it, reads it.
type parsed struct {
	header             mail.Header
	text               string
	whole, recipient   textproto.MIMEHeader
	original           textproto.MIMEHeader
	parts              int
	subject, partTypes string
}

func parse(t testing.TB, raw []byte) parsed {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("read notice: %v\n%s", err, raw)
	}
	p := parsed{header: m.Header}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || parameters["report-type"] != "delivery-status" {
		t.Fatalf("content type %s %v, %v", kind, parameters, err)
	}
	if p.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	for r := multipart.NewReader(m.Body, parameters["boundary"]); ; p.parts++ {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return p
		}
		if err != nil {
			t.Fatalf("part %d: %v", p.parts, err)
		}
		p.add(t, part)
	}
}

func (p *parsed) add(t testing.TB, part *multipart.Part) {
	t.Helper()
	kind := part.Header.Get("Content-Type")
	p.partTypes += kind + "\n"
	if part.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		p.text = string(text)
		return
	}
	content, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	groups := strings.Split(string(content), "\r\n\r\n")
	if kind == "text/rfc822-headers" {
		p.original = group(t, groups[0])
		return
	}
	if len(groups) != 2 { // RFC 3464 section 2.1: an empty line at the end would begin a third
		t.Fatalf("%s holds %d groups: %q", kind, len(groups), content)
	}
	p.whole, p.recipient = group(t, groups[0]), group(t, groups[1])
}

// group reads header fields up to the end of text.
func group(t testing.TB, text string) textproto.MIMEHeader {
	t.Helper()
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(text + "\r\n\r\n"))).ReadMIMEHeader()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return h
}

// The exact bytes of one notice of each kind.
func TestNotice_golden(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]conversations.Kind{
		"delivered": "", "unknown": conversations.KindMailboxUnknown, "too-large": conversations.KindTooLarge,
	} {
		got := composed(t, notice(t, failure))
		path := filepath.Join("testdata", "notice-"+name+".eml")
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s", name, got)
		}
		if again := composed(t, notice(t, failure)); !bytes.Equal(got, again) {
			t.Errorf("%s: the second time gives other bytes", name)
		}
	}
}

// R44, R47-R50, R54, D13, D36: subjects, texts, status and action of every kind, read back by another
// parser.
func TestNotice_kinds(t *testing.T) {
	t.Parallel()
	const closed = "Message non distribué : la messagerie de ce patient ne peut pas recevoir votre message. Prévenez le patient par un autre moyen.\r\n"
	for _, c := range []struct {
		failure                       conversations.Kind
		subject, action, status, text string
	}{
		{"", "Accusé de réception", "delivered", "2.0.0", "Remis le 12/05/2026 à 11\u00a0h\u00a059 (heure de Paris) : " +
			"votre message est arrivé dans la messagerie Mon espace santé du patient.\r\n" +
			"Cet accusé de réception ne veut pas dire que le message a été lu.\r\n"},
		{conversations.KindMailboxUnknown, "Message non distribué", "failed", "5.1.1", "Patient non trouvé : aucune messagerie " +
			"Mon espace santé n’est ouverte pour ce matricule INS. Vérifiez l’identité ; sinon, remettez le document par un autre moyen.\r\n"},
		{
			conversations.KindINSInvalid, "Message non distribué", "failed", "5.1.3",
			"Adresse invalide : le matricule INS doit compter 15 caractères, clé comprise.\r\n",
		},
		{
			conversations.KindWrongPatient, "Message non distribué", "failed", "5.6.0",
			"Message non distribué : le document joint concerne un autre patient que le destinataire.\r\n",
		},
		{conversations.KindUnreachable, "Message non distribué", "failed", "5.2.1", closed},
		{conversations.KindBlockedByPatient, "Message non distribué", "failed", "5.2.1", closed},
		{conversations.KindPatientOpposed, "Message non distribué", "failed", "5.2.1", closed},
		{
			conversations.KindTooLarge, "Undelivered Mail Returned to Sender", "failed", "5.3.4",
			"Message non distribué : il dépasse la taille limite de 25 Mo, pièces jointes comprises. " +
				"Renvoyez-le avec des documents plus légers, ou en plusieurs messages.\r\n",
		},
		{
			conversations.KindInternal, "Message non distribué", "failed", "5.0.0",
			"Message non distribué : une erreur technique a empêché sa remise. Renvoyez-le, ou prévenez le patient par un autre moyen.\r\n",
		},
	} {
		n := parse(t, composed(t, notice(t, c.failure)))
		if n.subject != c.subject || n.text != c.text {
			t.Errorf("%s: subject %q, text %q", c.failure, n.subject, n.text)
		}
		for field, want := range map[string]string{
			"Action": c.action, "Status": c.status, "Final-Recipient": "rfc822; " + patient.Wire(),
			"Original-Recipient": "rfc822; 279035121518989@PATIENT.mssante.fr",
		} {
			if got := n.recipient.Get(field); got != want {
				t.Errorf("%s: %s is %q, want %q", c.failure, field, got, want)
			}
		}
		for field, want := range map[string]string{
			"Auto-Submitted": "auto-replied", "To": "<Prenom.Nom@ch.mssante.fr>", "From": "<MAILER-DAEMON@patient.mssante.fr>",
			"Date": "Tue, 12 May 2026 10:00:00 +0000", "Mime-Version": "1.0",
		} {
			if got := n.header.Get(field); got != want {
				t.Errorf("%s: %s is %q, want %q", c.failure, field, got, want)
			}
		}
		if n.whole.Get("Reporting-Mta") != "dns; smtp.pont.test" || n.whole.Get("Original-Envelope-Id") != "QQ314159" ||
			n.whole.Get("Arrival-Date") != "Tue, 12 May 2026 09:59:00 +0000" {
			t.Errorf("%s: %v", c.failure, n.whole)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(n.original.Get("Subject"))
		if err != nil || subject != notice(t, "").Report.Subject || n.original.Get("Message-Id") != "<abc.123@ch.mssante.fr>" {
			t.Errorf("%s: original %v, %v", c.failure, n.original, err)
		}
	}
}

// D36, R49: the members of a class cannot be told apart.
func TestNotice_uniform(t *testing.T) {
	t.Parallel()
	want := composed(t, notice(t, conversations.KindUnreachable))
	for _, k := range []conversations.Kind{conversations.KindBlockedByPatient, conversations.KindPatientOpposed} {
		if got := composed(t, notice(t, k)); !bytes.Equal(got, want) {
			t.Errorf("%s differs", k)
		}
	}
}

// intact fails unless raw is a notice with its own fields and no other.
func intact(t testing.TB, raw []byte) {
	t.Helper()
	if bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) || bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\r")) {
		t.Fatalf("a bare CR or LF in %q", raw)
	}
	n := parse(t, raw)
	check := func(name string, fields map[string][]string, allowed ...string) {
		for f, values := range fields {
			if !slices.Contains(allowed, f) || len(values) != 1 {
				t.Fatalf("%s holds %s: %q", name, f, values)
			}
		}
	}
	check("the header", n.header, "From", "To", "Date", "Subject", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type")
	check("the message group", n.whole, "Reporting-Mta", "Original-Envelope-Id", "Arrival-Date")
	check("the recipient group", n.recipient, "Original-Recipient", "Final-Recipient", "Action", "Status")
	check("the original", n.original, "Message-Id", "Subject")
	subject, err := new(mime.WordDecoder).DecodeHeader(n.original.Get("Subject"))
	if err != nil || strings.ContainsFunc(subject, unicode.IsControl) {
		t.Fatalf("subject %q, %v", subject, err)
	}
	if n.parts != 3 || n.partTypes != "text/plain; charset=utf-8\nmessage/delivery-status\ntext/rfc822-headers\n" {
		t.Fatalf("%d parts: %q", n.parts, n.partTypes)
	}
}

// What a sender wrote adds no field, no part and no line to the notice that he gets back.
func FuzzNotice(f *testing.F) {
	const evil = "x\r\nBcc: evil@example.org\r\n\r\n"
	f.Add(evil, "id", "rfc822;a", "env")
	f.Add("s", evil, "rfc822;"+evil, evil)
	f.Add("s", "i> <j", "rfc822;a+0D+0ABcc:+20evil", "e+0D+0A")
	f.Add("s", "=_\n--=_", "x y;a", "é")
	f.Add(strings.Repeat("é", 3000), strings.Repeat("a", 3000), "utf-8;+zz", strings.Repeat(" ", 2000)+"x")
	f.Fuzz(func(t *testing.T, subject, id, orcpt, envelope string) {
		n := notice(t, "")
		n.Report.Subject, n.Report.MessageID = subject, id
		n.Report.Receipt.ORcpt, n.Report.Receipt.EnvID = orcpt, envelope
		intact(t, composed(t, n))
	})
}

// RFC 3461 section 4: ORCPT is an xtext, which is undone once, by the server that took it.
func TestOriginalRecipient(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"rfc822;a@b": "rfc822; a@b", "RFC822;a+b@c": "rfc822; a+b@c", "rfc822;a+2Bb": "rfc822; a+2Bb",
		"": "", "rfc822": "", ";a": "", "rfc822;": "", "rfc 822;a": "",
	} {
		if got := originalRecipient(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// A notice goes to the envelope sender from the null reverse-path, through the same checks (R47, O175).
func TestReport_sends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	r := NewReporter(w.client(t, nil, p.at), reports{report: notice(t, "").Report}, paris(t))
	for range 2 {
		if again, err := r.Report(t.Context(), effect("7feffect", 0)); err != nil || !again.IsZero() {
			t.Fatalf("again %v, %v", again, err)
		}
	}
	want := composed(t, notice(t, ""))
	got := p.received()
	if len(got) != 2 || got[0].data != string(want) || got[0] != got[1] {
		t.Fatalf("received %+v", got)
	}
	if mail := fmt.Sprintf("MAIL FROM:<> BODY=8BITMIME SIZE=%d", len(want)); got[0].mail != mail || got[0].rcpt != "RCPT TO:<Prenom.Nom@ch.mssante.fr>" {
		t.Errorf("envelope %q %q", got[0].mail, got[0].rcpt)
	}
}

// reports gives one report or receipt, or an error.
type reports struct {
	report  conversations.Report
	receipt conversations.ReadReceipt
	err     error

	begun     *int // how often a receipt was begun
	elsewhere bool // another attempt has it
	outcomes  *[]conversations.Outcome
}

func (r reports) ReadReceipt(context.Context, conversations.Effect) (conversations.ReadReceipt, error) {
	return r.receipt, r.err
}

func (r reports) BeginReceipt(context.Context, conversations.Effect, conversations.ReadReceipt) (bool, error) {
	if r.begun != nil {
		*r.begun++
	}
	return !r.elsewhere, nil
}

func (r reports) Delivered(_ context.Context, _ conversations.Effect, o conversations.Outcome) error {
	if r.outcomes != nil {
		*r.outcomes = append(*r.outcomes, o)
	}
	return nil
}

func (r reports) ReceiptOutcome(ctx context.Context, e conversations.Effect, o conversations.Outcome) error {
	return r.Delivered(ctx, e, o)
}

func (r reports) Reportable(context.Context, conversations.Effect) (conversations.Report, error) {
	return r.report, r.err
}

// A notice that cannot go is tried again by O87, then dropped without another one; and none answers a
// null reverse-path (R47).
func TestReport_outcomes(t *testing.T) {
	t.Parallel()
	good := notice(t, "").Report
	null, unlisted := good, good
	null.To, unlisted.To.Domain = rules.Address{}, "hors.mssante.fr"
	for name, c := range map[string]struct {
		reports reports
		script  script
		age     time.Duration
		again   time.Duration
		failed  bool
	}{
		"deferred":     {reports{report: good}, script{rcpt: always("451 secret")}, 0, 5 * time.Minute, false},
		"too old":      {reports{report: good}, script{rcpt: always("451 secret")}, 48 * time.Hour, 0, false},
		"refused":      {reports{report: good}, script{rcpt: always("550 secret")}, 0, 0, false},
		"unlisted":     {reports{report: unlisted}, script{}, 0, 0, false},
		"null path":    {reports{report: null}, script{}, 0, 0, false},
		"gone":         {reports{err: &conversations.Error{Kind: conversations.KindNotFound}}, script{}, 0, 0, false},
		"store absent": {reports{err: &conversations.Error{Kind: conversations.KindUnavailable}}, script{}, 0, 0, true},
	} {
		w := newWorld(t)
		c.script.tls = w.serverTLS(w.them)
		p := newPeer(t, c.script)
		e := effect("7feffect", 0)
		e.CreatedAt = at.Add(-c.age)
		again, err := NewReporter(w.client(t, nil, p.at), c.reports, paris(t)).Report(t.Context(), e)
		if !again.Equal(instant(c.again)) || (err != nil) != c.failed || len(p.received()) != 0 {
			t.Errorf("%s: again %v, %v, %d sent", name, again, err, len(p.received()))
		}
	}
}
