package conversations_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// damages are what may stand in the place of a stored value.
var damages = map[string]func(string) string{
	"empty":     func(string) string { return "" },
	"cut":       func(s string) string { return s[:len(s)/2] },
	"last bit":  func(s string) string { return s[:max(0, len(s)-1)] + "\x80" },
	"version":   func(s string) string { return "\x63" + s[min(1, len(s)):] },
	"text":      func(string) string { return "not a record" },
	"null":      func(string) string { return "\x01\xf6" },
	"list":      func(string) string { return "\x01\x80" },
	"long list": func(string) string { return "\x01\x9b\x7f\xff\xff\xff\xff\xff\xff\xff" },
	"number":    func(string) string { return "\x01\x3b\xff\xff\xff\xff\xff\xff\xff\xff" },
	"deep":      func(string) string { return "\x01" + strings.Repeat("\x81", 10_000) },
}

// D17: a stored value that is not what was written is a refusal for now, or nothing found; it is never a
// panic, and never a yes to a blocked professional.
func TestDamagedValues(t *testing.T) {
	t.Parallel()
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.tables.add(clinic, conversations.Mailbox{Kind: rules.Organisational})
			b.taken(mail{from: doctor, id: "a@x.test", subject: "Fil", text: "1", others: []string{clinic}})
			b.taken(mail{from: clinic, subject: "Bloqué", text: "2"})
			id := b.thread("Fil").ID
			if _, err := b.reply(id, "Merci"); err != nil {
				t.Fatal(err)
			}
			if err := b.SaveDraft(t.Context(), b.self(), b.patient.ID, id, "brouillon"); err != nil {
				t.Fatal(err)
			}
			if err := b.Opened(t.Context(), b.self(), b.patient.ID, id); err != nil {
				t.Fatal(err)
			}
			contact := b.thread("Bloqué").Contact
			if _, err := b.Block(t.Context(), b.self(), b.patient.ID, contact, time.Time{}); err != nil {
				t.Fatal(err)
			}
			tried := 0
			for _, key := range b.redis.Keys() {
				if b.redis.Type(key) != "hash" {
					continue
				}
				fields, err := b.redis.HKeys(key)
				if err != nil {
					t.Fatal(err)
				}
				for _, field := range fields {
					was := b.redis.HGet(key, field)
					b.redis.HSet(key, field, damage(was))
					b.useAll(fmt.Sprintf("%s of %s", field, key), id, contact)
					b.redis.HSet(key, field, was)
					tried++
				}
			}
			if tried < 20 {
				t.Errorf("%d values tried: this test looks at nothing", tried)
			}
		})
	}
}

// useAll asks everything that reads, and writes what a blocked professional may not write.
func (b *bench) useAll(what string, id, contact conversations.ID) {
	b.t.Helper()
	ctx, pro := b.t.Context(), []conversations.Address{address(b.t, clinic), address(b.t, doctor)}
	step := ""
	defer func() {
		if r := recover(); r != nil {
			b.t.Errorf("%s damaged: %s panics: %v", what, step, r)
		}
	}()
	for _, try := range []struct {
		name string
		do   func() error
	}{
		{"Inbox", func() error { _, err := b.Inbox(ctx, b.patient.ID, "", 0); return err }},
		{"Thread", func() error { _, err := b.Thread(ctx, b.patient.ID, id); return err }},
		{"ThreadFor", func() error { _, err := b.ThreadFor(ctx, pro, id); return err }},
		{"Contacts", func() error { _, err := b.Contacts(ctx, b.patient.ID); return err }},
		{"Exchange", func() error { _, err := b.Exchange(ctx, pro, contact); return err }},
		{"Exchanges", func() error { _, err := b.Exchanges(ctx, pro[0], conversations.Filter{}); return err }},
		{"Silenced", func() error { _, err := b.Silenced(ctx, pro, contact); return err }},
		{"Attachment", func() error { _, err := b.Attachment(ctx, b.self(), b.patient.ID, id+".1.0"); return err }},
		{"Original", func() error { _, err := b.Original(ctx, b.self(), b.patient.ID, id+".1"); return err }},
		{"Known", func() error { _, err := b.Known()(ctx, b.patient.ID, id); return err }},
	} {
		step = try.name
		_ = try.do() // whatever it says
	}
	step = "Recipient"
	if _, err := b.Recipient(ctx, anINS, address(b.t, clinic)); err == nil {
		b.t.Errorf("%s damaged: the mailbox takes mail from a blocked professional", what)
	}
}
