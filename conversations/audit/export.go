package audit

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// Format is a form of the export (O158).
type Format string

// Formats.
const (
	CSV       Format = "csv"   // semicolons, UTF-8 with byte order mark
	JSONLines Format = "jsonl" // one object a line
)

// Source gives all entries that are sealed, with the round that sealed them.
type Source interface {
	All(ctx context.Context, each func(round uint64, e conversations.JournalEntry) error) error
}

// Row is one trace as it is handed out.
type Row struct {
	Chain        string `json:"chain"`
	Sequence     uint64 `json:"sequence"`
	Round        uint64 `json:"round"` // manifest that seals it
	Hash         string `json:"hash"`  // of the entry, as the chain takes it
	Time         string `json:"time"`
	Event        string `json:"event"`
	Outcome      string `json:"outcome"`
	Code         string `json:"code"`
	Rule         string `json:"rule"`
	ActorKind    string `json:"actorKind"`
	ActorID      string `json:"actorId"`
	Patient      string `json:"patient"`
	Mailbox      string `json:"mailbox"`
	Conversation string `json:"conversation"`
	Message      string `json:"message"`
	MessageHash  string `json:"messageIdHash"`
	How          string `json:"how"`
	Effect       string `json:"effect"`
	Peer         string `json:"peer"`
	Count        int    `json:"count"`
	Version      uint64 `json:"version"`
	UpTo         string `json:"upTo"` // of a purge: the first instant of what is kept

	Exercise string `json:"exercise"` // exercise situation in which a professional acted (I46)
	Under    string `json:"under"`    // under whose responsibility (D27)
}

// columns are the names of the cells, in their order.
func columns() []string {
	return []string{
		"chain", "sequence", "round", "hash", "time", "event", "outcome", "code", "rule", "actorKind", "actorId", "patient",
		"mailbox", "conversation", "message", "messageIdHash", "how", "effect", "peer", "count", "version", "upTo", "exercise", "under",
	}
}

func (r Row) cells() []string {
	return []string{
		r.Chain, strconv.FormatUint(r.Sequence, 10), strconv.FormatUint(r.Round, 10), r.Hash, r.Time, r.Event, r.Outcome, r.Code,
		r.Rule, r.ActorKind, r.ActorID, r.Patient, r.Mailbox, r.Conversation, r.Message, r.MessageHash, r.How, r.Effect, r.Peer,
		strconv.Itoa(r.Count), strconv.FormatUint(r.Version, 10), r.UpTo, r.Exercise, r.Under,
	}
}

// Manifest goes with an export.
type Manifest struct {
	Format  string            `json:"format"` // of this manifest
	Version string            `json:"version"`
	At      time.Time         `json:"at"`
	Filter  map[string]string `json:"filter"` // as it was asked for; hashes in the place of names
	Form    Format            `json:"form"`
	Rows    int               `json:"rows"`
	Bytes   int64             `json:"bytes"`
	SHA256  string            `json:"sha256"` // of the export
	Chains  map[string]Span   `json:"chains"` // which entries of each chain are in it
	Round   uint64            `json:"round"`  // last manifest of the archive
	Head    string            `json:"head"`   // and the hash of its file
	// Unopened counts rows whose sealed part could not be read: the key is destroyed, or not at hand.
	Unopened int `json:"unopened"`
}

// Span is a part of a chain.
type Span struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
	Rows  int    `json:"rows"`
}

// Options are what an export is made of.
type Options struct {
	Source  Source
	Filter  Filter
	Form    Format
	Keys    conversations.Keys // nil: only what stands in clear
	Version string
	Now     time.Time
	// Progress is called after each 100 000 entries that were looked at.
	Progress func(seen, rows int)
}

// exporter writes one export.
type exporter struct {
	Options
	ctx      context.Context //nolint:containedctx // it lives for one call of Export
	out      *tally
	csv      *csv.Writer
	json     *json.Encoder
	manifest Manifest
	seen     int
}

// progressEvery is how many entries are looked at between two calls of Progress.
const progressEvery = 100_000

// Export writes the traces that are asked for, in the order of their sealing, and returns the manifest.
func Export(ctx context.Context, w io.Writer, o Options) (Manifest, error) {
	needles, err := o.Filter.needles()
	if err != nil {
		return Manifest{}, err
	}
	x := &exporter{Options: o, ctx: ctx, out: &tally{w: w, sum: sha256.New()}}
	x.manifest = Manifest{
		Format: "mesbridge trace export 1", Version: o.Version, At: o.Now.UTC(), Form: o.Form, Chains: map[string]Span{},
	}
	if err := x.begin(); err != nil {
		return Manifest{}, fmt.Errorf("write export: %w", err)
	}
	err = o.Source.All(ctx, func(round uint64, e conversations.JournalEntry) error {
		if x.seen++; x.seen%progressEvery == 0 && o.Progress != nil {
			o.Progress(x.seen, x.manifest.Rows)
		}
		if !holds(e.Entry, needles) {
			return nil
		}
		return x.entry(round, e)
	})
	if err == nil && x.csv != nil {
		x.csv.Flush()
		err = x.csv.Error()
	}
	x.manifest.Bytes, x.manifest.SHA256 = x.out.n, hex.EncodeToString(x.out.sum.Sum(nil))
	return x.manifest, err
}

// begin writes what stands before the rows.
func (x *exporter) begin() error {
	if x.Form == JSONLines {
		x.json = json.NewEncoder(x.out)
		x.json.SetEscapeHTML(false)
		return nil
	}
	if _, err := io.WriteString(x.out, "\ufeff"); err != nil {
		return err
	}
	x.csv = csv.NewWriter(x.out)
	x.csv.Comma, x.csv.UseCRLF = ';', true
	return x.csv.Write(columns())
}

// entry writes one entry when it is asked for.
func (x *exporter) entry(round uint64, e conversations.JournalEntry) error {
	t, err := conversations.ReadTrace(e)
	if err != nil {
		return fmt.Errorf("chain %s, entry %d: %w", e.Shard, e.Sequence, err)
	}
	if !x.Filter.meets(t) {
		return nil
	}
	row := rowOf(t)
	entryHash := journal.EntryHash(e)
	row.Round, row.Hash = round, hex.EncodeToString(entryHash[:])
	who := x.actor(e, t)
	row.ActorID, row.Exercise, row.Under = who.ID, who.Exercise, who.Under
	span := x.manifest.Chains[t.Shard]
	if span.Rows == 0 {
		span.First = t.Sequence
	}
	span.Last, span.Rows = t.Sequence, span.Rows+1
	x.manifest.Chains[t.Shard] = span
	x.manifest.Rows++
	if x.json != nil {
		return x.json.Encode(row)
	}
	cells := row.cells()
	for i := range cells {
		cells[i] = conversations.InertCell(cells[i])
	}
	return x.csv.Write(cells)
}

// actor returns who acted, when the patient's key can be read.
func (x *exporter) actor(e conversations.JournalEntry, t conversations.Trace) conversations.Actor {
	var key conversations.DataKey
	var err error
	if x.Keys != nil && t.Patient != "" {
		key, _, err = x.Keys.Key(x.ctx, t.Patient)
	}
	redo, sealed, openErr := conversations.OpenRedo(e, key)
	if err != nil || openErr != nil || sealed {
		x.manifest.Unopened++ // another key sealed it, or none is left: the frame stands for itself
		return conversations.Actor{}
	}
	return redo.Actor
}

// rowOf lays out what stands in clear.
func rowOf(t conversations.Trace) Row {
	upTo := ""
	if !t.UpTo.IsZero() {
		upTo = t.UpTo.UTC().Format(timeForm)
	}
	return Row{
		Chain: t.Shard, Sequence: t.Sequence, Time: t.At.UTC().Format(timeForm), Event: string(t.Kind),
		Outcome: outcome(t), Code: t.Code, Rule: t.Rule, ActorKind: string(t.Actor), Patient: string(t.Patient),
		Mailbox: string(t.Mailbox), Conversation: string(t.Conversation), Message: string(t.Message), MessageHash: t.MessageID,
		How: string(t.How), Effect: t.Effect, Peer: t.Peer, Count: t.Count, Version: uint64(t.Version),
		UpTo: upTo,
	}
}

// timeForm is how instants are written: UTC, to the millisecond.
const timeForm = "2006-01-02T15:04:05.000Z"

// outcome spells out what an entry leaves empty.
func outcome(t conversations.Trace) string {
	if t.Outcome == "" {
		return "success"
	}
	return string(t.Outcome)
}

// tally counts and hashes what is written.
type tally struct {
	w   io.Writer
	n   int64
	sum hash.Hash
}

// Write implements io.Writer.
func (t *tally) Write(b []byte) (int, error) {
	n, err := t.w.Write(b)
	t.n += int64(n)
	_, _ = t.sum.Write(b[:n])
	return n, err
}
