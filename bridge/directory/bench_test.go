package directory_test

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"mesbridge/bridge/directory"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// BenchmarkLoad reads a synthetic extraction of the size of the real one (I124) and reports the memory
// that the table keeps.
func BenchmarkLoad(b *testing.B) {
	const rows = 500_000
	for b.Loop() {
		before := heap()
		r, w := io.Pipe()
		go func() { w.CloseWithError(directory.Write(bufio.NewWriterSize(w, 1<<20), synthetic(rows))) }()
		start := time.Now()
		var table directory.Table
		if s, err := table.Load(r); err != nil || s.Mailboxes != rows {
			b.Fatalf("load: %+v, %v", s, err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/load")
		b.ReportMetric(float64(heap()-before)/(1<<20), "MB-kept")
		runtime.KeepAlive(&table)
	}
}

// BenchmarkMailbox looks one address up in a table of the size of the real one.
func BenchmarkMailbox(b *testing.B) {
	var table directory.Table
	r, w := io.Pipe()
	go func() { w.CloseWithError(directory.Write(w, synthetic(100_000))) }()
	if _, err := table.Load(r); err != nil {
		b.Fatal(err)
	}
	a := rules.Address{Local: "Prenom.Nom-54321", Domain: "medecin21.mssante.fr"}
	if table.Mailbox(a).Name == "" {
		b.Fatal("the address is not in the table")
	}
	b.ReportAllocs()
	for b.Loop() {
		table.Mailbox(a)
	}
}

// BenchmarkSearch asks a table of the size of the real one what takes longest: what nobody answers, so that all is
// looked through. It reports the slowest of a hundred (p99).
func BenchmarkSearch(b *testing.B) {
	var table directory.Table
	r, w := io.Pipe()
	go func() { w.CloseWithError(directory.Write(w, synthetic(500_000))) }()
	if _, err := table.Load(r); err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]conversations.MailboxQuery{
		"name":       {Name: "nom4999"},
		"two words":  {Name: "prenom12 zzz"},
		"structure":  {Name: "hospitalier zzz"},
		"speciality": {Speciality: "zzz", Place: "ville"},
		"place":      {Place: "zzz"},
		"profession": {Profession: "medecin", Speciality: "generale", Place: "99999"},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, _, err := table.Search(q, "", 50); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100])/1e6, "ms-p99")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func synthetic(rows int) []directory.Entry {
	list := make([]directory.Entry, rows)
	for i := range list {
		list[i] = directory.Entry{
			Kind:    rules.Personal,
			Address: rules.Address{Local: fmt.Sprintf("prenom.nom-%d", i), Domain: fmt.Sprintf("medecin%d.mssante.fr", i%300)},
			Person:  fmt.Sprintf("8%011d", i), Title: "DR", GivenName: fmt.Sprintf("PRENOM%d", i%5000),
			FamilyName: fmt.Sprintf("NOM%d", i), ProfessionCode: "10", Profession: "Médecin", Skill: "Qualifié en médecine générale (SM)",
			Structure: fmt.Sprintf("1%09d", i%40_000), StructureName: fmt.Sprintf("CENTRE HOSPITALIER DE VILLE %d", i%40_000),
			Town: fmt.Sprintf("%05d VILLE SUR RIVIERE", i%40_000), PostalCode: fmt.Sprintf("%05d", i%40_000), District: fmt.Sprintf("Département %d", i%95),
		}
	}
	return list
}
