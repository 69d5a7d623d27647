package xdm

import (
	"encoding/hex"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"time"
)

// Submission is what one METADATA.XML describes (R98): an ebXML SubmitObjectsRequest as IHE XDS fills it.
type Submission struct {
	Patient Patient // of the submission set
	Entries []Entry
}

// Entry describes one document of a submission.
type Entry struct {
	UUID            string // entryUUID
	UniqueID        string
	MimeType        string
	URI             string // of the file, below the folder of METADATA.XML
	SHA1            []byte // nil when it is not told
	Size            int64  // octets; -1 when it is not told
	Title           string
	Type, Class     Code
	Confidentiality []Code
	At              time.Time // creationTime
	Author          string
	Organisation    string
	Patient         Patient    // patientId
	Source          Identifier // sourcePatientId
}

// Schemes of ebXML in IHE ITI TF volume 3, table 4.2.5.1-1 and following.
const (
	schemeAuthor          = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
	schemeClass           = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
	schemeType            = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
	schemeConfidentiality = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
	schemePatient         = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
	schemeUniqueID        = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
	schemeSetPatient      = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
)

// The elements of ebXML that are read; namespaces differ between its versions and are not looked at.
type (
	ebObject struct {
		ID              string             `xml:"id,attr"`
		MimeType        string             `xml:"mimeType,attr"`
		Slots           []ebSlot           `xml:"Slot"`
		Name            []ebText           `xml:"Name>LocalizedString"`
		Classifications []ebClassification `xml:"Classification"`
		Identifiers     []ebIdentifier     `xml:"ExternalIdentifier"`
	}
	ebSlot struct {
		Name   string   `xml:"name,attr"`
		Values []string `xml:"ValueList>Value"`
	}
	ebText struct {
		Value string `xml:"value,attr"`
	}
	ebClassification struct {
		Scheme string   `xml:"classificationScheme,attr"`
		Node   string   `xml:"nodeRepresentation,attr"`
		Slots  []ebSlot `xml:"Slot"`
		Name   []ebText `xml:"Name>LocalizedString"`
	}
	ebIdentifier struct {
		Scheme string `xml:"identificationScheme,attr"`
		Value  string `xml:"value,attr"`
	}
)

// readMetadata reads a METADATA.XML. It fails with ErrUnreadable or ErrTooLarge.
func readMetadata(r io.Reader, l Limits, zone *time.Location, b *budget) (Submission, error) {
	in := &bounded{r: r, limit: l.MaxMetadataBytes, budget: b}
	d := xml.NewTokenDecoder(newXMLReader(in, l, b))
	var s Submission
	for root := ""; ; {
		t, err := d.Token()
		if err == io.EOF && root != "" { //nolint:errorlint // the end itself, not a cause
			return s, nil
		}
		if err != nil {
			return s, unreadable(err)
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if root == "" {
			root = e.Name.Local
		}
		if err := s.object(d, e, l, zone); err != nil {
			return s, unreadable(err)
		}
	}
}

// object reads one object of the registry.
func (s *Submission) object(d *xml.Decoder, e xml.StartElement, l Limits, zone *time.Location) error {
	switch e.Name.Local {
	case "ExtrinsicObject":
		if len(s.Entries) == l.MaxDocuments {
			return ErrTooLarge
		}
		var o ebObject
		if err := d.DecodeElement(&o, &e); err != nil {
			return err
		}
		s.Entries = append(s.Entries, o.entry(zone))
	case "RegistryPackage":
		var o ebObject
		if err := d.DecodeElement(&o, &e); err != nil {
			return err
		}
		if id := readCX(o.identifier(schemeSetPatient)); id != (Identifier{}) && len(s.Patient) < maxPersons {
			s.Patient = append(s.Patient, id)
		}
	}
	return nil
}

// entry reads what an object says of a document.
func (o ebObject) entry(zone *time.Location) Entry {
	e := Entry{
		UUID: cleanText(o.ID), UniqueID: cleanText(o.identifier(schemeUniqueID)),
		MimeType: strings.ToLower(strings.TrimSpace(o.MimeType)), URI: strings.TrimSpace(slot(o.Slots, "URI")), Size: -1,
		Title: firstText(o.Name), At: readTime(slot(o.Slots, "creationTime"), zone), Source: readCX(slot(o.Slots, "sourcePatientId")),
	}
	if id := readCX(o.identifier(schemePatient)); id != (Identifier{}) {
		e.Patient = Patient{id}
	}
	if sum, err := hex.DecodeString(strings.TrimSpace(slot(o.Slots, "hash"))); err == nil && len(sum) == 20 {
		e.SHA1 = sum
	}
	if size, err := strconv.ParseInt(strings.TrimSpace(slot(o.Slots, "size")), 10, 64); err == nil && size >= 0 {
		e.Size = size
	}
	for _, c := range o.Classifications {
		e.classify(c)
	}
	return e
}

// classify takes one classification of a document.
func (e *Entry) classify(c ebClassification) {
	code := Code{Code: cleanText(c.Node), System: cleanText(slot(c.Slots, "codingScheme")), Display: firstText(c.Name)}
	switch c.Scheme {
	case schemeAuthor:
		if e.Author == "" && e.Organisation == "" { // the first author stands for all
			e.Author = personOfXCN(slot(c.Slots, "authorPerson"))
			e.Organisation = organisationOfXON(slot(c.Slots, "authorInstitution"))
		}
	case schemeType:
		e.Type = code
	case schemeClass:
		e.Class = code
	case schemeConfidentiality:
		if len(e.Confidentiality) < maxPersons {
			e.Confidentiality = append(e.Confidentiality, code)
		}
	}
}

// identifier returns the value of an external identifier, empty when there is none.
func (o ebObject) identifier(scheme string) string {
	for _, i := range o.Identifiers {
		if i.Scheme == scheme {
			return i.Value
		}
	}
	return ""
}

// slot returns the first value of a slot, empty when there is none.
func slot(slots []ebSlot, name string) string {
	for _, s := range slots {
		if s.Name == name && len(s.Values) > 0 {
			return s.Values[0]
		}
	}
	return ""
}

func firstText(texts []ebText) string {
	for _, t := range texts {
		if s := cleanText(t.Value); s != "" {
			return s
		}
	}
	return ""
}
