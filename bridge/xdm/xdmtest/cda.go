package xdmtest

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strings"
)

// Document is a synthetic document. Zero fields have the values of [Sample].
type Document struct {
	Title       string
	Code        string
	Display     string
	Time        string // HL7, as in 20210401134745+0100
	Matricule   string
	Authority   string // OID of the matricule
	Family      string
	Given       string
	AuthorGiven string
	Author      string // family name
	Custodian   string
	PDF         []byte   // embedded as the body; nil: a structured body
	Sections    []string // of the structured body
}

// Authorities of the matricule (R21).
const (
	AuthorityNIR  = "1.2.250.1.213.1.4.8"
	AuthorityTest = "1.2.250.1.213.1.4.10"
)

// Sample is a report on blood tests with a small PDF, of the first patient of the demonstration.
func Sample() Document {
	return Document{
		Title: "Compte rendu d’analyses de sang", Code: "11502-2", Display: "CR d'examens biologiques",
		Time: "20260504091500+0200", Matricule: "279035121518989", Authority: AuthorityNIR,
		Family: "CORSE", Given: "DOMINIQUE", AuthorGiven: "Irène", Author: "PETIT", Custodian: "Laboratoire du Port",
		PDF: PDF("Analyses de sang"), Sections: []string{"Résultats", "Conclusion"},
	}
}

// PDF is the start of a PDF file, enough to be taken for one.
func PDF(text string) []byte {
	return []byte("%PDF-1.4\n% " + text + "\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n")
}

// CDA writes the document.
func (d Document) CDA() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="cda.xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <id root="1.2.250.1.999.1" extension="doc-1"/>
  <code code="%s" codeSystem="2.16.840.1.113883.6.1" displayName="%s"/>
  <title>%s</title>
  <effectiveTime value="%s"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="Normal"/>
  <setId root="1.2.250.1.999.2" extension="set-1"/>
  <versionNumber value="1"/>
  <recordTarget><patientRole>
    <id root="%s" extension="%s"/>
    <id root="1.2.3.4.5.6" extension="1234567890121"/>
    <patient><name><family qualifier="BR">%s</family><given qualifier="BR">%s</given></name></patient>
  </patientRole></recordTarget>
`, text(d.Code), text(d.Display), text(d.Title), text(d.Time), text(d.Authority), text(d.Matricule), text(d.Family), text(d.Given))
	fmt.Fprintf(&b, `  <author><time value="%s"/><assignedAuthor>
    <assignedPerson><name><prefix>MME</prefix><given>%s</given><family>%s</family><suffix>DR</suffix></name></assignedPerson>
    <representedOrganization><name>%s</name></representedOrganization>
  </assignedAuthor></author>
  <custodian><assignedCustodian><representedCustodianOrganization><name>%s</name></representedCustodianOrganization></assignedCustodian></custodian>
  <component>%s</component>
</ClinicalDocument>
`, text(d.Time), text(d.AuthorGiven), text(d.Author), text(d.Custodian), text(d.Custodian), d.body())
	return []byte(b.String())
}

// body writes the body of the document.
func (d Document) body() string {
	if d.PDF != nil {
		return `<nonXMLBody><text mediaType="application/pdf" representation="B64">` + base64.StdEncoding.EncodeToString(d.PDF) + `</text></nonXMLBody>`
	}
	var b strings.Builder
	for _, s := range d.Sections {
		b.WriteString(`<component><section><title>` + text(s) + `</title><text>…</text></section></component>`)
	}
	return "<structuredBody>" + b.String() + "</structuredBody>"
}

// text escapes text for XML.
func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}
