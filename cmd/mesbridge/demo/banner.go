package demo

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed banner.txt
var bannerText string

// letter is a document to send.
//
//go:embed letter.pdf
var letter []byte

// letterFile is its name in the data directory.
const letterFile = "compte-rendu.pdf"

// Banner tells people in plain words where everything is and what to try next. Its command lines work
// when they are pasted, from whatever directory.
func Banner(w io.Writer, data string, r *Ready) error {
	t, err := template.New("banner").Parse(bannerText)
	if err != nil {
		return fmt.Errorf("read banner: %w", err)
	}
	doctor, patient := r.Professionals[0], r.Patients[0]
	mailbox := doctor.Mailboxes[0]
	_, domain, _ := strings.Cut(mailbox, "@")
	i := slices.IndexFunc(r.PKI.Operators, func(o ReadyOperator) bool { return slices.Contains(o.Domains, domain) })
	if i < 0 {
		return errors.New("write banner: no operator serves the professional's domain")
	}
	as := swaks(r.SMTP, r.PKI.Operators[i], mailbox, patient.Address)
	err = t.Execute(w, map[string]any{
		"Ready": r, "Volatile": r.Redis == "embedded", "Patient": patient, "Doctor": doctor, "Mailbox": mailbox,
		"Send": command(append(as, "--header", "Subject: Votre compte rendu", "--body", "Bonjour, voici votre compte rendu.",
			"--attach-type", "application/pdf", "--attach-name", letterFile, "--attach", "@"+filepath.Join(data, letterFile))),
		"End":     command(append(as, "--header", "Subject: [FIN]", "--body", "Merci et au revoir.")),
		"Replies": quote(filepath.Join(r.OperatorMaildirs, mailbox, "new")),
		"Data":    data,
		"Told":    receiver(r),
	})
	if err != nil {
		return fmt.Errorf("write banner: %w", err)
	}
	return nil
}

// receiver is a command that registers a webhook of the first clinic and waits for a call; empty without a clinic.
func receiver(r *Ready) string {
	if len(r.Clinics) == 0 {
		return ""
	}
	c := r.Clinics[0]
	return command([]string{
		"env", "MESBRIDGE_URL=" + r.HTTP, "CLIENT_ID=" + c.ClientID, "CLIENT_SECRET=" + c.ClientSecret, "MAILBOX=" + c.Mailboxes[0],
		"LISTEN=127.0.0.1:0", "go", "run", "./docs/examples/webhook",
	})
}

// swaks begins a command that sends a message as an operator would.
func swaks(server string, o ReadyOperator, from, to string) []string {
	return slices.Clip([]string{
		"swaks", "--server", server, "--tls", "--tls-cert", o.Cert, "--tls-key", o.Key, "--from", from, "--to", to,
	})
}

// command writes words as a shell reads them back.
func command(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

// quote writes one word as a POSIX shell reads it back.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@=+,", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
