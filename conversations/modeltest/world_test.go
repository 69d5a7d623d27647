package modeltest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/bodies"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/keystore"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/rules"
)

// facility is the one establishment of the model.
const facility = "750000001"

// composed is the size of every message that is written here, in octets, so that the model knows it.
const composed = 4096

// maxReply is the limit of a patient's message.
const maxReply = 2*composed - 1

// world is a service on a real redis-server and real local stores, with its model.
type world struct {
	*model
	t       testing.TB
	ctx     context.Context
	server  *redistest.Server
	client  redis.UniversalClient
	dir     string
	db      *localdb.DB
	keys    *keystore.Store
	bodies  *bodies.Store
	journal *journal.Journal
	archive *archive.Archive
	master  keystore.MasterKey
	signing ed25519.PrivateKey
	store   *watched
	svc     [2]*conversations.Service // as two processes; each command goes to one of them
	turn    int
	mail    *paddedMail
	random  *mathrand.ChaCha8

	ins     []rules.INS
	marks   []map[string]bool                // of messages that were taken, by patient
	past    []pastMail                       // messages that may come again
	erased  map[conversations.PatientID]bool // at any time
	told    bool                             // the directory changed, which moves no exchange by itself
	texts   int
	eventNo int
	visits  int

	said     []string // what was done, in words
	problems []string
}

// newWorld starts a world. Its settings depend on the variant; chance decides the ids alone.
func newWorld(t testing.TB, server *redistest.Server, seed uint64, variant int) *world {
	w := &world{
		t: t, ctx: t.Context(), server: server, dir: tempDir(t), mail: &paddedMail{ids: map[string]string{}},
		random: mathrand.NewChaCha8([32]byte(fmt.Appendf(nil, "%032d", seed))), model: newModel(variant),
		erased: map[conversations.PatientID]bool{},
	}
	w.client = server.Client(t)
	w.check(w.client.FlushAll(w.ctx).Err())
	_, _ = rand.Read(w.master[:])
	w.boot()
	for n, name := range []string{"Camille Durand", "Louis Petit", "Zoé Martin"} {
		number := 27903510000000/10 + n*97*3
		ins := rules.INS(fmt.Sprintf("%013d%02d", number, 97-number%97))
		w.ins = append(w.ins, ins)
		w.marks = append(w.marks, map[string]bool{})
		w.patients = append(w.patients, newPatient(w.model, name))
		_, err := w.service().Enrol(w.ctx, system, ins, name, rules.Active)
		w.check(err)
	}
	return w
}

var system = conversations.Actor{Kind: conversations.ActorSystem}

// newModel is the model before anything happened.
func newModel(variant int) *model {
	m := &model{
		now: time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC), soft: variant&1 != 0, notices: variant&2 != 0, trash: 30 * 24 * time.Hour,
		boxes: []mailbox{
			{local: "marie.martin", domain: "cabinet.test", name: "Marie MARTIN", kind: "PER", person: "P1", profession: "10"},
			{local: "marie.martin", domain: "hopital.test", name: "Marie MARTIN (hôpital)", kind: "PER", person: "P1", profession: "10", structure: "750000002"},
			{local: "jean.petit", domain: "cabinet.test", name: "jean.petit", kind: "PER", person: "P2", profession: "60"},
			{local: "cardiologie", domain: "clinique.test", name: "Cardiologie", kind: "ORG", structure: facility},
			{local: "app", domain: "clinique.test", name: "Clinique", kind: "APP", structure: facility},
			{local: "inconnu", domain: "ailleurs.test"},
			{local: "partant", domain: "parti.test", name: "Paul PARTANT", kind: "PER", person: "P3", profession: "10"},
		},
	}
	if variant&4 != 0 {
		m.quota = 120 * composed
	} else {
		m.boxes[2].window, m.boxes[2].answer = 5*24*time.Hour, 2*24*time.Hour
		m.boxes[4].window, m.boxes[4].answer = 36*time.Hour, 7*24*time.Hour
	}
	return m
}

func newPatient(m *model, name string) *patient {
	return &patient{m: m, name: name, account: "active", since: m.now, pairs: map[box]*pair{}, refs: map[string]holder{}, reports: map[string]int{}}
}

// tempDir is the test's own directory, anew for each world of a test that is made shorter.
func tempDir(t testing.TB) string {
	dir, err := os.MkdirTemp(t.TempDir(), "world") //nolint:usetesting // below the test's own
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// boot opens everything that is on disk and starts the services.
func (w *world) boot() {
	db, err := localdb.Open(localdb.Options{Dir: w.dir, Log: slog.New(slog.DiscardHandler)})
	w.check(err)
	w.db = db
	w.keys, err = keystore.Open(w.ctx, db, w.master, w.clock)
	w.check(err)
	w.bodies, err = bodies.Open(db, w.clock)
	w.check(err)
	w.journal, err = journal.Open(db)
	w.check(err)
	if w.signing == nil {
		w.signing, err = archive.MakeKey(filepath.Join(w.dir, "signing.key"))
		w.check(err)
	}
	key := w.signing
	w.check(err)
	w.archive, err = archive.Open(filepath.Join(w.dir, "journal"), w.journal, key, w.clock)
	w.check(err)
	w.store = &watched{Store: redisstore.New(w.client, redisstore.Options{Sweep: -1})}
	w.serve(0)
	w.serve(1)
}

// serve starts one service anew: whatever it knew is gone.
func (w *world) serve(n int) {
	windows := map[string]rules.Window{}
	for _, b := range w.boxes {
		if b.window > 0 {
			windows[b.address()] = rules.Window{Length: b.window, Answer: b.answer}
		}
	}
	settings := conversations.Settings{
		CitizenDomain: "patient.mssante.fr", CheckINSKey: true, MaxReplyBytes: maxReply, Quota: w.quota,
		PatientKey: patientKey(), SoftOpposition: w.soft, Windows: windows,
	}
	if w.notices {
		settings.ClosingNotice = func(_ string, until time.Time, contact string) string { return noticeText(until) + contact }
	}
	w.svc[n] = conversations.New(settings, conversations.Ports{
		Store: w.store, Keys: w.keys, Bodies: w.bodies, Journal: w.journal, Acts: w.journal, Directory: w, Mail: w.mail,
		Log: slog.New(slog.NewTextHandler(complaints{w}, nil)), Now: w.clock, Random: w.random,
	})
}

func patientKey() []byte { return []byte("a key of the tests, 32 bytes long") }

func noticeText(until time.Time) string { return "Fin prévue " + until.UTC().Format(time.RFC3339) }

func (w *world) close() { w.check(w.db.Close()) }

// service is the process whose turn it is.
func (w *world) service() *conversations.Service { return w.svc[w.turn] }

func (w *world) clock() time.Time { return w.now }

// complaints takes what a service logs: nothing fails here, so there is nothing to say.
type complaints struct{ w *world }

func (c complaints) Write(line []byte) (int, error) {
	if !bytes.Contains(line, []byte("draft not kept")) { // of an account that is erased
		c.w.wrong("the service complains: %s", line)
	}
	return len(line), nil
}

// check stops a test whose world is broken.
func (w *world) check(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatal(err)
	}
}

// Mailbox and Trusted are the directory, as the model has it now.
func (w *world) Mailbox(a conversations.Address) conversations.Mailbox {
	m := conversations.Mailbox{Address: a}
	for _, b := range w.boxes {
		if b.address() == a.Canonical() {
			m.Name, m.Kind, m.Person, m.Profession = b.name, rules.MailboxKind(b.kind), b.person, b.profession
			if b.structure != "" {
				m.Structure = "1" + b.structure
			}
		}
	}
	return m
}

func (w *world) Trusted(domain string) bool {
	for _, b := range w.boxes {
		if b.domain == domain {
			return !b.gone
		}
	}
	return true
}

// Held lists the mailboxes of a person.
func (w *world) Held(person string) (list []conversations.Mailbox) {
	for i, b := range w.boxes {
		if person != "" && b.person == person {
			list = append(list, w.Mailbox(w.address(box(i))))
		}
	}
	return list
}

func (w *world) address(b box) conversations.Address {
	return conversations.Address{Local: w.boxes[b].local, Domain: w.boxes[b].domain}
}

func (w *world) addresses(list []box) (all []conversations.Address) {
	for _, b := range list {
		all = append(all, w.address(b))
	}
	return all
}

// id is the patient's id in the service.
func (w *world) id(p *patient) conversations.PatientID { return w.svc[0].PatientID(w.insOf(p)) }

func (w *world) insOf(p *patient) rules.INS { return w.ins[w.number(p)] }

func (w *world) number(p *patient) int {
	for i := range w.patients {
		if w.patients[i] == p {
			return i
		}
	}
	return -1
}

func (w *world) actor(p *patient) conversations.Actor {
	return conversations.Actor{Kind: conversations.ActorPatient, ID: string(w.id(p))}
}

var colleague = conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700000001", Name: "Secrétariat"}

// text returns words that no other message has.
func (w *world) text() string {
	w.texts++
	return fmt.Sprintf("texte %d", w.texts)
}

// say notes what is done, for a failed test.
func (w *world) say(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

// wrong notes a difference.
func (w *world) wrong(format string, args ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// same compares one value.
func (w *world) same(what string, got, want any) {
	if g, v := fmt.Sprintf("%v", got), fmt.Sprintf("%v", want); g != v {
		w.wrong("%s is %s, in the model %s", what, g, v)
	}
}

// agree compares how a command was answered.
func (w *world) agree(what string, err error, want answer) bool {
	got := answer{}
	if err != nil {
		got.code = string(conversations.KindOf(err))
		var e *conversations.Error
		if errors.As(err, &e) {
			got.rule = e.Rule
		}
	}
	w.said[len(w.said)-1] += fmt.Sprintf(" -> %s", strings.TrimSpace(got.code+" "+got.rule))
	if want.rule == "any" || want.code == missing && want.rule == "" {
		got.rule, want.rule = "", ""
	}
	if got != want {
		w.wrong("%s: answer %v (%v), in the model %v", what, got, err, want)
		return false
	}
	return err == nil
}

// paddedMail writes a draft as JSON, filled up to a size that the model knows, and remembers under which
// Message-ID a text was written.
type paddedMail struct{ ids map[string]string }

// Compose writes a draft. One with attachments takes as many pieces of the size as they have bytes.
func (m *paddedMail) Compose(d conversations.Draft, w io.Writer) error {
	m.ids[d.Text] = d.MessageID
	pieces := 1
	for i := range d.Attachments {
		pieces += len(d.Attachments[i].Content) / composed
	}
	if len(d.References) > 4 {
		d.References = d.References[len(d.References)-4:]
	}
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if len(b) > pieces*composed && len(d.Attachments) == 0 {
		return fmt.Errorf("a draft of %d bytes", len(b))
	}
	b = append(b, bytes.Repeat([]byte{' '}, max(0, pieces*composed-len(b)))...)
	_, err = w.Write(b[:max(pieces*composed, len(bytes.TrimRight(b, " ")))])
	return err
}

func (m *paddedMail) read(raw io.Reader) (d conversations.Draft, err error) {
	err = json.NewDecoder(raw).Decode(&d)
	return d, err
}

// View shows a draft again.
func (m *paddedMail) View(raw io.Reader) (conversations.View, error) {
	d, err := m.read(raw)
	v := conversations.View{Text: d.Text}
	for i, a := range d.Attachments {
		v.Attachments = append(v.Attachments, conversations.Part{Index: i, Name: a.Name, Type: a.Type, Bytes: int64(len(a.Content))})
	}
	return v, err
}

// Part writes an attachment.
func (m *paddedMail) Part(raw io.Reader, index int, w io.Writer) error {
	d, err := m.read(raw)
	if err == nil {
		_, err = w.Write(d.Attachments[index].Content)
	}
	return err
}

// Matricules reads whose an attachment is from its content.
func (m *paddedMail) Matricules(raw io.Reader) (places [][]string, err error) {
	d, err := m.read(raw)
	for _, a := range d.Attachments {
		if ins, ok := strings.CutPrefix(string(a.Content), "INS "); ok {
			places = append(places, []string{ins})
		}
	}
	return places, err
}

// Original is not asked for here.
func (*paddedMail) Original(io.Reader, conversations.People, io.Writer) error {
	return errors.ErrUnsupported
}

// References lists what an answer refers to.
func (m *paddedMail) References(raw io.Reader) ([]string, error) {
	d, err := m.read(raw)
	return append(d.References, d.MessageID), err
}

// watched is the store, which tells what it gives out to be done.
type watched struct {
	conversations.Store
	claimed func(conversations.Effect)
	idle    func()
}

// Claim tells of each effect before it is done, and when there is none left.
func (s *watched) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]conversations.Claim, error) {
	claims, err := s.Store.Claim(ctx, now, lease, limit)
	for _, c := range claims {
		s.claimed(c.Effect)
	}
	if len(claims) == 0 && err == nil {
		s.idle()
	}
	return claims, err
}
