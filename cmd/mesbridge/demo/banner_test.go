package demo

import (
	"os/exec"
	"strings"
	"testing"
)

func TestQuote_isReadBackByAShell(t *testing.T) {
	t.Parallel()
	for _, word := range []string{
		"plain-/._:@=+,", "two words", "it's", `a"b`, "$HOME `id` \\ !", "é", "", "[FIN]", "a\nb", "*", "~", "#", ";",
	} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+quote(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q comes back as %q, %v", word, out, err)
		}
	}
}

func TestBanner_namesWhatToDo(t *testing.T) {
	t.Parallel()
	r := &Ready{
		HTTP: "http://127.0.0.1:1", SMTP: "127.0.0.1:2", Ops: "http://127.0.0.1:3", Redis: "embedded", OperatorMaildirs: "/data/operators",
		PKI: ReadyPKI{Operators: []ReadyOperator{
			{Domains: []string{"other.mssante.fr"}, Cert: "/other.pem", Key: "/other.key"},
			{Domains: []string{"mine.mssante.fr"}, Cert: "/my cert.pem", Key: "/mine.key"},
		}},
		Patients:      []ReadyPatient{{Name: "Anne PATIENTE", Address: "1@patient.mssante.fr"}},
		Professionals: []ReadyProfessional{{Name: "Luc DOCTEUR", Mailboxes: []string{"luc@mine.mssante.fr"}}},
		Clinics:       []ReadyClinic{{ClientID: "dpi", ClientSecret: "s'ecret", Mailboxes: []string{"dpi@clinique.mssante.fr"}}},
	}
	var b strings.Builder
	if err := Banner(&b, "/data", r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		r.HTTP, r.SMTP, r.Ops, "Anne PATIENTE", "Luc DOCTEUR", "NOTHING SURVIVES", "'/my cert.pem'",
		"--from luc@mine.mssante.fr --to 1@patient.mssante.fr", "'Subject: [FIN]'", "@/data/compte-rendu.pdf",
		"cat /data/operators/luc@mine.mssante.fr/new/*",
		`env MESBRIDGE_URL=http://127.0.0.1:1 CLIENT_ID=dpi 'CLIENT_SECRET=s'\''ecret' MAILBOX=dpi@clinique.mssante.fr LISTEN=127.0.0.1:0 go run ./docs/examples/webhook`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in the banner:\n%s", want, b.String())
		}
	}
	r.Redis = "managed"
	b.Reset()
	if err := Banner(&b, "/data", r); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "NOTHING SURVIVES") {
		t.Error("the banner says that nothing survives, with a redis that keeps it")
	}
	r.PKI.Operators = r.PKI.Operators[:1]
	if err := Banner(&b, "/data", r); err == nil {
		t.Error("a command with another operator's certificate is proposed")
	}
}
