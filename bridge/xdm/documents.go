package xdm

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// Integrity tells whether the bytes of a document are those that METADATA.XML announces.
type Integrity string

// Integrities.
const (
	Unverified Integrity = "unverified" // nothing is announced: a CDA by itself, or metadata without hash
	Verified   Integrity = "verified"
	Altered    Integrity = "altered" // size or SHA-1 differs; nothing that it embeds is offered
	Missing    Integrity = "missing" // the archive has no such file, or it cannot be expanded
)

// Document is one health document of an attachment.
type Document struct {
	Entry     *Entry // what METADATA.XML says; nil for a CDA by itself
	CDA       *CDA   // what its own header says; nil when it is no CDA that can be read
	Broken    bool   // it is a CDA whose header cannot be read, in whole or in part
	Bytes     int64
	Integrity Integrity
	Media     []Media // what it embeds, or the document itself when it is of a type that can be offered
}

// judge compares a file with what is announced of it.
func (e *Entry) judge(size int64, sum []byte) Integrity {
	switch {
	case e.Size >= 0 && e.Size != size, e.SHA1 != nil && !bytes.Equal(e.SHA1, sum):
		return Altered
	case e.SHA1 == nil:
		return Unverified
	}
	return Verified
}

// Title is the title to show, empty when there is none.
func (d Document) Title() string {
	if d.CDA != nil && d.CDA.Title != "" {
		return d.CDA.Title
	}
	if d.Entry != nil {
		return d.Entry.Title
	}
	return ""
}

// Code is the kind of the document: what its header says, else its metadata.
func (d Document) Code() Code {
	if d.CDA != nil && d.CDA.Code.Code != "" {
		return d.CDA.Code
	}
	if d.Entry == nil {
		return Code{}
	}
	if d.Entry.Type.Code != "" {
		return d.Entry.Type
	}
	return d.Entry.Class
}

// At is when the document was made; zero when nobody tells.
func (d Document) At() time.Time {
	if d.CDA != nil && !d.CDA.At.IsZero() {
		return d.CDA.At
	}
	if d.Entry != nil {
		return d.Entry.At
	}
	return time.Time{}
}

// Author names the authors, and when there is none that can be read, the organisation.
func (d Document) Author() string {
	var all []string
	if d.CDA != nil {
		for _, a := range d.CDA.Authors {
			if s := a.Shown(); s != "" && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	if len(all) == 0 && d.Entry != nil {
		all = append(all, d.Entry.Author)
	}
	return strings.Join(all, ", ")
}

// Organisation is who keeps the document.
func (d Document) Organisation() string {
	if d.CDA != nil && d.CDA.Custodian != "" {
		return d.CDA.Custodian
	}
	if d.Entry != nil {
		return d.Entry.Organisation
	}
	return ""
}

// Confidentiality is the code of HL7 for who may read the document: N, R or V.
func (d Document) Confidentiality() string {
	if d.CDA != nil && len(d.CDA.Confidentiality) > 0 {
		return d.CDA.Confidentiality[0].Code
	}
	if d.Entry != nil && len(d.Entry.Confidentiality) > 0 {
		return d.Entry.Confidentiality[0].Code
	}
	return ""
}
