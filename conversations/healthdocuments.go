package conversations

import (
	"context"
	"errors"
	"slices"

	"mesbridge/rules"
)

// foreignNotice stands above a message that came with another patient's document, which the setting flag of
// D31 lets through.
const foreignNotice = "Un document joint à ce message porte l’identité d’un autre patient. Prévenez le professionnel qui vous l’a envoyé."

// foreign reports whether a health document that comes with the message is another patient's (D31). It reads
// the body, which is durable by now; a body that cannot be read decides nothing and is to be sent again (D17).
func (s *Service) foreign(ctx context.Context, in Incoming) (bool, error) {
	if !in.Documents {
		return false, nil
	}
	key, _, err := s.Keys.Key(ctx, in.Patient)
	if err != nil {
		return false, unavailable("read the data key", err)
	}
	body, err := s.Bodies.Open(ctx, in.Patient, in.Message, key)
	if err != nil {
		return false, unavailable("open a body", err)
	}
	found, err := s.Mail.Matricules(body)
	if err := errors.Join(err, body.Close()); err != nil {
		return false, unavailable("read the documents", err)
	}
	if !s.anotherPatient([]PatientID{in.Patient}, found) {
		return false, nil
	}
	l, err := s.read(ctx, in.Patient, FactsQuery{})
	if err != nil {
		return false, err
	}
	return s.anotherPatient(append(l.aliases(), in.Patient), found), nil
}

// anotherPatient reports whether some place names patients by matricules INS and none of them leads to one of
// own. A person may be named by several: a NIA and the NIR that replaced it (OP17). What has not the form of a
// matricule names nobody (R13).
func (s *Service) anotherPatient(own []PatientID, places [][]string) bool {
	return slices.ContainsFunc(places, func(place []string) bool {
		named := false
		for _, m := range place {
			ins, err := rules.ParseINS(m, s.CheckINSKey)
			if err != nil {
				continue
			}
			if slices.Contains(own, s.PatientID(ins)) {
				return false
			}
			named = true
		}
		return named
	})
}

// documentLine describes a health document of a message.
func documentLine(message ID, d HealthDocument) DocumentLine {
	line := DocumentLine{HealthDocument: d}
	line.HealthDocument.Embedded = nil
	for _, p := range d.Embedded {
		line.Embedded = append(line.Embedded, attachmentLine(message, p))
	}
	return line
}

// part returns the attachment of an index, or the file of that index that a document in one holds.
func (v View) part(index int) (Part, bool) {
	for _, p := range v.Attachments {
		if p.Index == index {
			return p, true
		}
		for _, d := range p.Documents {
			if at := slices.IndexFunc(d.Embedded, func(e Part) bool { return e.Index == index }); at >= 0 {
				return d.Embedded[at], true
			}
		}
	}
	return Part{}, false
}

// renumber gives an attachment, and what its documents hold, ids of another name of the message.
func (a *AttachmentLine) renumber(message ID) {
	_, index, _ := splitAttachment(a.ID)
	a.ID = attachmentID(message, index)
	for _, d := range a.Documents {
		for i := range d.Embedded {
			d.Embedded[i].renumber(message)
		}
	}
}
