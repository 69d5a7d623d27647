package xdm

import (
	"encoding/xml"
	"strings"
)

// Paths of names, below ClinicalDocument.
const (
	pathRecord        = "/recordTarget"
	pathPatientName   = "/recordTarget/patientRole/patient/name"
	pathAuthorName    = "/author/assignedAuthor/assignedPerson/name"
	pathAuthorDevice  = "/author/assignedAuthor/assignedAuthoringDevice/softwareName"
	pathAuthorStaff   = "/author/assignedAuthor/representedOrganization/name"
	pathBodyText      = "/component/nonXMLBody/text"
	pathCustodianName = "/custodian/assignedCustodian/representedCustodianOrganization/name"
)

// attributes takes what the attributes of an element say.
func (c *cdaReader) attributes(path string, e xml.StartElement) {
	id := Identifier{Root: attribute(e, "root"), Extension: attribute(e, "extension")}
	d := &c.doc
	switch path {
	case "/id":
		d.ID = id
	case "/setId":
		d.SetID = id
	case "/versionNumber":
		d.Version = cleanText(attribute(e, "value"))
	case "/code":
		d.Code = codeOf(e)
	case "/effectiveTime":
		d.At = readTime(attribute(e, "value"), c.zone)
	case "/confidentialityCode":
		if len(d.Confidentiality) < maxPersons {
			d.Confidentiality = append(d.Confidentiality, codeOf(e))
		}
	case pathRecord:
		if len(d.Patients) < maxPersons {
			d.Patients = append(d.Patients, Patient{})
		}
	case pathRecord + "/patientRole/id":
		if n := len(d.Patients); n > 0 && len(d.Patients[n-1]) < maxPersons {
			d.Patients[n-1] = append(d.Patients[n-1], id)
		}
	case "/author":
		if len(d.Authors) < maxPersons {
			d.Authors = append(d.Authors, Author{})
		}
	case "/component/nonXMLBody":
		d.Body = BodyFile
	case "/component/structuredBody":
		d.Body = BodyStructured
	case pathPatientName, pathAuthorName:
		c.name = nil
	}
	if kind := strings.TrimPrefix(path, pathPatientName+"/"); kind != path {
		c.part(kind, e)
	} else if kind := strings.TrimPrefix(path, pathAuthorName+"/"); kind != path {
		c.part(kind, e)
	}
}

// part begins a part of a name.
func (c *cdaReader) part(kind string, e xml.StartElement) {
	if len(c.name) < maxPersons {
		c.name = append(c.name, NamePart{Kind: kind, Qualifier: attribute(e, "qualifier")})
	}
}

func codeOf(e xml.StartElement) Code {
	return Code{
		Code: cleanText(attribute(e, "code")), System: cleanText(attribute(e, "codeSystem")),
		Display: cleanText(attribute(e, "displayName")),
	}
}

// wants reports whether the text of an element is asked for.
func (c *cdaReader) wants(path, local string) bool {
	switch path {
	case "/title", pathPatientName, pathAuthorName, pathAuthorDevice, pathAuthorStaff, pathCustodianName:
		return true
	}
	if strings.HasPrefix(path, pathPatientName+"/") || strings.HasPrefix(path, pathAuthorName+"/") {
		return true
	}
	return local == "title" && c.doc.Body == BodyStructured && len(c.doc.Sections) < maxSections
}

// taken takes the text of an element that just ended.
func (c *cdaReader) taken(path, text string) {
	if text == "" {
		return
	}
	d, author := &c.doc, &Author{}
	if n := len(d.Authors); n > 0 {
		author = &d.Authors[n-1]
	}
	switch {
	case path == "/title":
		d.Title = text
	case path == pathAuthorDevice:
		author.Name = []NamePart{{Text: text}}
	case path == pathAuthorStaff:
		author.Organisation = text
	case path == pathCustodianName:
		d.Custodian = text
	case path == pathPatientName, path == pathAuthorName:
		c.name = append(c.name, NamePart{Text: text})
	case strings.HasPrefix(path, pathPatientName), strings.HasPrefix(path, pathAuthorName):
		if n := len(c.name); n > 0 {
			c.name[n-1].Text = text
		}
	case d.Body == BodyStructured:
		d.Sections = append(d.Sections, text)
	}
}

// named takes a name that just ended.
func (c *cdaReader) named(path string) {
	switch n := len(c.doc.Authors); {
	case path == pathPatientName && c.doc.PatientName == nil:
		c.doc.PatientName = c.name
	case path == pathAuthorName && n > 0:
		c.doc.Authors[n-1].Name = c.name
	}
}
