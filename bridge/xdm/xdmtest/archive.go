package xdmtest

import (
	"archive/zip"
	"bytes"
	"crypto/sha1" //nolint:gosec // the hash of XDS metadata (R98)
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// File is a file of an archive.
type File struct {
	Name    string
	Content []byte
	Store   bool // without compression
}

// Folder is the folder of the first submission set (R97).
const Folder = "IHE_XDM/SUBSET01/"

// Archive is an IHE XDM archive that holds documents, with an INDEX.HTM and a style sheet that do harm when
// they are opened.
func Archive(tb testing.TB, documents ...Document) []byte {
	tb.Helper()
	files := []File{
		{Name: "INDEX.HTM", Content: []byte(`<html><script>document.title="INDEX.HTM was run"</script></html>`)},
		{Name: "README.TXT", Content: []byte("Archive de test")},
		{Name: Folder + "CDA.XSL", Content: []byte(`<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>`)},
	}
	entries := make([]Entry, len(documents))
	for i, d := range documents {
		entries[i] = d.Entry(fmt.Sprintf("DOC%04d.XML", i+1))
		files = append(files, File{Name: Folder + entries[i].URI, Content: entries[i].Content})
	}
	return Zip(tb, append(files, File{Name: Folder + "METADATA.XML", Content: Metadata(entries...)})...)
}

// Zip writes an archive.
func Zip(tb testing.TB, files ...File) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.Name, Method: zip.Deflate}
		if f.Store {
			h.Method = zip.Store
		}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(f.Content)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// Entry is what METADATA.XML says of one document.
type Entry struct {
	Document
	URI      string
	MimeType string
	Content  []byte
	Hash     string // SHA-1 in hexadecimal
	Size     string
}

// Entry describes the document, as it is written by CDA.
func (d Document) Entry(uri string) Entry {
	return d.As(uri, "text/xml", d.CDA())
}

// As describes the document as other content.
func (d Document) As(uri, mimeType string, content []byte) Entry {
	sum := sha1.Sum(content) //nolint:gosec // see the import
	return Entry{Document: d, URI: uri, MimeType: mimeType, Content: content, Hash: hex.EncodeToString(sum[:]), Size: fmt.Sprint(len(content))}
}

// Metadata writes a METADATA.XML.
func Metadata(entries ...Entry) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><rim:RegistryObjectList>
`)
	for i, e := range entries {
		b.WriteString(e.object(i + 1))
	}
	patient := Sample()
	if len(entries) > 0 {
		patient = entries[0].Document
	}
	fmt.Fprintf(&b, `<rim:RegistryPackage id="SubmissionSet01" objectType="urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage">
  <rim:ExternalIdentifier identificationScheme="urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446" value="%s"><rim:Name><rim:LocalizedString value="XDSSubmissionSet.patientId"/></rim:Name></rim:ExternalIdentifier>
</rim:RegistryPackage>
<rim:Association associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember" sourceObject="SubmissionSet01" targetObject="Document01"/>
</rim:RegistryObjectList></lcm:SubmitObjectsRequest>`, patient.cx())
	return []byte(b.String())
}

// cx writes the patient's identifier as XDS does (R22).
func (d Document) cx() string { return text(d.Matricule + "^^^&" + d.Authority + "&ISO^NH") }

// object writes one document.
func (e Entry) object(n int) string {
	return fmt.Sprintf(`<rim:ExtrinsicObject id="Document%02d" mimeType="%s" objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">
  <rim:Slot name="creationTime"><rim:ValueList><rim:Value>%s</rim:Value></rim:ValueList></rim:Slot>
  <rim:Slot name="hash"><rim:ValueList><rim:Value>%s</rim:Value></rim:ValueList></rim:Slot>
  <rim:Slot name="size"><rim:ValueList><rim:Value>%s</rim:Value></rim:ValueList></rim:Slot>
  <rim:Slot name="URI"><rim:ValueList><rim:Value>%s</rim:Value></rim:ValueList></rim:Slot>
  <rim:Slot name="sourcePatientId"><rim:ValueList><rim:Value>%s</rim:Value></rim:ValueList></rim:Slot>
  <rim:Name><rim:LocalizedString charset="UTF-8" value="%s" xml:lang="FR"/></rim:Name>
  <rim:Classification classificationScheme="urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d" nodeRepresentation="">
    <rim:Slot name="authorInstitution"><rim:ValueList><rim:Value>%s</rim:Value></rim:ValueList></rim:Slot>
    <rim:Slot name="authorPerson"><rim:ValueList><rim:Value>%s</rim:Value></rim:ValueList></rim:Slot>
  </rim:Classification>
  <rim:Classification classificationScheme="urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a" nodeRepresentation="10">
    <rim:Name><rim:LocalizedString value="Compte rendu"/></rim:Name></rim:Classification>
  <rim:Classification classificationScheme="urn:uuid:f0306f51-975f-434e-a61c-c59651d33983" nodeRepresentation="%s">
    <rim:Slot name="codingScheme"><rim:ValueList><rim:Value>2.16.840.1.113883.6.1</rim:Value></rim:ValueList></rim:Slot>
    <rim:Name><rim:LocalizedString value="%s"/></rim:Name></rim:Classification>
  <rim:ExternalIdentifier identificationScheme="urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427" value="%s"><rim:Name><rim:LocalizedString value="XDSDocumentEntry.patientId"/></rim:Name></rim:ExternalIdentifier>
  <rim:ExternalIdentifier identificationScheme="urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab" value="1.2.250.1.999.1^doc-%d"><rim:Name><rim:LocalizedString value="XDSDocumentEntry.uniqueId"/></rim:Name></rim:ExternalIdentifier>
</rim:ExtrinsicObject>
`, n, e.MimeType, text(e.Time), e.Hash, e.Size, text(e.URI), e.cx(), text(e.Title),
		text(e.Custodian+"^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1750000001"),
		text("899700000001^"+e.Author+"^"+e.AuthorGiven+"^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"),
		text(e.Code), text(e.Display), e.cx(), n)
}
