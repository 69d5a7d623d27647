package tests

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mesbridge/conversations/redisstore/redistest"
)

// thePatient is the patient of the story (docs/contract.md, facts of every demonstration).
const thePatient = "279035121518989"

// pdf is a small document that is not all text, so that a changed line end would show.
var pdf = append([]byte("%PDF-1.4\n%\xe2\xe3\xcf\xd3\r\n1 0 obj <<>> endobj\n"), bytes.Repeat([]byte{0, 1, 2, 10, 13, 13, 10, 255}, 900)...)

// TestStory runs the story on the built binary: each step on the state that the last one left.
func TestStory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDemo(t, dir)
	tellStory(t, d, d, func() *demo { return startDemo(t, dir) })
}

// TestStory_valkey runs the story on Valkey instead of Redis.
func TestStory_valkey(t *testing.T) {
	t.Parallel()
	server := redistest.StartProgram(t, redistest.Valkey(t))
	dir := t.TempDir()
	start := func() *demo { return startDemoOn(t, dir, "unix://"+server.Socket) }
	d := start()
	tellStory(t, d, d, start)
}

// tellStory tells it on a bridge that takes the mail and one that shows it to the patient, which may be the
// same. again starts the first one after it was killed.
func tellStory(t *testing.T, mail, web *demo, again func() *demo) {
	t.Helper()
	s := story{demo: mail, again: again, doctor: mail.Professionals[0].Mailboxes[0], address: thePatient + "@patient.mssante.fr"}
	for i, p := range mail.Patients {
		if p.INS == thePatient {
			s.patient = web.as(t, mail.Patients[i].Token)
		}
	}
	if s.patient.token == "" {
		t.Fatal("the patient of the story is not among the demonstration's")
	}
	t.Run("1 swaks sends a message with a document", s.swaksSends)
	t.Run("2 the patient reads it", s.patientReads)
	t.Run("3 the reply arrives at the operator", s.replyArrives)
	t.Run("4 the professional ends", s.professionalEnds)
	t.Run("5 a message re-opens, a block stops, lifting restores", s.blockAndRestore)
	t.Run("6 whoever may not is refused with his own code", s.refusals)
	t.Run("7 a killed bridge has kept everything, once", s.killed)
}

type story struct {
	*demo
	again   func() *demo
	patient api
	doctor  string
	address string
	first   string // the first conversation
}

func (s *story) swaksSends(t *testing.T) {
	s.patient.t = t
	file := filepath.Join(t.TempDir(), "compte-rendu.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := s.swaks(t, s.operatorOf(s.doctor), "--from", s.doctor, "--to", s.address,
		"--h-From", "Quelqu'un d'autre <"+s.doctor+">", "--header", "Subject: Votre compte rendu",
		"--header", "Message-Id: <first@operator.test>", "--body", "Bonjour, voici votre compte rendu.",
		"--attach-type", "application/pdf", "--attach-name", "compte-rendu.pdf", "--attach", "@"+file)
	if err != nil || !strings.Contains(out, "<~  250 2.0.0") {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
}

func (s *story) patientReads(t *testing.T) {
	s.patient.t = t
	c := s.patient.about("Votre compte rendu")
	s.first = c.ID
	if len(c.With) != 1 || !strings.Contains(c.With[0], familyName(s.Professionals[0].Name)) || strings.Contains(strings.Join(c.With, ""), "@") {
		t.Errorf("with %q: the directory's name is shown, whatever the From says, and never the address (I113, R71)", c.With)
	}
	if !c.Reply.Allowed || len(c.Messages) != 1 || !strings.Contains(c.Messages[0].Text, "voici votre compte rendu") {
		t.Fatalf("conversation %+v", c)
	}
	if len(c.Messages[0].Attachments) != 1 {
		t.Fatalf("attachments %+v", c.Messages[0].Attachments)
	}
	a := c.Messages[0].Attachments[0]
	status, content, header := s.patient.do(http.MethodGet, "/inbox/attachments/"+a.ID, nil)
	sum := sha256.Sum256(pdf)
	if status != http.StatusOK || !bytes.Equal(content, pdf) || a.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("attachment: status %d, %d bytes, digest %s: not the document that was sent", status, len(content), a.SHA256)
	}
	if want := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"; header.Get("Repr-Digest") != want {
		t.Errorf("Repr-Digest %q, want %q (RFC 9530)", header.Get("Repr-Digest"), want)
	}
	_, all, _ := s.patient.do(http.MethodGet, "/inbox/"+c.ID, nil)
	if bytes.Contains(all, []byte(s.doctor)) {
		t.Error("the professional's address reaches the patient (R71, D11)")
	}
}

func (s *story) replyArrives(t *testing.T) {
	s.patient.t = t
	s.patient.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+s.first+"/replies", map[string]any{
		"text": "Merci docteur, à bientôt.\n.\nUne ligne d'un seul point est au-dessus.",
		"attachments": []map[string]any{
			{"name": "résultats & photo.pdf", "type": "application/pdf", "base64": base64.StdEncoding.EncodeToString(pdf)},
		},
	})
	raw := s.received(t, s.doctor, 1)
	if bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) {
		t.Error("a bare LF arrived")
	}
	h := headerOf(t, raw)
	for field, want := range map[string]string{
		"In-Reply-To": "<first@operator.test>", "References": "<first@operator.test>", "Subject": "Re: Votre compte rendu", "Mime-Version": "1.0",
	} {
		if got := h.Get(field); got != want {
			t.Errorf("%s %q, want %q (R157, D10)", field, got, want)
		}
	}
	if from := h.Get("From"); !strings.Contains(from, "<"+s.address+">") {
		t.Errorf("From is not the patient's address (R156)")
	}
	if h.Get("X-Mss-Mes") != "" || h.Get("Message-Id") == "" || h.Get("Date") == "" {
		t.Errorf("header %v", h)
	}
	text, document := parts(t, h.Get("Content-Type"), raw)
	if !strings.Contains(text, "Merci docteur, à bientôt.\r\n.\r\nUne ligne") {
		t.Errorf("text %q", text)
	}
	if !bytes.Equal(document, pdf) {
		t.Error("the reply's attachment is not what the patient attached")
	}
	await(t, "delivery state sent", func() bool {
		m := s.patient.open(s.first).Messages[0]
		return m.Mine && m.Delivery != nil && m.Delivery.State == "sent"
	})
}

// parts returns the text and the document of a multipart/mixed message.
func parts(t *testing.T, contentType string, raw []byte) (text string, document []byte) {
	t.Helper()
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatalf("Content-Type: %v", err)
	}
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	r := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return text, document
		}
		if err != nil {
			t.Fatalf("parts: %v", err)
		}
		var content io.Reader = p
		switch strings.ToLower(p.Header.Get("Content-Transfer-Encoding")) {
		case "base64":
			content = base64.NewDecoder(base64.StdEncoding, p)
		case "quoted-printable":
			content = quotedprintable.NewReader(p)
		}
		b, err := io.ReadAll(content)
		if err != nil {
			t.Fatalf("parts: %v", err)
		}
		if name := p.FileName(); name == "" {
			text = string(b)
		} else if document = b; name != "résultats & photo.pdf" {
			t.Errorf("attachment name %q", name)
		}
	}
}

func (s *story) professionalEnds(t *testing.T) {
	s.patient.t = t
	s.accepted(t, s.doctor, s.address, note(s.doctor, s.address, "Une seule fois", "Sans réponse possible.", "X-MSS-MES: FIN"))
	c := s.patient.about("Une seule fois")
	if c.State != "no-reply" || c.Reply.Code != "reply-not-allowed" || len(c.Reply.Options) != 1 || c.Reply.Options[0] != "NO_REPLY" {
		t.Errorf("after the header: %s %+v (R81)", c.State, c.Reply)
	}
	s.patient.refused(http.StatusForbidden, "reply-not-allowed", "/inbox/"+c.ID+"/replies", map[string]any{"text": "Pourtant…"})
	if first := s.patient.open(s.first); first.State != "open" {
		t.Errorf("the first conversation is %s: the header ends its own message only (table 9.1 row 4)", first.State)
	}
	s.accepted(t, s.doctor, s.address, note(s.doctor, s.address, "[FIN]", ""))
	c = s.patient.open(s.first)
	if c.State != "ended" || c.Ended == nil || c.Ended.How != "subject" || !strings.Contains(c.Ended.By, familyName(s.Professionals[0].Name)) {
		t.Errorf("after [FIN]: %s %+v (R80, R86)", c.State, c.Ended)
	}
	s.patient.refused(http.StatusForbidden, "thread-closed", "/inbox/"+s.first+"/replies", map[string]any{"text": "Encore un mot"})
	if !s.patient.open(s.first).HasDraft {
		t.Error("the refused text is not kept as a draft (D7)")
	}
}

func (s *story) blockAndRestore(t *testing.T) {
	s.patient.t = t
	s.accepted(t, s.doctor, s.address, note(s.doctor, s.address, "Un nouveau rendez-vous", "Pouvez-vous venir lundi ?"))
	again := s.patient.about("Un nouveau rendez-vous")
	if again.State != "open" || s.patient.open(s.first).State != "ended" {
		t.Errorf("new conversation %s, old one %s (D6, OP4)", again.State, s.patient.open(s.first).State)
	}
	id := s.contact(t, familyName(s.Professionals[0].Name))
	if status, b, _ := s.patient.do(http.MethodPut, "/inbox/contacts/"+id+"/block", map[string]any{}); status != 200 && status != 204 {
		t.Fatalf("block: %d %s", status, b)
	}
	before := len(s.patient.inbox())
	got := s.send(t, s.operatorOf(s.doctor), s.doctor, []string{s.address}, note(s.doctor, s.address, "Bloqué", "Ne passe pas."))
	closed := s.Patients[s.patientIn("messaging-closed")].Address
	if other := s.send(t, s.operatorOf(s.doctor), s.doctor, []string{closed}, note(s.doctor, closed, "Fermé", "x")); got != other {
		t.Errorf("blocked %q, closed mailbox %q: they must be the same (D13, D36)", got, other)
	}
	if !strings.HasPrefix(got, "550 5.2.1 Message non distribue : la messagerie de ce patient ne peut pas recevoir votre message.") {
		t.Errorf("reply %q", got)
	}
	if after := len(s.patient.inbox()); after != before {
		t.Errorf("%d conversations became %d: a refused message moves nothing", before, after)
	}
	if c := s.patient.open(again.ID); c.State != "blocked" || c.Reply.Code != "blocked-by-patient" {
		t.Errorf("state %s %s (D15)", c.State, c.Reply.Code)
	}
	s.patient.refused(http.StatusForbidden, "blocked-by-patient", "/inbox/"+again.ID+"/replies", map[string]any{"text": "Non"})
	if status, b, _ := s.patient.do(http.MethodDelete, "/inbox/contacts/"+id+"/block", nil); status != 200 && status != 204 {
		t.Fatalf("unblock: %d %s", status, b)
	}
	if a, f := s.patient.open(again.ID).State, s.patient.open(s.first).State; a != "open" || f != "ended" {
		t.Errorf("after lifting: %s and %s, want open and ended as the messages say (D15)", a, f)
	}
}

// contact returns the id of the patient's contact whose name holds a text.
func (s *story) contact(t *testing.T, name string) string {
	t.Helper()
	var contacts list[struct{ ID, Name string }]
	s.patient.want(http.StatusOK, &contacts, http.MethodGet, "/inbox/contacts", nil)
	for _, c := range contacts.Items {
		if strings.Contains(c.Name, name) {
			return c.ID
		}
	}
	t.Fatalf("no contact named %s in %+v", name, contacts)
	return ""
}

func (s *story) refusals(t *testing.T) {
	s.patient.t = t
	s.patient.refused(http.StatusNotFound, "not-found", "/inbox/"+s.first[:2]+"aaaaaaaaaaaaaaaaaaaaa/replies", map[string]any{"text": "À qui ?"})
	own := s.operatorOf(s.doctor)
	stranger := s.operatorOf(s.Professionals[1].Mailboxes[0])
	at := func(state string) string { return s.Patients[s.patientIn(state)].Address }
	for _, c := range []struct {
		name, from, to, want string
		who                  credential
	}{
		{"unlisted domain", "dr@ailleurs.example", s.address, "550 5.7.1", own},
		{"another operator's domain", s.doctor, s.address, "550 5.7.1", stranger},
		{"no certificate", s.doctor, s.address, "530 5.7.0", credential{}},
		{"opposed", s.doctor, at("opposed"), "550 5.1.1", own},
		{"unknown", s.doctor, "153124500723160@patient.mssante.fr", "550 5.1.1", own},
		{"closed account", s.doctor, at("closed"), "550 5.2.1", own},
		{"closed messaging", s.doctor, at("messaging-closed"), "550 5.2.1", own},
		{"suspended", s.doctor, at("suspended"), "450 4.2.1", own},
		{"wrong key", s.doctor, "279035121518988@patient.mssante.fr", "553 5.1.3", own},
		{"no key", s.doctor, "2790351215189@patient.mssante.fr", "553 5.1.3", own},
		{"another domain", s.doctor, "somebody@example.org", "550 5.7.1", own},
		{"a patient writes", s.address, s.doctor, "550 5.7.1", own},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.send(t, c.who, c.from, []string{c.to}, note(c.from, c.to, "Refusé", "x")); !strings.HasPrefix(got, c.want) {
				t.Errorf("reply %q, want %s", got, c.want)
			}
		})
	}
	for _, bad := range s.PKI.Bad {
		t.Run("certificate "+bad.Name, func(t *testing.T) {
			domain := bad.Domain
			if domain == "" && len(bad.Domains) > 0 {
				domain = bad.Domains[0]
			}
			got := s.send(t, bad, "dr@"+domain, []string{s.address}, note("dr@"+domain, s.address, "Refusé", "x"))
			if got[0] != '5' || !strings.Contains(got, " 5.7.") {
				t.Errorf("reply %q: refused for good with a class 5.7 code", got)
			}
		})
	}
	t.Run("too large", s.tooLarge)
}

func (s *story) tooLarge(t *testing.T) {
	c := s.session(t, s.operatorOf(s.doctor))
	c.do("552 5.3.4", "MAIL FROM:<%s> SIZE=26214401", s.doctor)
	c.do("250", "MAIL FROM:<%s>", s.doctor)
	c.do("250", "RCPT TO:<%s>", s.address)
	c.do("354", "DATA")
	w := c.text.DotWriter()
	_, _ = io.WriteString(w, note(s.doctor, s.address, "Trop grand", ""))
	line := strings.Repeat("x", 76) + "\r\n"
	for n := 0; n <= 26_214_400; n += len(line) {
		if _, err := io.WriteString(w, line); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	c.expect("552 5.3.4")
}

// familyName returns the last word of a name: that is how the demonstration writes its people.
func familyName(name string) string {
	words := strings.Fields(name)
	return words[len(words)-1]
}

func (s *story) killed(t *testing.T) {
	s.patient.t = t
	before := s.patient.inbox()
	s.kill()
	again := s.again()
	token := ""
	for _, p := range again.Patients {
		if p.INS == thePatient {
			token = p.Token
		}
	}
	if token != s.patient.token {
		t.Error("the tokens of the demonstration changed over a restart")
	}
	after := again.as(t, token).inbox()
	if len(after) != len(before) {
		t.Fatalf("%d conversations before the kill, %d after", len(before), len(after))
	}
	for i := range before {
		if before[i].ID != after[i].ID || before[i].State != after[i].State {
			t.Errorf("conversation %d: %s %s became %s %s", i, before[i].ID, before[i].State, after[i].ID, after[i].State)
		}
	}
	if content := again.as(t, token).open(s.first).Messages; len(content) < 2 {
		t.Errorf("%d messages in the first conversation", len(content))
	}
}
