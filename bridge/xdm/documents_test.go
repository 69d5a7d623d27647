package xdm

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"mesbridge/bridge/xdm/xdmtest"
)

// TestDocuments_archive_readsMetadataAndHeader reads an archive as software makes it (R96 to R98).
func TestDocuments_archive_readsMetadataAndHeader(t *testing.T) {
	t.Parallel()
	first, second := xdmtest.Sample(), xdmtest.Sample()
	second.PDF, second.Title, second.Time = nil, "Lettre de liaison", "20260505"
	f := read(t, xdmtest.Archive(t, first, second))
	c, err := f.Documents()
	if err != nil || len(c.Documents) != 2 || c.Skipped != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	d := c.Documents[0]
	same(t, "title", d.Title(), first.Title)
	same(t, "code", d.Code(), Code{Code: "11502-2", System: "2.16.840.1.113883.6.1", Display: "CR d'examens biologiques"})
	same(t, "time", d.At(), time.Date(2026, 5, 4, 7, 15, 0, 0, time.UTC))
	same(t, "author", d.Author(), "Dr Irène PETIT")
	same(t, "organisation", d.Organisation(), "Laboratoire du Port")
	same(t, "integrity", d.Integrity, Verified)
	same(t, "octets", d.Bytes, int64(len(first.CDA())))
	same(t, "version", d.CDA.Version, "1")
	if len(d.Media) != 1 || !d.Media[0].Primary || d.Media[0].SHA256 != sha256.Sum256(first.PDF) || d.Media[0].Bytes != int64(len(first.PDF)) {
		t.Errorf("media %+v", d.Media)
	}
	e := d.Entry
	same(t, "uuid", e.UUID, "Document01")
	same(t, "mime type", e.MimeType, "text/xml")
	same(t, "metadata title", e.Title, first.Title)
	same(t, "metadata author", e.Author, "Irène PETIT")
	same(t, "metadata organisation", e.Organisation, "Laboratoire du Port")
	same(t, "class", e.Class.Display, "Compte rendu")
	same(t, "source patient", e.Source, Identifier{xdmtest.AuthorityNIR, first.Matricule})
	var pdf bytes.Buffer
	if err := f.Fetch(0, d.Media[0].Index, &pdf); err != nil || !bytes.Equal(pdf.Bytes(), first.PDF) {
		t.Errorf("fetched %q, %v", pdf.Bytes(), err)
	}
	d = c.Documents[1]
	same(t, "title", d.Title(), "Lettre de liaison")
	same(t, "time", d.At(), time.Date(2026, 5, 4, 22, 0, 0, 0, time.UTC)) // the day in Paris
	if len(d.Media) != 0 || !slices.Equal(d.CDA.Sections, second.Sections) || d.CDA.Body != BodyStructured {
		t.Errorf("%+v", d.CDA)
	}
	if err := f.Fetch(1, 0, &pdf); !errors.Is(err, ErrNoMedia) {
		t.Errorf("no media: %v", err)
	}
	if err := f.Fetch(2, 0, &pdf); !errors.Is(err, ErrNoMedia) {
		t.Errorf("no document: %v", err)
	}
}

// TestPatients_everyPlace_isTold tells whose the documents are, from metadata and headers (D31, R21).
func TestPatients_everyPlace_isTold(t *testing.T) {
	t.Parallel()
	mine, other := xdmtest.Sample(), xdmtest.Sample()
	other.Matricule = "153124500723160"
	inHeader := other.Entry("DOC0001.XML")
	inHeader.Document = mine // the metadata names the right patient
	inMetadata := mine.Entry("DOC0001.XML")
	inMetadata.Document = other
	local := mine
	local.Authority = "1.2.250.1.213.1.4.2" // INS-C, no INS (R21)
	for name, c := range map[string]struct {
		raw  []byte
		want []string
	}{
		"right patient":      {xdmtest.Archive(t, mine), []string{mine.Matricule}},
		"wrong in header":    {zipOf(t, inHeader), []string{mine.Matricule, other.Matricule}},
		"wrong in metadata":  {zipOf(t, inMetadata), []string{other.Matricule, mine.Matricule}},
		"second document":    {xdmtest.Archive(t, mine, other), []string{mine.Matricule, other.Matricule}},
		"document by itself": {other.CDA(), []string{other.Matricule}},
		"local identifier":   {local.CDA(), nil},
		"self presenting":    {selfPresenting(other), []string{other.Matricule}},
		"self presenting in archive": {
			zipOf(t, mine.As("DOC0001.XML", "text/xml", selfPresenting(other))),
			[]string{mine.Matricule, other.Matricule},
		},
		"not a document": {[]byte("<html/>"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patients, _ := read(t, c.raw).Patients()
			content, _ := read(t, c.raw).Documents()
			for _, found := range [][]Patient{patients, content.Patients} {
				var got []string
				for _, p := range found {
					for _, m := range p.Matricules() {
						if !slices.Contains(got, m) {
							got = append(got, m)
						}
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%v, want %v", got, c.want)
				}
			}
		})
	}
}

// selfPresenting is a document inside a style sheet that shows it.
func selfPresenting(d xdmtest.Document) []byte {
	_, document, _ := strings.Cut(string(d.CDA()), "?>\n<?xml-stylesheet type=\"text/xsl\" href=\"cda.xsl\"?>")
	return []byte(`<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">` + document + `<xsl:template match="/"/></xsl:stylesheet>`)
}

// zipOf is an archive of entries that may not agree with their documents.
func zipOf(tb testing.TB, entries ...xdmtest.Entry) []byte {
	tb.Helper()
	files := []xdmtest.File{{Name: xdmtest.Folder + "METADATA.XML", Content: xdmtest.Metadata(entries...)}}
	for _, e := range entries {
		files = append(files, xdmtest.File{Name: xdmtest.Folder + e.URI, Content: e.Content})
	}
	return xdmtest.Zip(tb, files...)
}

// TestDocuments_integrity compares bytes and metadata (R98).
func TestDocuments_integrity(t *testing.T) {
	t.Parallel()
	d := xdmtest.Sample()
	for name, c := range map[string]struct {
		change func(*xdmtest.Entry)
		want   Integrity
		media  int
	}{
		"as announced":          {func(*xdmtest.Entry) {}, Verified, 1},
		"hash in upper case":    {func(e *xdmtest.Entry) { e.Hash = strings.ToUpper(e.Hash) }, Verified, 1},
		"another hash":          {func(e *xdmtest.Entry) { e.Hash = strings.Repeat("0", 40) }, Altered, 0},
		"another size":          {func(e *xdmtest.Entry) { e.Size = "12" }, Altered, 0},
		"another size, no hash": {func(e *xdmtest.Entry) { e.Size, e.Hash = "12", "" }, Altered, 0},
		"no hash":               {func(e *xdmtest.Entry) { e.Hash = "" }, Unverified, 1},
		"unreadable hash":       {func(e *xdmtest.Entry) { e.Hash = "abc" }, Unverified, 1},
		"file of a pdf":         {func(e *xdmtest.Entry) { *e = d.As("DOC0001.PDF", "application/pdf", d.PDF) }, Verified, 1},
		"pdf that is none":      {func(e *xdmtest.Entry) { *e = d.As("DOC0001.PDF", "application/pdf", []byte("MZ")) }, Verified, 0},
		"style sheet":           {func(e *xdmtest.Entry) { *e = d.As("CDA.XSL", "text/xsl", []byte("<a/>")) }, Verified, 0},
		"page":                  {func(e *xdmtest.Entry) { *e = d.As("INDEX.HTM", "text/html", []byte("<a/>")) }, Verified, 0},
		"nested archive":        {func(e *xdmtest.Entry) { *e = d.As("A.ZIP", "application/zip", xdmtest.Archive(t, d)) }, Verified, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := d.Entry("DOC0001.XML")
			c.change(&e)
			f := read(t, zipOf(t, e))
			got, err := f.Documents()
			if err != nil || len(got.Documents) != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
			same(t, "integrity", got.Documents[0].Integrity, c.want)
			if len(got.Documents[0].Media) != c.media {
				t.Errorf("media %+v", got.Documents[0].Media)
			}
			for _, m := range got.Documents[0].Media {
				var out bytes.Buffer
				if err := f.Fetch(0, m.Index, &out); err != nil || !bytes.Equal(out.Bytes(), d.PDF) {
					t.Errorf("fetched %q, %v", out.Bytes(), err)
				}
			}
		})
	}
}

// TestDocuments_oneBroken_othersAreRead: a document that exceeds a limit of its own hides no other.
func TestDocuments_oneBroken_othersAreRead(t *testing.T) {
	t.Parallel()
	good, other := xdmtest.Sample(), xdmtest.Sample()
	other.Matricule = "153124500723160"
	for name, bad := range map[string]string{
		"deep":    `<ClinicalDocument xmlns="urn:hl7-org:v3"><title>T</title>` + strings.Repeat("<a>", 300),
		"doctype": `<!DOCTYPE a><ClinicalDocument xmlns="urn:hl7-org:v3"/>`,
	} {
		raw := zipOf(t, good.As("DOC0001.XML", "text/xml", []byte(bad)), other.Entry("DOC0002.XML"))
		c, err := read(t, raw).Documents()
		if err != nil || len(c.Documents) != 2 || !c.Documents[0].Broken || c.Documents[1].Broken || len(c.Documents[1].Media) != 1 {
			t.Fatalf("%s: %+v, %v", name, c, err)
		}
		patients, err := read(t, raw).Patients()
		if !slices.ContainsFunc(patients, func(p Patient) bool { return slices.Contains(p.Matricules(), other.Matricule) }) || err == nil {
			t.Errorf("%s: %v, %v", name, patients, err)
		}
	}
}

// TestDocuments_uri_staysInside follows no URI out of its folder, and names of files in any case (R97).
func TestDocuments_uri_staysInside(t *testing.T) {
	t.Parallel()
	d := xdmtest.Sample()
	for uri, want := range map[string]Integrity{
		"DOC0001.XML": Verified, "doc0001.xml": Verified, "./DOC0001.XML": Verified,
		"../SUBSET01/DOC0001.XML": Missing, "/IHE_XDM/SUBSET01/DOC0001.XML": Missing, "file:///etc/passwd": Missing,
		"https://example.org/DOC0001.XML": Missing, `..\..\README.TXT`: Missing, "": Missing, "METADATA.XML/..": Missing,
	} {
		e := d.Entry(uri)
		raw := xdmtest.Zip(t, xdmtest.File{Name: "README.TXT", Content: e.Content},
			xdmtest.File{Name: "ihe_xdm/subset01/metadata.xml", Content: xdmtest.Metadata(e)},
			xdmtest.File{Name: `IHE_XDM\Subset01\Doc0001.xml`, Content: e.Content})
		c, err := read(t, raw).Documents()
		if err != nil || len(c.Documents) != 1 || c.Documents[0].Integrity != want {
			t.Errorf("%q: %+v, %v", uri, c.Documents, err)
		}
	}
}

// TestDocuments_encodings reads headers in the encodings that software declares, and what does not fit them.
func TestDocuments_encodings(t *testing.T) {
	t.Parallel()
	d := xdmtest.Sample()
	declare := func(name string) string { return strings.Replace(string(d.CDA()), `"UTF-8"`, `"`+name+`"`, 1) }
	latin, err := charmap.ISO8859_15.NewEncoder().String(strings.ReplaceAll(declare("ISO-8859-15"), "’", "'"))
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(declare("UTF-16"))
	if err != nil {
		t.Fatal(err)
	}
	bare, err := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String(declare("UTF-16"))
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"utf-8": string(d.CDA()), "byte order mark": "\uFEFF" + string(d.CDA()), "iso-8859-15": latin, "utf-16": utf16,
		"utf-16 without mark": bare, "unknown name": declare("X-UNKNOWN"),
	} {
		c, err := read(t, []byte(raw)).Documents()
		if err != nil || len(c.Documents) != 1 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		doc := c.Documents[0]
		if doc.Author() != "Dr Irène PETIT" || strings.ReplaceAll(doc.Title(), "’", "'") != "Compte rendu d'analyses de sang" || len(doc.Media) != 1 {
			t.Errorf("%s: %q by %q, %d media", name, doc.Title(), doc.Author(), len(doc.Media))
		}
	}
	broken := strings.Replace(string(d.CDA()), "Irène", "Ir\xe8ne", 1)
	if c, err := read(t, []byte(broken)).Documents(); err != nil || c.Documents[0].Author() != "Dr Ir\uFFFDne PETIT" {
		t.Errorf("broken UTF-8: %v", err)
	}
}

// TestDocuments_embedded offers what can be opened and nothing else.
func TestDocuments_embedded(t *testing.T) {
	t.Parallel()
	const pdf = "JVBERi0xLjQK" // %PDF-1.4
	for text, want := range map[string]int{
		`<text mediaType="application/pdf" representation="B64">` + pdf + `</text>`:                       1,
		`<text mediaType="application/pdf" representation="B64">` + "\n JVBE\n Ri0x\tLjQK \n" + `</text>`: 1,
		`<text mediaType="application/pdf" representation="B64"><![CDATA[` + pdf + `]]></text>`:           1,
		`<text mediaType="application/pdf" representation="B64">JVBE<!-- x -->Ri0xLjQK</text>`:            1,
		`<text mediaType="application/pdf" representation="B64" compression="GZ">` + pdf + `</text>`:      0,
		`<text mediaType="application/pdf" representation="B64">!!!!` + pdf + `</text>`:                   0,
		`<text mediaType="application/pdf" representation="B64">TVqQAAMAAAA=</text>`:                      0, // a program
		`<text mediaType="text/html" representation="B64">` + pdf + `</text>`:                             0,
		`<text mediaType="application/pdf"><reference value="https://example.org/a.pdf"/></text>`:         0,
		`<text mediaType="text/plain">bonjour</text>`:                                                     0,
		`<text mediaType="image/png" representation="B64">iVBORw0KGgoAAAAN</text>`:                        1,
	} {
		raw := `<ClinicalDocument xmlns="urn:hl7-org:v3"><title>T</title><component><nonXMLBody>` + text + `</nonXMLBody></component></ClinicalDocument>`
		c, err := read(t, []byte(raw)).Documents()
		if err != nil || len(c.Documents) != 1 || len(c.Documents[0].Media) != want {
			t.Errorf("%s: %+v, %v", text, c.Documents, err)
		}
	}
}

// TestFetch_afterBrokenMedia_givesTheRightOne counts the files that are not offered, too.
func TestFetch_afterBrokenMedia_givesTheRightOne(t *testing.T) {
	t.Parallel()
	value := func(text string) string {
		return `<component><section><entry><observationMedia><value mediaType="application/pdf" representation="B64">` + text + `</value></observationMedia></entry></section></component>`
	}
	raw := `<ClinicalDocument xmlns="urn:hl7-org:v3"><component><structuredBody>` + value("####") + value("JVBERi0xLjQK") + `</structuredBody></component></ClinicalDocument>`
	f := read(t, []byte(raw))
	c, err := f.Documents()
	if err != nil || len(c.Documents[0].Media) != 1 || c.Documents[0].Media[0].Primary {
		t.Fatalf("%+v, %v", c, err)
	}
	var out bytes.Buffer
	if err := f.Fetch(0, c.Documents[0].Media[0].Index, &out); err != nil || out.String() != "%PDF-1.4\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// TestFetch_writerFails_tells passes the fault of the reader of a file on.
func TestFetch_writerFails_tells(t *testing.T) {
	t.Parallel()
	d := xdmtest.Sample()
	fault := errors.New("gone")
	if err := read(t, d.CDA()).Fetch(0, 0, failing{fault}); !errors.Is(err, fault) {
		t.Errorf("document: %v", err)
	}
	if err := read(t, xdmtest.Archive(t, d)).Fetch(0, 0, failing{fault}); !errors.Is(err, fault) {
		t.Errorf("archive: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestReadTime(t *testing.T) {
	t.Parallel()
	paris := reader(t, DefaultLimits()).zone
	for s, want := range map[string]string{
		"20210401134745+0100": "2021-04-01T12:47:45Z", "20210401134745.123+0100": "2021-04-01T12:47:45Z",
		"202104011347+0200": "2021-04-01T11:47:00Z", "20210401": "2021-03-31T22:00:00Z", "2021": "2020-12-31T23:00:00Z",
		"20210101134745": "2021-01-01T12:47:45Z", "": "", "yesterday": "", "20211341": "", "20210401134745+xx": "", "99": "",
	} {
		got := ""
		if at := readTime(s, paris); !at.IsZero() {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}
