package fhir

import (
	"encoding/json"
	"strings"
)

// resource is what is read of a Practitioner, a PractitionerRole or an Organization (FHIR R4). Members that only some
// have stay empty in the others.
type resource struct {
	Type          string          `json:"resourceType"`
	ID            string          `json:"id"`
	Active        *bool           `json:"active"`
	Identifier    []identifier    `json:"identifier"`
	Name          json.RawMessage `json:"name"` // a string, or a list of human names
	Telecom       []contact       `json:"telecom"`
	Extension     []extension     `json:"extension"`
	Qualification []qualification `json:"qualification"`
	Code          []concept       `json:"code"`
	Practitioner  reference       `json:"practitioner"`
	Organization  reference       `json:"organization"`
	Address       []address       `json:"address"`
}

type (
	identifier struct {
		System string  `json:"system"`
		Value  string  `json:"value"`
		Type   concept `json:"type"`
	}
	contact struct {
		System    string      `json:"system"`
		Value     string      `json:"value"`
		Extension []extension `json:"extension"`
	}
	coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display"`
	}
	concept struct {
		Coding []coding `json:"coding"`
		Text   string   `json:"text"`
	}
	qualification struct {
		Code concept `json:"code"`
	}
	reference struct {
		Reference string `json:"reference"`
	}
	humanName struct {
		Prefix []string `json:"prefix"`
		Suffix []string `json:"suffix"`
		Given  []string `json:"given"`
		Family string   `json:"family"`
	}
	address struct {
		City       string `json:"city"`
		PostalCode string `json:"postalCode"`
		District   string `json:"district"`
	}
	extension struct {
		URL       string      `json:"url"`
		Text      string      `json:"valueString"`
		Code      string      `json:"valueCode"`
		Bool      *bool       `json:"valueBoolean"`
		Coding    coding      `json:"valueCoding"`
		Concept   concept     `json:"valueCodeableConcept"`
		Human     *humanName  `json:"valueHumanName"`
		Extension []extension `json:"extension"`
	}
)

// Types of resource that are read.
const (
	practitioner = "Practitioner"
	role         = "PractitionerRole"
	organization = "Organization"
)

// id is the technical id that a reference names, whatever stands before it: a type, or a whole URL.
func (r reference) id() string { return r.Reference[strings.LastIndexByte(r.Reference, '/')+1:] }

// code is the code of an extension, whatever the system and the type of its value (O134).
func (e extension) code() string {
	for _, code := range []string{e.Code, e.Coding.Code, e.Text} {
		if code != "" {
			return code
		}
	}
	for _, c := range e.Concept.Coding {
		if c.Code != "" {
			return c.Code
		}
	}
	return ""
}

// named reports whether the last segment of the URL of an extension is name: it was published under several roots
// (O133).
func (e extension) named(name string) bool {
	return strings.EqualFold(strings.TrimSuffix(e.URL[strings.LastIndexByte(strings.TrimSuffix(e.URL, "/"), '/')+1:], "/"), name)
}

// sub finds a sub-extension by its name.
func (e extension) sub(name string) (extension, bool) {
	for _, s := range e.Extension {
		if s.URL == name {
			return s, true
		}
	}
	return extension{}, false
}

// is reports whether a boolean sub-extension is there and has a value.
func (e extension) is(name string, value bool) bool {
	s, ok := e.sub(name)
	return ok && s.Bool != nil && *s.Bool == value
}

// inTable finds the first coding whose system is of a terminology of the MOS, such as TRE_G15.
func inTable(all []concept, table string) (coding, bool) {
	for _, c := range all {
		for _, one := range c.Coding {
			if strings.Contains(one.System, "/"+table+"-") || strings.HasSuffix(one.System, "/"+table) {
				return one, true
			}
		}
	}
	return coding{}, false
}

// ofSystem is the first identifier of one of some systems, or of a type.
func (r *resource) ofSystem(kind string, systems ...string) string {
	for _, i := range r.Identifier {
		for _, s := range systems {
			if i.System == s {
				return i.Value
			}
		}
		for _, c := range i.Type.Coding {
			if kind != "" && c.Code == kind {
				return i.Value
			}
		}
	}
	return ""
}

// person is the national identifier of a practitioner: 8 and the RPPS number (I109, O136).
func (r *resource) person() string {
	if id := r.ofSystem("IDNPS", "urn:oid:1.2.250.1.71.4.2.1"); id != "" {
		return id
	}
	if rpps := r.ofSystem("RPPS", "https://rpps.esante.gouv.fr", "http://rpps.fr", "http://rpps.esante.gouv.fr"); rpps != "" {
		return "8" + rpps
	}
	return ""
}

// structure is the national identifier of an organization (I109). FINESS has two systems (O136).
func (r *resource) structure() string {
	if id := r.ofSystem("IDNST", "urn:oid:1.2.250.1.71.4.2.2"); id != "" {
		return id
	}
	if finess := r.ofSystem("FINEG", "https://finess.esante.gouv.fr", "http://finess.sante.gouv.fr"); len(finess) == 9 {
		return "1" + finess
	}
	if siret := r.ofSystem("SIRET", "http://sirene.fr", "https://sirene.fr"); len(siret) == 14 {
		return "3" + siret
	}
	return ""
}

// business is what a resource is kept under: technical ids are unstable (I95).
func (r *resource) business() string {
	id := ""
	switch r.Type {
	case practitioner:
		id = r.person()
	case organization:
		id = r.structure()
	case role:
		if len(r.Identifier) > 0 {
			id = r.Identifier[0].Value
		}
	}
	if id == "" {
		return "#" + r.ID
	}
	return id
}

// human is the name of a practitioner, or the exercise name of a role; nil: there is none.
func (r *resource) human() *humanName {
	for _, e := range r.Extension {
		if e.Human != nil && (e.named("as-ext-practitionerrole-name") || e.named("practitionerRole-name")) {
			return e.Human
		}
	}
	var names []humanName
	if json.Unmarshal(r.Name, &names) != nil || len(names) == 0 {
		return nil
	}
	return &names[0]
}

// organizationName is the name of an organization.
func (r *resource) organizationName() string {
	var name string
	if json.Unmarshal(r.Name, &name) != nil {
		return ""
	}
	return name
}
