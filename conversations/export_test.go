package conversations_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// taken lists what an export gives: the kind and the content of each file.
func exportOf(ctx context.Context, t *testing.T, b *bench) (all []string, err error) {
	t.Helper()
	err = b.Export(ctx, b.self(), b.patient.ID, func(e conversations.Exported) error {
		var content bytes.Buffer
		if err := e.Write(&content); err != nil {
			return err
		}
		what := "message "
		if e.Document {
			what = "document " + e.Name + " "
		}
		all = append(all, what+content.String())
		return nil
	})
	return all, err
}

// D11, R115: the patient takes his messages, with names for addresses, and his documents, and not what he deleted; that
// he took them is in his history (O155).
func TestExport_givesWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newActWorld(t)
	if _, err := w.reply(w.thread, "Ma réponse"); err != nil {
		t.Fatal(err)
	}
	w.taken(mail{from: doctor, subject: "Supprimé", text: "Texte supprimé"})
	if err := w.DeleteThread(t.Context(), w.self(), w.patient.ID, w.bench.thread("Supprimé").ID); err != nil {
		t.Fatal(err)
	}
	all, err := exportOf(t.Context(), t, w.bench)
	if err != nil || len(all) != 3 || !strings.Contains(all[1], "Ma réponse") || all[2] != "document a.pdf x" {
		t.Fatalf("%q, %v", all, err)
	}
	if text := strings.Join(all, ""); strings.Contains(text, "Texte supprimé") {
		t.Errorf("%q", text)
	}
	found, err := w.History(t.Context(), w.patient.ID, "", 10)
	if err != nil || found.Items[0].Code != string(conversations.TraceTaken) {
		t.Errorf("%+v, %v", found, err)
	}
	stop := errors.New("stop")
	given := 0
	err = w.Export(t.Context(), w.self(), w.patient.ID, func(conversations.Exported) error { given++; return stop })
	if !errors.Is(err, stop) || given != 1 {
		t.Errorf("%d files after %v", given, err)
	}
}

// R133: a caregiver cannot take everything away; D28: a representative takes nothing that is hidden from him.
func TestExport_byOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	helper, _ := b.helped()
	if _, err := exportOf(b.as(helper), t, b); conversations.KindOf(err) != conversations.KindNotGranted {
		t.Errorf("a caregiver: %v", err)
	}
	b = newBench(t)
	b.HideConfidential = true
	ctx := b.as(b.child(24 * time.Hour))
	b.taken(mail{from: doctor, subject: "Pour tous", text: "Bonjour à tous"})
	_, err := b.OpenThread(t.Context(), conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896"}, conversations.ThreadInput{
		Mailbox: address(t, doctor), INS: anINS, Subject: "Entre nous", Text: "Secret", Confidential: rules.ConfidentialYes,
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := exportOf(ctx, t, b)
	if err != nil || len(all) != 1 || strings.Contains(all[0], "Secret") {
		t.Errorf("a parent: %q, %v", all, err)
	}
	if all, err = exportOf(t.Context(), t, b); err != nil || len(all) != 2 {
		t.Errorf("the minor himself: %q, %v", all, err)
	}
}
