package rules

import (
	"slices"
	"time"
)

// OppositionFacts is what [RecordOpposition] needs to know.
type OppositionFacts struct {
	Patient         Patient
	Next            Seq
	By              Correspondent // the mailbox that records
	ToPatient       bool
	ToProfessionals bool
}

// RecordOpposition records, changes or clears what the patient told a professional: that he wants no
// messages by this channel (R144), or none about him to other professionals (R145). Both false clears the
// record of that mailbox. The same again changes nothing.
func RecordOpposition(f OppositionFacts, now time.Time) Verdict {
	o := RecordedOpposition{
		Mailbox: f.By.Mailbox, Structure: f.By.Structure, ToPatient: f.ToPatient, ToProfessionals: f.ToProfessionals, At: now,
	}
	at := slices.IndexFunc(f.Patient.Oppositions, func(r RecordedOpposition) bool { return r.Mailbox == o.Mailbox })
	if at >= 0 && f.Patient.Oppositions[at].says(o) || at < 0 && o.says(RecordedOpposition{}) {
		return Verdict{}
	}
	return Verdict{Change: Change{Kind: OppositionRecorded, Seq: f.Next, At: now, Mailbox: o.Mailbox, Opposition: o}}
}

// says reports whether two records hold the same flags.
func (o RecordedOpposition) says(p RecordedOpposition) bool {
	return o.ToPatient == p.ToPatient && o.ToProfessionals == p.ToProfessionals
}

// OppositionFor returns what is recorded for a mailbox: by itself, or by another one of its structure. The
// opposition is the person's, so that each record of the structure counts (I138, R146).
func (p Patient) OppositionFor(c Correspondent) (o RecordedOpposition, recorded bool) {
	for _, r := range p.Oppositions {
		if r.Mailbox != c.Mailbox && (r.Structure == "" || r.Structure != c.Structure) {
			continue
		}
		if !recorded || r.At.Before(o.At) {
			o.At = r.At
		}
		recorded = true
		o.Mailbox, o.Structure = c.Mailbox, c.Structure
		o.ToPatient, o.ToProfessionals = o.ToPatient || r.ToPatient, o.ToProfessionals || r.ToProfessionals
	}
	return o, recorded
}

// Conscience decides whether a mailbox may write to the patient by the desk or the API although its side
// recorded a refusal (D14 d, R144): by default never; when soft, with an acknowledgement that gives a
// reason, and the refusal then carries rule I140. Mail knows nothing of such records (R146).
func Conscience(p Patient, sender Correspondent, soft, acknowledged bool) Refusal {
	o, recorded := p.OppositionFor(sender)
	return bound(recorded && o.ToPatient, soft, acknowledged)
}

// ConscienceOfCopies decides as [Conscience] does whether a message may also go to other professionals, which the
// patient may have refused by itself (R145).
func ConscienceOfCopies(p Patient, sender Correspondent, soft, acknowledged bool) Refusal {
	o, recorded := p.OppositionFor(sender)
	return bound(recorded && o.ToProfessionals, soft, acknowledged)
}

// bound is what a recorded refusal does (D14 d).
func bound(recorded, soft, acknowledged bool) Refusal {
	switch {
	case !recorded:
		return Refusal{}
	case !soft:
		return Refusal{ObjectionRecorded, "D14"}
	case !acknowledged:
		return Refusal{ObjectionRecorded, "I140"}
	}
	return Refusal{}
}

// record puts o in the place of the record of its mailbox, or drops that when o says nothing.
func (p *Patient) record(o RecordedOpposition) {
	p.Oppositions = slices.DeleteFunc(slices.Clone(p.Oppositions), func(r RecordedOpposition) bool { return r.Mailbox == o.Mailbox })
	if !o.says(RecordedOpposition{}) {
		p.Oppositions = append(p.Oppositions, o)
	}
	if len(p.Oppositions) == 0 {
		p.Oppositions = nil
	}
}
