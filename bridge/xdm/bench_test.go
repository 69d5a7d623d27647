package xdm

import (
	"testing"

	"mesbridge/bridge/xdm/xdmtest"
)

// usual is an archive of two reports with a PDF of 300 kB each.
func usual(b *testing.B) *File {
	b.Helper()
	d := xdmtest.Sample()
	pdf := make([]byte, 300_000)
	for i := range pdf {
		pdf[i] = byte(i * i >> 5)
	}
	d.PDF = append(xdmtest.PDF("x"), pdf...)
	return read(b, xdmtest.Archive(b, d, d))
}

// BenchmarkDocuments is what each display of a message with an archive costs beside the walk.
func BenchmarkDocuments(b *testing.B) {
	f := usual(b)
	b.SetBytes(f.bytes.size)
	b.ReportAllocs()
	for b.Loop() {
		f.message.budget = budget{octets: f.message.reader.limits.MaxReadBytes, elements: f.message.reader.limits.MaxElements}
		if c, err := f.Documents(); err != nil || len(c.Documents) != 2 {
			b.Fatal(err)
		}
	}
}

// BenchmarkPatients is what D31 costs at receipt.
func BenchmarkPatients(b *testing.B) {
	f := usual(b)
	b.ReportAllocs()
	for b.Loop() {
		f.message.budget = budget{octets: f.message.reader.limits.MaxReadBytes, elements: f.message.reader.limits.MaxElements}
		if p, err := f.Patients(); err != nil || len(p) == 0 {
			b.Fatal(err)
		}
	}
}
