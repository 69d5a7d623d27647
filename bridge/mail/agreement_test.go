package mail

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"mesbridge/conversations"
)

// checkAgreement checks what must hold for every message: Intake and View agree, every attachment can
// be fetched and has the size and hash that were told, names are safe, notices are few.
func checkAgreement(t *testing.T, c *Codec, raw []byte, v conversations.View) Facts {
	t.Helper()
	in := NewIntake(c.limits)
	_, err := in.Write(raw)
	facts, closeErr := in.Close()
	if err == nil {
		err = closeErr
	}
	if err == nil && facts.Attachments != len(v.Attachments) {
		t.Errorf("Intake counts %d attachments, View lists %d", facts.Attachments, len(v.Attachments))
	}
	if err == nil && facts.HasText != (v.Text != "") && len(raw) < maxSample {
		t.Errorf("Intake: text %v, View: %d octets of text", facts.HasText, len(v.Text))
	}
	if len(v.Notices) > MaxNotices {
		t.Errorf("%d notices", len(v.Notices))
	}
	for i, p := range v.Attachments {
		if p.Index != i || p.Name == "" || p.Name != cleanName(p.Name) {
			t.Errorf("attachment %d: index %d, unsafe name %q", i, p.Index, p.Name)
		}
		if i > 20 && i < len(v.Attachments)-20 {
			continue // each is a walk of its own
		}
		var out bytes.Buffer
		if err := c.Part(bytes.NewReader(raw), i, &out); err != nil {
			t.Errorf("attachment %d: %v", i, err)
		}
		if int64(out.Len()) != p.Bytes || sha256.Sum256(out.Bytes()) != p.SHA256 {
			t.Errorf("attachment %d: other octets than listed", i)
		}
	}
	return facts
}
