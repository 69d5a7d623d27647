package xdm

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"mesbridge/bridge/xdm/xdmtest"
)

// fuzzLimits keep one run short and are exceeded by small inputs.
func fuzzLimits() Limits {
	l := DefaultLimits()
	l.MaxReadBytes, l.MaxElements, l.MaxHeaderBytes, l.MaxMetadataBytes = 1<<20, 20_000, 64<<10, 256<<10
	l.MaxEntries, l.MaxDocuments, l.MaxDepth = 50, 10, 40
	return l
}

// documents are synthetic documents of both levels.
func documents() []xdmtest.Document {
	structured, strange := xdmtest.Sample(), xdmtest.Sample()
	structured.PDF = nil
	strange.Title, strange.Time, strange.Authority = "A & <b> « c »\u202e", "2026", xdmtest.AuthorityTest
	return []xdmtest.Document{xdmtest.Sample(), structured, strange}
}

// FuzzArchive checks that any octets can be read as an attachment: what is listed is clean and can be fetched
// as it is listed.
func FuzzArchive(f *testing.F) {
	all := documents()
	f.Add(xdmtest.Archive(f, all...))
	f.Add(xdmtest.Archive(f))
	f.Add(overlapping(3, 100))
	f.Add(quoted(3))
	pdf := all[0].As("DOC0001.PDF", "application/pdf", all[0].PDF)
	f.Add(zipOf(f, all[0].Entry("A.XML"), pdf, all[1].As("S.XML", "text/xml", selfPresenting(all[1]))))
	stored := xdmtest.File{Name: xdmtest.Folder + "METADATA.XML", Content: xdmtest.Metadata(pdf), Store: true}
	f.Add(xdmtest.Zip(f, stored, xdmtest.File{Name: xdmtest.Folder + "DOC0001.PDF", Content: pdf.Content, Store: true}))
	f.Fuzz(func(t *testing.T, raw []byte) { checkFile(t, raw) })
}

// FuzzCDA does the same for a document by itself.
func FuzzCDA(f *testing.F) {
	for _, d := range documents() {
		f.Add(d.CDA())
		f.Add(selfPresenting(d))
		f.Add(bytes.Replace(d.CDA(), []byte("UTF-8"), []byte("ISO-8859-15"), 1))
	}
	f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><ClinicalDocument xmlns="urn:hl7-org:v3"><title>&b;</title></ClinicalDocument>`))
	f.Add([]byte("\xff\xfe<\x00a\x00/\x00>\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !bytes.HasPrefix(raw, []byte("PK")) {
			checkFile(t, raw)
		}
	})
}

// FuzzMetadata checks that what METADATA.XML says is clean, whatever it is.
func FuzzMetadata(f *testing.F) {
	var entries []xdmtest.Entry
	for _, d := range documents() {
		entries = append(entries, d.Entry("DOC0001.XML"))
	}
	f.Add(xdmtest.Metadata(entries...))
	f.Add(xdmtest.Metadata())
	f.Add([]byte(`<a><ExtrinsicObject id="x"><Slot name="hash"><ValueList><Value>00</Value></ValueList></Slot></ExtrinsicObject></a>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := fuzzLimits()
		s, err := readMetadata(bytes.NewReader(raw), l, time.UTC, &budget{octets: l.MaxReadBytes, elements: l.MaxElements})
		if len(s.Entries) > l.MaxDocuments || err == nil && len(raw) == 0 {
			t.Fatalf("%d entries, %v", len(s.Entries), err)
		}
		for _, e := range s.Entries {
			checkTexts(t, e.UUID, e.UniqueID, e.Title, e.Type.Display, e.Class.Code, e.Author, e.Organisation)
			if e.SHA1 != nil && len(e.SHA1) != 20 || e.Size < -1 {
				t.Fatalf("%+v", e)
			}
		}
	})
}

// fileOf is an attachment in memory. Nothing waits for its place.
func fileOf(l Limits, raw []byte) *File {
	f := NewReader(l, time.UTC).Message().Begin()
	_, _ = f.Write(raw) // never fails
	return f
}

// checkFile reads an attachment and holds what must hold for every one.
func checkFile(t *testing.T, raw []byte) {
	t.Helper()
	l := fuzzLimits()
	c, err := fileOf(l, raw).Documents()
	if len(c.Documents) > l.MaxDocuments {
		t.Fatalf("%d documents", len(c.Documents))
	}
	for i, d := range c.Documents {
		checkTexts(t, d.Title(), d.Code().Display, d.Code().Code, d.Author(), d.Organisation(), d.Confidentiality())
		if d.CDA != nil {
			checkTexts(t, d.CDA.Sections...)
		}
		for _, m := range d.Media {
			var out bytes.Buffer
			fetched := fileOf(l, raw).Fetch(i, m.Index, &out)
			if fetched != nil || int64(out.Len()) != m.Bytes || sha256.Sum256(out.Bytes()) != m.SHA256 {
				t.Fatalf("document %d, media %+v: %d octets fetched, %v", i, m, out.Len(), fetched)
			}
			if d.Integrity == Altered || len(opens(m.Type)) == 0 {
				t.Fatalf("offered: %+v", m)
			}
		}
	}
	patients, headerErr := fileOf(l, raw).Patients()
	if err == nil && headerErr == nil && strings.Join(matricules(patients), " ") != strings.Join(matricules(c.Patients), " ") {
		t.Fatalf("%v in the headers, %v in the documents", patients, c.Patients)
	}
}

func matricules(patients []Patient) (all []string) {
	for _, p := range patients {
		all = append(all, strings.Join(p.Matricules(), ","))
	}
	return all
}

// checkTexts demands one clean line.
func checkTexts(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if len(s) > 21*(maxText+2) || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || strings.Contains(s, "\u202e") {
			t.Fatalf("text %q", s)
		}
	}
}
