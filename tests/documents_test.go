package tests

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"mesbridge/bridge/xdm/xdmtest"
)

// TestDocuments carries health documents through the built program, by mail and by the API: they are shown with
// what their header says (OP14), and another patient's are refused (D31).
func TestDocuments(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	doctor, address := d.Professionals[0].Mailboxes[0], thePatient+"@patient.mssante.fr"
	var patient api
	for _, p := range d.Patients {
		if p.INS == thePatient {
			patient = d.as(t, p.Token)
		}
	}
	report := xdmtest.Sample()
	other := report
	other.Matricule = "153124500723160"
	const label = "CR d'examens biologiques CORSE DOMINIQUE 01/05/1979"
	send := func(subject string, archive []byte) string {
		return d.send(t, d.operatorOf(doctor), doctor, []string{address}, documentMail(doctor, address, subject, archive))
	}

	got := send("XDM/1.0/DDM+"+label, xdmtest.Archive(t, other))
	if got != "554 5.6.0 Le document joint concerne un autre patient que le destinataire." {
		t.Errorf("another's document: %q (D31)", got)
	}
	if n := len(patient.inbox()); n != 0 {
		t.Errorf("%d conversations after a refusal", n)
	}
	if got := send("XDM/1.0/DDM+"+label, xdmtest.Archive(t, report)); !strings.HasPrefix(got, "250 ") {
		t.Fatalf("own document: %q", got)
	}
	thread := patient.about(label) // without the technical prefix (R43)
	files := thread.Messages[0].Attachments
	if len(files) != 1 || len(files[0].Documents) != 1 {
		t.Fatalf("%+v", files)
	}
	doc := files[0].Documents[0]
	if doc.Title != report.Title || doc.Kind != report.Display || doc.Date != "2026-05-04T07:15:00.000Z" || doc.Author != "Dr Irène PETIT" ||
		doc.Integrity != "verified" || len(doc.Embedded) != 1 {
		t.Errorf("%+v", doc)
	}
	status, content, header := patient.do(http.MethodGet, "/inbox/attachments/"+doc.Embedded[0].ID, nil)
	sum := sha256.Sum256(report.PDF)
	if status != http.StatusOK || !bytes.Equal(content, report.PDF) || doc.Embedded[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("embedded: %d, %d octets", status, len(content))
	}
	for name, want := range map[string]string{"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff"} {
		if header.Get(name) != want {
			t.Errorf("%s: %q", name, header.Get(name))
		}
	}
	if !strings.HasPrefix(header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("Content-Disposition: %q: nothing is opened as a page (OP14)", header.Get("Content-Disposition"))
	}
	patient.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+thread.ID+"/replies", map[string]any{"text": "Merci."})
	if subject := headerOf(t, d.received(t, doctor, 1)).Get("Subject"); subject != "Re: XDM/1.0/DDM+"+label {
		t.Errorf("subject of the reply %q (D10)", subject)
	}

	professional := d.as(t, d.Professionals[0].Token)
	message := func(archive []byte) map[string]any {
		return map[string]any{
			"mailbox": doctor, "patient": map[string]any{"ins": thePatient}, "subject": "Par l'interface", "text": "Bonjour",
			"attachments": []map[string]any{{"name": "IHE_XDM.zip", "type": "application/zip", "base64": base64.StdEncoding.EncodeToString(archive)}},
		}
	}
	professional.refused(http.StatusUnprocessableEntity, "wrong-patient", "/conversations", message(xdmtest.Archive(t, other)))
	professional.want(http.StatusCreated, nil, http.MethodPost, "/conversations", message(xdmtest.Archive(t, report)))
}

// documentMail is a mail of business software with an archive (R96, R42).
func documentMail(from, to, subject string, archive []byte) string {
	return strings.Join([]string{
		"From: <" + from + ">", "To: <" + to + ">", "Subject: " + subject, "Date: Sat, 21 Nov 2026 10:00:00 +0100", "X-MSS-INS: O",
		"MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain", "", "Voici un document.",
		"--b", "Content-Type: application/zip; name=IHE_XDM.ZIP", "Content-Disposition: attachment; filename=IHE_XDM.ZIP",
		"Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString(archive), "--b--", "",
	}, "\r\n")
}
