package tests

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/redis/go-redis/v9"

	"mesbridge/bridge/mail"
	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/bodies"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/keystore"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/conversations/retention"
	"mesbridge/rules"
)

// keeper is a bridge's storage, all of it on real disks: a data directory and a redis-server.
type keeper struct {
	*conversations.Service
	t       *testing.T
	dir     string
	client  redis.UniversalClient
	db      *localdb.DB
	keys    *keystore.Store
	master  keystore.MasterKey
	sweeper retention.Sweeper
	log     bytes.Buffer

	mu sync.Mutex
	at time.Time
}

func (k *keeper) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(time.Millisecond)
	return k.at
}

func (k *keeper) pass(years, days int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.AddDate(years, 0, days)
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	k := &keeper{t: t, dir: t.TempDir(), client: redistest.Start(t, "--appendonly", "yes", "--rdbcompression", "no").Client(t), at: time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)}
	log := slog.New(slog.NewTextHandler(&k.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	k.db = kept(localdb.Open(localdb.Options{Dir: k.dir, Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(func() { _ = k.db.Close() })
	_, _ = rand.Read(k.master[:])
	k.keys = kept(keystore.Open(t.Context(), k.db, k.master, k.now))
	trail := kept(journal.Open(k.db))
	signing := kept(archive.MakeKey(filepath.Join(k.dir, "signing.key")))
	files := kept(archive.Open(filepath.Join(k.dir, "journal"), trail, signing, k.now))
	k.Service = conversations.New(conversations.Settings{
		CitizenDomain: "patient.mssante.fr", CheckINSKey: true, MaxReplyBytes: 10_000_000, PatientKey: []byte("a key of the tests, 32 bytes long"),
	}, conversations.Ports{
		Store: redisstore.New(k.client, redisstore.Options{Sweep: -1}), Keys: k.keys, Bodies: kept(bodies.Open(k.db, k.now)), Journal: trail, Acts: trail,
		Directory: unlisted{}, Mail: mail.NewCodec(mail.DefaultLimits()), Log: log, Now: k.now, Random: rand.Reader,
	})
	k.sweeper = retention.Sweeper{Periods: retention.Default(), Archive: files, Journal: trail, Keys: k.keys, Trace: k.Trace}
	return k
}

// kept returns what a call gave; a failure ends the test.
func kept[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func kept0(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unlisted is an empty directory.
type unlisted struct{}

func (unlisted) Mailbox(a conversations.Address) conversations.Mailbox {
	return conversations.Mailbox{Address: a}
}
func (unlisted) Held(string) []conversations.Mailbox { return nil }
func (unlisted) Trusted(string) bool                 { return true }

// secrets are the texts that must be found nowhere, each told by where it was written.
func secrets() map[string]string {
	return map[string]string{
		"INS": "279035121518989", "name": "Zénobie Quatrebarbes", "subject": "Sujet Xylographe", "text": "Texte Ornithorynque",
		"attachment name": "Bilan-Kaléidoscope.txt", "attachment": "Contenu Hippocampe", "large attachment": "Contenu Baobab",
		"draft": "Brouillon Tamanoir", "reply": "Réponse Cachalot", "private address": "zenobie.quatrebarbes@exemple-prive.fr",
		"objection": "Objection Marcassin",
	}
}

// fill makes a patient with everything that can be written about one.
func (k *keeper) fill() conversations.Patient {
	k.t.Helper()
	ctx, s := k.t.Context(), secrets()
	p := kept(k.Enrol(ctx, conversations.Actor{Kind: conversations.ActorSystem}, rules.INS(s["INS"]), s["name"], rules.Active))
	self := conversations.Actor{Kind: conversations.ActorPatient, ID: string(p.ID), Name: s["name"]}
	doctor := conversations.Actor{Kind: conversations.ActorProfessional, ID: "810000000001", Name: "Marie Martin"}
	for _, large := range []string{"", strings.Repeat(s["large attachment"]+"\n", 8000)} {
		_, err := k.OpenThread(ctx, doctor, conversations.ThreadInput{
			Mailbox: conversations.Address{Local: "marie.martin", Domain: "cabinet.test"}, INS: p.INS, Subject: s["subject"],
			Text: s["text"] + "\n" + s["private address"], Attachments: []conversations.Attachment{
				{Name: s["attachment name"], Type: "text/plain", Content: []byte(s["attachment"] + large)},
			},
		})
		kept0(k.t, err)
	}
	page, err := k.Inbox(ctx, p.ID, "", 10)
	kept0(k.t, err)
	line := page.Items[0]
	kept0(k.t, k.Opened(ctx, self, p.ID, line.ID))
	kept0(k.t, k.SaveDraft(ctx, self, p.ID, line.ID, s["draft"]))
	_, err = k.Reply(ctx, self, p.ID, line.ID, conversations.ReplyInput{Text: s["reply"], Choice: rules.ReplyToOne})
	kept0(k.t, err)
	kept0(k.t, k.SaveDraft(ctx, self, p.ID, page.Items[1].ID, s["draft"]))
	thread, err := k.Thread(ctx, p.ID, line.ID)
	kept0(k.t, err)
	_, _, err = k.SaveDocument(ctx, self, p.ID, thread.Messages[len(thread.Messages)-1].Attachments[0].ID)
	kept0(k.t, err)
	_, err = k.Object(ctx, self, p.ID, rules.Objection{ID: rules.ObjectionID(s["objection"]), Kind: rules.AgainstExchange, Scope: rules.WholeProfession, Value: "60"})
	kept0(k.t, err)
	return p
}

// forms are the forms in which a text may stand somewhere: as it is, UTF-16, quoted-printable, hexadecimal,
// and base64 from any octet of a group of three.
func forms(text string) map[string][]byte {
	var printable bytes.Buffer
	w := quotedprintable.NewWriter(&printable)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	all := map[string][]byte{
		"raw": []byte(text), "quoted-printable": printable.Bytes(), "hexadecimal": []byte(hex.EncodeToString([]byte(text))),
		"UTF-16LE": nil, "UTF-16BE": nil,
	}
	for _, u := range utf16.Encode([]rune(text)) {
		all["UTF-16LE"] = append(all["UTF-16LE"], byte(u), byte(u>>8))
		all["UTF-16BE"] = append(all["UTF-16BE"], byte(u>>8), byte(u))
	}
	for before := range 3 {
		whole := []byte(base64.StdEncoding.EncodeToString([]byte("xx"[:before] + text)))
		all[fmt.Sprint("base64 ", before)] = whole[[]int{0, 2, 3}[before] : len(whole)-4]
	}
	return all
}

// places gives everything that is kept, by where it is: each file of the data directory and of the
// redis-server, each key and value of it, and the log.
func (k *keeper) places() map[string][]byte {
	k.t.Helper()
	all := map[string][]byte{"log": k.log.Bytes()}
	server := kept(k.client.ConfigGet(k.t.Context(), "dir").Result())["dir"]
	for _, dir := range []string{k.dir, server} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			all[path], err = os.ReadFile(path)
			return err
		})
		kept0(k.t, err)
	}
	for _, key := range kept(k.client.Keys(k.t.Context(), "*").Result()) {
		value := kept(k.client.Dump(k.t.Context(), key).Result())
		all["redis "+key] = append([]byte(key+" "), value...)
	}
	return all
}

// nowhere checks that no secret stands anywhere in any form.
func (k *keeper) nowhere(when string) {
	k.t.Helper()
	for what, text := range secrets() {
		for form, needle := range forms(text) {
			for place, content := range k.places() {
				if bytes.Contains(content, needle) {
					k.t.Errorf("%s: %s stands in %s as %s", when, what, place, form)
				}
			}
		}
	}
}

// has reports where bytes stand in the files of the data directory.
func (k *keeper) has(needle []byte) (found []string) {
	k.t.Helper()
	for place, content := range k.places() {
		if bytes.Contains(content, needle) {
			found = append(found, place)
		}
	}
	return found
}

// wrapped tries every place of the data directory for a key that the master key unwraps for a patient.
func (k *keeper) wrapped(p conversations.PatientID) (found []string) {
	k.t.Helper()
	block := kept(aes.NewCipher(k.master[:]))
	seal := kept(cipher.NewGCMWithRandomNonce(block))
	const sealedBytes = 12 + 32 + 16
	buf, bound := make([]byte, 0, 32), []byte("mesbridge data key 1\x00"+string(p))
	for place, content := range k.places() {
		for i := 0; i+sealedBytes <= len(content); i++ {
			if _, err := seal.Open(buf, nil, content[i:i+sealedBytes], bound); err == nil {
				found = append(found, place)
			}
		}
	}
	return found
}

// settle does what is due.
func (k *keeper) settle() {
	k.t.Helper()
	ctx, cancel := context.WithCancel(k.t.Context())
	done := func(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.Run(ctx, 4, map[conversations.EffectKind]conversations.EffectHandler{
			conversations.EffectDeliver: done, conversations.EffectNotify: done, conversations.EffectReport: done, conversations.EffectReceipt: done,
		})
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		due := int64(0)
		for n := range 256 {
			due += kept(k.client.ZCount(ctx, fmt.Sprintf("{s%02x}:due", n), "-inf", fmt.Sprint(k.now().UnixMilli())).Result())
		}
		if due == 0 {
			break
		}
	}
	cancel()
	<-ended
}

// O117, O197, D16: after an erasure no byte of a patient is readable anywhere: not on the disk, whose
// database, logs, bodies, journal, segments and image are looked through, not in redis nor in its files
// after a rewriting, in no usual form of a text; the key is in no file, wrapped or not; and of the bodies
// nothing stays that somebody who had kept the key could open.
func TestErasure_leavesNoReadableByte(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	p := k.fill()
	ctx := t.Context()
	k.settle()
	kept(k.sweeper.Archive.Round(ctx))
	k.pass(3, 1) // an image of the patient stands in the place of the first rounds
	k.Trace(ctx, conversations.Event{Kind: conversations.TraceStart})
	kept(k.sweeper.Archive.Round(ctx))
	if gone := kept(k.sweeper.Sweep(ctx, k.now())); gone.Functional == 0 {
		t.Fatal("no image was made")
	}
	key, _, err := k.keys.Key(ctx, p.ID)
	kept0(t, err)
	sealed := k.bodies(p.ID)
	if len(k.wrapped(p.ID)) == 0 || len(sealed) < 4 {
		t.Fatalf("nothing to find: %d bodies", len(sealed))
	}
	k.nowhere("before")
	_, err = k.ManageAccount(ctx, conversations.Actor{Kind: conversations.ActorPatient, ID: "x"}, rules.Holder, p.ID, rules.EraseAccount)
	kept0(t, err)
	k.settle()
	k.rewrite()
	k.nowhere("after")
	if found := k.wrapped(p.ID); len(found) > 0 {
		t.Errorf("the key is still wrapped in %v", found)
	}
	if found := k.has(key[:]); len(found) > 0 {
		t.Errorf("the key stands in %v", found)
	}
	for id, content := range sealed {
		if found := k.has(content); len(found) > 0 {
			t.Errorf("body %s still stands in %v", id, found)
		}
	}
	for place := range k.places() {
		if strings.HasPrefix(place, "redis ") && strings.Contains(place, string(p.ID)) && !strings.Contains(place, ":patient:") {
			t.Errorf("%s is left", place)
		}
	}
}

// O196, O197: what a patient deleted is gone from the disk after its thirty days, though his key is there:
// nothing of the bodies stays.
func TestDeletion_leavesNoBody(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	p := k.fill()
	k.settle()
	page, err := k.Inbox(t.Context(), p.ID, "", 10)
	kept0(t, err)
	for _, line := range page.Items {
		kept0(t, k.DeleteThread(t.Context(), conversations.Actor{Kind: conversations.ActorPatient, ID: string(p.ID)}, p.ID, line.ID))
	}
	sealed := k.bodies(p.ID)
	k.pass(0, 31)
	k.settle()
	if left := k.bodies(p.ID); len(left) != 1 { // the saved document
		t.Errorf("%d bodies are left of %d", len(left), len(sealed))
	}
	for id, content := range sealed {
		if _, saved := k.bodies(p.ID)[id]; saved {
			continue
		}
		if found := k.has(content); len(found) > 0 {
			t.Errorf("body %s still stands in %v", id, found)
		}
	}
	k.nowhere("after the deletion")
}

// bodies gives the sealed bytes of a patient's bodies, those in files and those in the database.
func (k *keeper) bodies(p conversations.PatientID) map[string][]byte {
	k.t.Helper()
	all := map[string][]byte{}
	prefix := localdb.Bodies.Key(string(p))
	const head = 2 // version and place
	err := k.db.Scan(prefix, append(bytes.Clone(prefix), 0xff), func(key, value []byte) (bool, error) {
		id := string(key[len(prefix):])
		if content, err := os.ReadFile(filepath.Join(k.dir, "bodies", string(p[:2]), string(p)+"."+id)); err == nil {
			all[id] = content[:1000]
		} else {
			all[id] = bytes.Clone(value[head:])
		}
		return true, nil
	})
	kept0(k.t, err)
	return all
}

// rewrite has redis write its files anew, and waits for them.
func (k *keeper) rewrite() {
	k.t.Helper()
	ctx := k.t.Context()
	kept0(k.t, k.sweeper.Journal.Keep(ctx, k.Store))
	kept(k.client.BgRewriteAOF(ctx).Result())
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		info := kept(k.client.Info(ctx, "persistence").Result())
		if strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0") {
			return
		}
	}
}
