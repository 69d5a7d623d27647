package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/xdm/xdmtest"
	"mesbridge/conversations"
)

// file is an attachment of a test's message.
type file struct {
	name, mediaType string
	content         []byte
}

// withFiles is a message with a text and attachments.
func withFiles(files ...file) []byte {
	var b strings.Builder
	b.WriteString("From: <a@v.fr>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbonjour\n")
	for _, f := range files {
		b.WriteString("--b\nContent-Type: " + f.mediaType + "\nContent-Disposition: attachment; filename=\"" + f.name + "\"\n" +
			"Content-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(f.content) + "\n")
	}
	return wire(b.String() + "--b--\n")
}

func archiveFile(content []byte) file {
	return file{"IHE_XDM.ZIP", "application/octet-stream", content}
}

// TestView_documents shows the documents of an archive and of a CDA by itself, and gives out what they embed
// (OP14).
func TestView_documents(t *testing.T) {
	t.Parallel()
	report, letter := xdmtest.Sample(), xdmtest.Sample()
	letter.PDF, letter.Title = nil, "Lettre de sortie"
	single := xdmtest.Sample()
	single.Title, single.PDF = "Scanner / tête", xdmtest.PDF("seul")
	raw := withFiles(
		file{"copie.pdf", "application/pdf", report.PDF}, archiveFile(xdmtest.Archive(t, report, letter)),
		file{"cda.xml", "text/xml", single.CDA()}, file{"notes.zip", "application/zip", xdmtest.Zip(t, xdmtest.File{Name: "a.txt"})},
	)
	c := NewCodec(DefaultLimits())
	v := view(t, raw)
	if len(v.Attachments) != 4 || len(v.Notices) > 0 {
		t.Fatalf("%d attachments, notices %q", len(v.Attachments), v.Notices)
	}
	if v.Attachments[0].Documents != nil || v.Attachments[3].Documents != nil {
		t.Error("documents where there are none")
	}
	docs := v.Attachments[1].Documents
	if len(docs) != 2 || len(docs[0].Embedded) != 1 || len(docs[1].Embedded) != 0 {
		t.Fatalf("%+v", docs)
	}
	first := docs[0]
	first.Embedded = nil
	want := conversations.HealthDocument{
		Title: report.Title, Kind: report.Display, Code: "11502-2", At: time.Date(2026, 5, 4, 7, 15, 0, 0, time.UTC), Author: "Dr Irène PETIT",
		Organisation: "Laboratoire du Port", Confidentiality: "N", Bytes: int64(len(report.CDA())), Integrity: conversations.IntegrityVerified,
	}
	if first.Sections != nil || !sameDocument(first, want) {
		t.Errorf("%+v\nwant %+v", first, want)
	}
	if !slices.Equal(docs[1].Sections, letter.Sections) {
		t.Errorf("sections %q", docs[1].Sections)
	}
	for _, e := range []struct {
		part    conversations.Part
		name    string
		content []byte
	}{
		{docs[0].Embedded[0], report.Title + ".pdf", report.PDF},
		{v.Attachments[2].Documents[0].Embedded[0], "Scanner - tête.pdf", single.PDF},
	} {
		if e.part.Name != e.name || e.part.Type != "application/pdf" || e.part.SHA256 != sha256.Sum256(e.content) {
			t.Errorf("%+v", e.part)
		}
		if got := fetch(t, raw, e.part.Index); got != string(e.content) {
			t.Errorf("fetched %q", got)
		}
		var out failingWriter
		if err := c.Part(bytes.NewReader(raw), e.part.Index, out); err == nil {
			t.Error("the writer's fault is not told")
		}
	}
	for _, e := range []embeddedPart{{1, 1, 0}, {1, 2, 0}, {0, 0, 0}, {9, 0, 0}, {2, 1, 0}, {2, 0, 1}, {3, 0, 0}} {
		if err := c.Part(bytes.NewReader(raw), e.index(), new(bytes.Buffer)); !errors.Is(err, ErrNoPart) {
			t.Errorf("%v: %v", e, err)
		}
	}
}

func sameDocument(a, b conversations.HealthDocument) bool {
	return a.Title == b.Title && a.Kind == b.Kind && a.Code == b.Code && a.At.Equal(b.At) && a.Author == b.Author && a.Organisation == b.Organisation &&
		a.Confidentiality == b.Confidentiality && a.Bytes == b.Bytes && a.Integrity == b.Integrity
}

// TestView_documentsInDisorder says in plain French what could not be read, and offers it all the same (D31).
func TestView_documentsInDisorder(t *testing.T) {
	t.Parallel()
	d := xdmtest.Sample()
	good := xdmtest.Archive(t, d)
	altered, lost := d.Entry("DOC0001.XML"), d.Entry("DOC0001.XML")
	altered.Hash = strings.Repeat("0", 40)
	meta := func(e xdmtest.Entry) xdmtest.File {
		return xdmtest.File{Name: xdmtest.Folder + "METADATA.XML", Content: xdmtest.Metadata(e)}
	}
	content := xdmtest.File{Name: xdmtest.Folder + "DOC0001.XML", Content: altered.Content}
	laughing := "<!DOCTYPE x [<!ENTITY a \"b\">]><ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>"
	for name, c := range map[string]struct {
		file      file
		notice    string
		documents int
	}{
		"altered":        {archiveFile(xdmtest.Zip(t, meta(altered), content)), noticeAltered(d.Title), 1},
		"not there":      {archiveFile(xdmtest.Zip(t, meta(lost))), noticeMissing("IHE_XDM.ZIP"), 1},
		"cut":            {archiveFile(good[:len(good)/2]), noticeUnreadable("IHE_XDM.ZIP"), 0},
		"no archive":     {archiveFile([]byte("bonjour")), noticeUnreadable("IHE_XDM.ZIP"), 0},
		"unsafe name":    {archiveFile(xdmtest.Zip(t, meta(lost), content, xdmtest.File{Name: "../x"})), noticeSkipped("IHE_XDM.ZIP"), 1},
		"doctype":        {file{"cda.xml", "text/xml", []byte(laughing)}, noticeUnreadable("cda.xml"), 1},
		"cda not ended":  {file{"cda.xml", "text/xml", d.CDA()[:900]}, noticeUnreadable("cda.xml"), 1},
		"another XML":    {file{"a.xml", "text/xml", []byte("<a/>")}, "", 0},
		"another ZIP":    {file{"a.zip", "application/zip", []byte("PK\x05\x06")}, "", 0},
		"style sheet":    {file{"a.xml", "text/xml", []byte(`<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>`)}, "", 0},
		"empty XML file": {file{"a.xml", "text/xml", nil}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := withFiles(c.file)
			v := view(t, raw)
			if len(v.Attachments) != 1 || len(v.Attachments[0].Documents) != c.documents {
				t.Fatalf("%+v", v.Attachments)
			}
			if c.notice == "" != (len(v.Notices) == 0) || c.notice != "" && !slices.Equal(v.Notices, []string{c.notice}) {
				t.Errorf("notices %q, want %q", v.Notices, c.notice)
			}
			for _, d := range v.Attachments[0].Documents {
				if len(d.Embedded) > 0 && d.Integrity == conversations.IntegrityAltered {
					t.Error("something is offered of an altered document")
				}
			}
		})
	}
}

// TestMatricules tells whose the documents of a message are (D31), and Intake whether there may be some.
func TestMatricules(t *testing.T) {
	t.Parallel()
	mine, other := xdmtest.Sample(), xdmtest.Sample()
	other.Matricule = "153124500723160"
	for name, c := range map[string]struct {
		raw  []byte
		want []string
		may  bool
	}{
		"nothing":          {withFiles(), nil, false},
		"pdf":              {withFiles(file{"a.pdf", "application/pdf", mine.PDF}), nil, false},
		"archive":          {withFiles(archiveFile(xdmtest.Archive(t, mine))), []string{mine.Matricule}, true},
		"two files":        {withFiles(archiveFile(xdmtest.Archive(t, mine)), file{"cda.xml", "text/xml", other.CDA()}), []string{mine.Matricule, other.Matricule}, true},
		"damaged":          {withFiles(archiveFile(nil)), nil, true},
		"in another's way": {withFiles(file{"a.zip", "application/zip", []byte("PK")}, file{"cda.xml", "text/xml", mine.CDA()}), []string{mine.Matricule}, true},
	} {
		found, err := NewCodec(DefaultLimits()).Matricules(bytes.NewReader(c.raw))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, place := range found {
			for _, m := range place {
				if !slices.Contains(got, m) {
					got = append(got, m)
				}
			}
		}
		facts, err := intake(c.raw, 100)
		if err != nil || facts.Documents != c.may || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v; may be %v, %v", name, got, c.want, facts.Documents, err)
		}
	}
}

// TestCodec_manyReadersOfDocuments go on, one after the other, when there are more than places.
func TestCodec_manyReadersOfDocuments(t *testing.T) {
	t.Parallel()
	d := xdmtest.Sample()
	raw := withFiles(archiveFile(xdmtest.Archive(t, d)), file{"cda.xml", "text/xml", d.CDA()})
	c := NewCodec(DefaultLimits())
	done := make(chan error)
	const readers = 60
	for i := range readers {
		go func() {
			v, err := c.View(bytes.NewReader(raw))
			if err == nil {
				err = c.Part(bytes.NewReader(raw), v.Attachments[i%2].Documents[0].Embedded[0].Index, new(bytes.Buffer))
			}
			if err == nil {
				_, err = c.Matricules(bytes.NewReader(raw))
			}
			done <- err
		}()
	}
	for range readers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
