package conversations_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// R79, D34: a professional in copy gets the message, once, and the patient may answer him as well; who wrote keeps his
// own copy (D30) only where copies are asked for.
func TestCopyTo_reachesEach(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{false, true} {
		b := newBench(t)
		b.Copies = own
		b.tables.add(clinic, conversations.Mailbox{Name: "Cardiologie", Kind: rules.Organisational, Structure: "1770816478"})
		actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "1", Name: "Dr Martin"}
		in := conversations.ThreadInput{
			Mailbox: address(t, doctor), INS: anINS, Subject: "Bilan", Text: "Bonjour", Operation: "once",
			CopyTo: []conversations.Address{address(t, clinic), address(t, strings.ToUpper(clinic[:1])+clinic[1:]), address(t, doctor)},
		}
		for range 2 { // the second is the same request again
			if _, err := b.OpenThread(t.Context(), actor, in); err != nil {
				t.Fatal(err)
			}
		}
		got := b.copied(t)
		want := []string{address(t, clinic).Canonical() + " answers " + address(t, doctor).Canonical()}
		if own {
			want = append(want, address(t, doctor).Canonical()+" answers nobody")
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("own %v: copies to %q, want %q", own, got, want)
		}
		thread := b.thread("Bilan")
		if !slices.Equal(thread.Reply.ToAll, []string{"Cardiologie"}) || !slices.Equal(thread.Messages[0].Copied, []string{"Cardiologie"}) {
			t.Errorf("the patient sees %v, REPLY_TO_ALL adds %v", thread.Messages[0].Copied, thread.Reply.ToAll)
		}
		if !slices.Equal(thread.Copied, []string{"Cardiologie"}) || slices.Contains(thread.With, "Cardiologie") || thread.OwnLast {
			t.Errorf("the patient's list says: with %v, in copy %v, last of his %v", thread.With, thread.Copied, thread.OwnLast)
		}
		if _, err := b.reply(thread.ID, "Merci"); err != nil {
			t.Fatal(err)
		}
		if thread = b.read(thread.ID); !thread.OwnLast || !slices.Equal(thread.Copied, []string{"Cardiologie"}) {
			t.Errorf("after the answer: in copy %v, last of his %v", thread.Copied, thread.OwnLast)
		}
	}
}

// R79, R145, O24: nobody outside the trust space, no citizen, not too many, and nobody against a recorded refusal.
func TestCopyTo_refused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	actor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "1", Name: "Dr Martin"}
	in := conversations.ThreadInput{Mailbox: address(t, doctor), INS: anINS, Subject: "Bilan", Text: "Bonjour"}
	write := func(to ...conversations.Address) error {
		in.CopyTo = to
		_, err := b.OpenThread(t.Context(), actor, in)
		return err
	}
	var many []conversations.Address
	for i := range conversations.MaxCopies + 1 {
		a := address(t, clinic)
		a.Local += string(rune('a' + i))
		many = append(many, a)
	}
	wantKind(t, write(many...), conversations.KindInvalidRequest)
	wantKind(t, write(rules.CitizenAddress(anINS, b.CitizenDomain)), conversations.KindInvalidRequest)
	wantKind(t, write(conversations.Address{Local: "a", Domain: "gone.test"}), conversations.KindInvalidRequest)
	_, err := b.RecordOpposition(t.Context(), actor, conversations.OppositionInput{Mailbox: address(t, doctor), INS: anINS, ToProfessionals: true, Reason: "dit en consultation"})
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, write(address(t, clinic)), conversations.KindObjectionRecorded)
	if err := write(); err != nil {
		t.Errorf("without a copy: %v", err)
	}
	b.SoftOpposition = true
	wantKind(t, write(address(t, clinic)), conversations.KindObjectionRecorded)
	in.Acknowledged = "le patient a changé d’avis"
	if err := write(address(t, clinic)); err != nil {
		t.Errorf("with a reason: %v", err)
	}
}

// copied does the copies that wait, and lists to whom they go, and whom they answer.
func (b *bench) copied(t *testing.T) []string {
	t.Helper()
	var mu sync.Mutex
	var list []string
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectCopy: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			c, err := b.Copy(ctx, e)
			if err != nil {
				return time.Time{}, err
			}
			body, err := c.Open()
			if err != nil {
				return time.Time{}, err
			}
			defer body.Close()
			if text, err := io.ReadAll(body); err != nil || len(text) == 0 {
				t.Errorf("an empty copy: %v", err)
			}
			line := c.To.Canonical() + " answers nobody"
			if !c.ReplyTo.IsZero() {
				line = c.To.Canonical() + " answers " + c.ReplyTo.Canonical()
			}
			mu.Lock()
			defer mu.Unlock()
			list = append(list, line)
			return time.Time{}, nil
		},
	})
	slices.Sort(list)
	return list
}
