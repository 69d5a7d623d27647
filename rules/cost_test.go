package rules_test

import (
	"fmt"
	"testing"
	"time"

	"mesbridge/rules"
)

// scene is an ordinary patient: a shared conversation of four voices with two ends, one block, three
// exchanges.
type scene struct {
	patient rules.Patient
	thread  rules.Conversation
	ex      rules.Exchanges
	who     rules.Correspondents
	now     time.Time
}

func newScene() scene {
	now := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	s := scene{
		patient: rules.Patient{Account: rules.Active, Blocks: []rules.PersonBlock{{Mailbox: "X", Person: "px"}}},
		thread:  rules.Conversation{ID: "t1"},
		ex:      rules.Exchanges{}, who: rules.Correspondents{}, now: now,
	}
	boxes := []rules.MailboxID{"0123456789abcdef0123456789abcdef", "1123456789abcdef0123456789abcdef", "2123456789abcdef0123456789abcdef", "3123456789abcdef0123456789abcdef"}
	for i, m := range boxes {
		seq := rules.Seq(2*i + 1)
		s.thread.Voices = append(s.thread.Voices, rules.Voice{
			Message: rules.MessageKey(fmt.Sprint("m", i)), Seq: seq, From: m, ReplyTo: []rules.MailboxID{m}, With: []rules.MailboxID{boxes[(i+1)%4], boxes[(i+2)%4]},
		})
		s.ex[m] = rules.Exchange{Mailbox: m, Since: now, LastAt: now, Written: seq, Granted: seq}
		s.who[m] = rules.Correspondent{Mailbox: m, Kind: rules.Personal, Person: rules.PersonID(m)}
	}
	s.thread.Ends = []rules.End{{By: boxes[3], Seq: 8, How: rules.ByEpisode}} // the newest is silent: the third governs
	return s
}

func (s scene) admit() rules.AdmitFacts {
	v := s.thread.Voices[2]
	return rules.AdmitFacts{
		Patient: s.patient, Next: 9, Message: "m9", Sender: s.who[v.From], ReplyTo: v.ReplyTo, With: v.With, Exchange: s.ex[v.From],
		Thread: "t1", Fresh: "t2", Subject: "Re: Votre consultation du 12 mai", HasContent: true, WantsReceipt: true,
	}
}

// TestVerdict_allocatesNothing: goal G11.
func TestVerdict_allocatesNothing(t *testing.T) { // not parallel: it counts the allocations of the process
	s := newScene()
	f := s.admit()
	short := f
	short.Subject = "RE : [Fin]" // a near miss is looked at letter by letter
	for name, verdict := range map[string]func(){
		"RightToReply": func() {
			if r := rules.RightToReply(s.patient, s.thread, s.ex, s.who, s.now); r.State != rules.Open || len(r.ToAll) != 1 {
				t.Fatalf("%+v", r)
			}
		},
		"Admit": func() {
			if v := rules.Admit(f, s.now); v.Refusal.Refused() {
				t.Fatal(v.Refusal)
			}
		},
		"Admit, near miss": func() {
			if v := rules.Admit(short, s.now); !v.Notes.Has(rules.NearMiss) {
				t.Fatal(v.Notes)
			}
		},
		"Reach": func() { rules.Reach(s.patient, f.Sender, s.now) },
		"Deliver": func() {
			rules.Deliver(rules.DeliverFacts{Patient: s.patient, Sent: 4, To: f.Sender, Conversation: s.thread, Exchange: f.Exchange}, s.now)
		},
		"SeenBy": func() { rules.SeenBy(f.Sender, s.patient, s.thread, s.ex, s.now) },
	} {
		if n := testing.AllocsPerRun(100, verdict); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkAdmit(b *testing.B) {
	s := newScene()
	f := s.admit()
	b.ReportAllocs()
	for b.Loop() {
		rules.Admit(f, s.now)
	}
}

func BenchmarkRightToReply(b *testing.B) {
	s := newScene()
	b.ReportAllocs()
	for b.Loop() {
		rules.RightToReply(s.patient, s.thread, s.ex, s.who, s.now)
	}
}

func BenchmarkReply(b *testing.B) {
	s := newScene()
	r := rules.RightToReply(s.patient, s.thread, s.ex, s.who, s.now)
	b.ReportAllocs()
	for b.Loop() {
		rules.Reply(rules.ReplyFacts{Right: r, Choice: rules.ReplyToOne, HasText: true, Bytes: 1, MaxBytes: 2}, s.now)
	}
}

func BenchmarkParseINS(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rules.ParseINS("279035121518989", true); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAddress(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rules.ParseAddress("279035121518989@patient.mssante.fr"); err != nil {
			b.Fatal(err)
		}
	}
}
