package rebuild_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/bodies"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/keystore"
	"mesbridge/conversations/localdb/localdbtest"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/rules"
)

// world is a service on a real redis-server and a real data directory.
type world struct {
	*conversations.Service
	t       *testing.T
	client  redis.UniversalClient
	store   *redisstore.Store
	keys    *keystore.Store
	journal *journal.Journal
	archive *archive.Archive
	dir     string
	at      time.Time
	mu      sync.Mutex
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, client: redistest.Start(t).Client(t), dir: t.TempDir(), at: time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)}
	db := localdbtest.Open(t, nil, w.dir)
	var master keystore.MasterKey
	_, _ = rand.Read(master[:])
	var err error
	w.keys, err = keystore.Open(t.Context(), db, master, time.Now)
	must(t, err)
	content, err := bodies.Open(db, time.Now)
	must(t, err)
	w.journal, err = journal.Open(db)
	must(t, err)
	key, err := archive.MakeKey(filepath.Join(w.dir, "signing.key"))
	must(t, err)
	w.archive, err = archive.Open(w.files(), w.journal, key, w.now)
	must(t, err)
	w.store = redisstore.New(w.client, redisstore.Options{Sweep: -1})
	w.Service = conversations.New(conversations.Settings{
		CitizenDomain: "patient.mssante.fr", CheckINSKey: true, MaxReplyBytes: 10_000_000, PatientKey: []byte("a key of the tests, 32 bytes long"),
	}, conversations.Ports{
		Store: w.store, Keys: w.keys, Bodies: content, Journal: w.journal, Directory: nobody{}, Mail: plainMail{},
		Log: slog.New(slog.DiscardHandler), Now: w.now, Random: rand.Reader,
	})
	return w
}

func (w *world) files() string { return filepath.Join(w.dir, "journal") }

// now is a clock that moves a millisecond at each look.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(time.Millisecond)
	return w.at
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// enrol makes the n-th patient.
func (w *world) enrol(n int) conversations.Patient {
	w.t.Helper()
	base := fmt.Sprintf("2790351%06d", n)
	var number, key int
	_, err := fmt.Sscan(base, &number)
	must(w.t, err)
	key = 97 - number%97
	p, err := w.Enrol(w.t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, rules.INS(fmt.Sprintf("%s%02d", base, key)), "Camille Durand", rules.Active)
	must(w.t, err)
	return p
}

func address(local string) conversations.Address {
	return conversations.Address{Local: local, Domain: "cabinet.test"}
}

// receive brings in one message from a mailbox, as an answer to a Message-ID when one is given.
func (w *world) receive(p conversations.Patient, from, subject, answers string) (messageID string) {
	w.t.Helper()
	messageID, err := w.bring(p, from, subject, answers)
	must(w.t, err)
	return messageID
}

// bring is receive for any goroutine.
func (w *world) bring(p conversations.Patient, from, subject, answers string, change ...func(*conversations.Incoming)) (messageID string, err error) {
	ctx := w.t.Context()
	id, body, err := w.NewBody(ctx, p.ID)
	if err != nil {
		return "", err
	}
	messageID = string(id) + "@cabinet.test"
	if err := errors.Join(plainMail{}.Compose(conversations.Draft{MessageID: messageID, Text: "texte"}, body), body.Commit()); err != nil {
		return "", err
	}
	in := conversations.Incoming{
		Patient: p.ID, INS: p.INS, Message: id, Envelope: address(from), MessageID: messageID, Subject: subject, HasText: true,
		From:  conversations.NamedAddress{Name: "Dr_Marie_MARTIN", Address: address(from)},
		Peer:  conversations.Actor{Kind: conversations.ActorOperator, ID: "CN=smtp.operator.test"},
		Bytes: 100, Digest: [32]byte([]byte(messageID + strings.Repeat(" ", 32))[:32]),
	}
	if answers != "" {
		in.References = []string{answers}
	}
	for _, c := range change {
		c(&in)
	}
	_, err = w.Receive(ctx, in)
	return messageID, err
}

// threads lists a patient's conversations.
func (w *world) threads(p conversations.Patient) []conversations.ThreadLine {
	w.t.Helper()
	page, err := w.Inbox(w.t.Context(), p.ID, "", 200)
	must(w.t, err)
	return page.Items
}

// work does what is due: notifications and indexes, deliveries as deliver says.
func (w *world) work(deliver conversations.EffectHandler) {
	w.t.Helper()
	w.workOn(map[conversations.EffectKind]conversations.EffectHandler{conversations.EffectDeliver: deliver})
}

// workOn does what is due, with handlers for kinds that are not merely done.
func (w *world) workOn(handlers map[conversations.EffectKind]conversations.EffectHandler) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	done := func(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }
	all := map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: done, conversations.EffectNotify: done, conversations.EffectReport: done, conversations.EffectReceipt: done,
	}
	maps.Copy(all, handlers)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx, 8, all)
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		due, err := w.client.ZCount(ctx, "{s00}:none", "-inf", "+inf").Result()
		must(w.t, err)
		for n := range 256 {
			count, err := w.client.ZCount(ctx, fmt.Sprintf("{s%02x}:due", n), "-inf", fmt.Sprint(w.now().UnixMilli())).Result()
			must(w.t, err)
			due += count
		}
		if due == 0 {
			break
		}
	}
	cancel()
	<-ended
}

// nobody is an empty directory.
type nobody struct{}

func (nobody) Held(string) []conversations.Mailbox { return nil }

func (nobody) Mailbox(a conversations.Address) conversations.Mailbox {
	return conversations.Mailbox{Address: a}
}
func (nobody) Trusted(string) bool { return true }

// plainMail writes a draft as JSON and shows it again.
type plainMail struct{}

func (plainMail) View(raw io.Reader) (conversations.View, error) {
	var d conversations.Draft
	err := json.NewDecoder(raw).Decode(&d)
	return conversations.View{Text: d.Text}, err
}

func (plainMail) Part(io.Reader, int, io.Writer) error { return nil }

func (plainMail) Matricules(io.Reader) ([][]string, error) { return nil, nil }

func (plainMail) Original(io.Reader, conversations.People, io.Writer) error { return nil }

func (plainMail) References(raw io.Reader) ([]string, error) {
	var d conversations.Draft
	err := json.NewDecoder(raw).Decode(&d)
	return append(d.References, d.MessageID), err
}

func (plainMail) Compose(d conversations.Draft, w io.Writer) error {
	return json.NewEncoder(w).Encode(d)
}
