package conversations

import (
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// patient returns what rules know of the record.
func (r patientRecord) patient() rules.Patient {
	p := rules.Patient{
		Account: r.Account,
		Since:   r.Since.time(),
		Before:  r.Before,
		Deaths:  r.deaths(),

		MinorUntil: r.MinorUntil.time(), Delegations: r.delegations(),
		Blocks: lo.Map(r.Blocks, func(b blockRecord, _ int) rules.PersonBlock {
			return rules.PersonBlock{Mailbox: rules.MailboxID(b.Mailbox), Person: rules.PersonID(b.Person), At: b.At.time(), Until: b.Until.time()}
		}),
		Oppositions: lo.Map(r.Oppositions, func(o oppositionRecord, _ int) rules.RecordedOpposition {
			return rules.RecordedOpposition{
				Mailbox: rules.MailboxID(o.Mailbox), Structure: rules.StructureID(o.Structure),
				ToPatient: o.ToPatient, ToProfessionals: o.ToProfessionals, At: o.At.time(),
			}
		}),
	}
	r.enrolment(&p)
	if r.Guarded != nil {
		p.Guarded = rules.Guardianship{Since: r.Guarded.Since.time(), Until: r.Guarded.Until.time()}
	}
	if r.Terms != nil {
		p.Terms = rules.Terms{Version: r.Terms.Version, Hash: r.Terms.Hash, At: r.Terms.At.time()}
	}
	return p
}

// deaths lists who told of the patient's death. The first form of the record did not note the visit, and only
// the event of life takes that back.
func (r patientRecord) deaths() (by []rules.VisitID) {
	if r.Died {
		by = append(by, rules.DeathTold)
	}
	return append(by, lo.Map(r.Deaths, func(v hexID, _ int) rules.VisitID { return rules.VisitID(v) })...)
}

// set takes over what rules decided, but for what is sealed: objections and oppositions.
func (r *patientRecord) set(p rules.Patient) {
	r.MinorUntil = toMillis(p.MinorUntil)
	r.Account, r.Since, r.Before, r.Died = p.Account, toMillis(p.Since), p.Before, slices.Contains(p.Deaths, rules.DeathTold)
	r.Deaths = lo.FilterMap(p.Deaths, func(v rules.VisitID, _ int) (hexID, bool) { return hexID(v), v != rules.DeathTold })
	r.Guarded = nil
	if p.Guarded != (rules.Guardianship{}) {
		r.Guarded = &guardedRecord{Since: toMillis(p.Guarded.Since), Until: toMillis(p.Guarded.Until)}
	}
	if p.Terms.Version != "" {
		r.Terms = &termsRecord{Version: p.Terms.Version, Hash: p.Terms.Hash, At: toMillis(p.Terms.At)}
	}
	sealed := lo.SliceToMap(r.Blocks, func(b blockRecord) (hexID, []byte) { return b.Mailbox, b.Sealed })
	r.Blocks = lo.Map(p.Blocks, func(b rules.PersonBlock, _ int) blockRecord {
		m := hexID(b.Mailbox)
		return blockRecord{Mailbox: m, Person: hexID(b.Person), At: toMillis(b.At), Until: toMillis(b.Until), Sealed: sealed[m]}
	})
}

// exchange returns what rules know of the record.
func (r exchangeRecord) exchange(m rules.MailboxID) rules.Exchange {
	return rules.Exchange{
		Mailbox: m, Since: r.Since.time(), LastAt: r.LastAt.time(), Written: r.Written, Granted: r.Granted,
		Horizon: r.Horizon, EndedAt: r.EndedAt.time(), EndedHow: r.EndedHow, Until: r.Until.time(), Awaiting: r.Awaiting,
		Plan: rules.Plan{At: r.EndsAt.time(), Crossed: r.Crossed},
	}
}

// set takes over what rules decided.
func (r *exchangeRecord) set(e rules.Exchange) {
	r.Since, r.LastAt, r.Written, r.Granted = toMillis(e.Since), toMillis(e.LastAt), e.Written, e.Granted
	r.Horizon, r.EndedAt, r.EndedHow = e.Horizon, toMillis(e.EndedAt), e.EndedHow
	r.Until, r.Awaiting = toMillis(e.Until), e.Awaiting
	r.EndsAt, r.Crossed = toMillis(e.Plan.At), e.Plan.Crossed
}

// conversation returns what rules know of the record.
func (r threadRecord) conversation(id ID) rules.Conversation {
	c := rules.Conversation{
		ID: id.Conversation(), LastAt: r.LastAt.time(), LastPatient: r.LastPatient, Deleted: r.Deleted, Touched: r.Touched, Closing: r.Closing.closing(),
		Voices: lo.Map(r.Voices, func(v voiceRecord, _ int) rules.Voice {
			replyTo := mailboxIDs(v.ReplyTo)
			if len(replyTo) == 0 {
				replyTo = []rules.MailboxID{rules.MailboxID(v.From)}
			}
			return rules.Voice{
				Message: messageID(id, v.Message).Message(), Seq: v.Seq, From: rules.MailboxID(v.From),
				ReplyTo: replyTo, With: mailboxIDs(v.With), Fin: v.Fin,
			}
		}),
		Ends: lo.Map(r.Ends, func(e endRecord, _ int) rules.End {
			return rules.End{By: rules.MailboxID(e.By), Seq: e.Seq, At: e.At.time(), How: e.How, Of: e.Of}
		}),
	}
	if r.Visit != nil {
		c.Visit, c.Boxes = rules.VisitID(r.Visit.Visit), mailboxIDs(r.Visit.Boxes)
	}
	return c
}

// set takes over what rules decided.
func (r *threadRecord) set(c rules.Conversation) {
	r.LastAt, r.LastPatient, r.Deleted = toMillis(c.LastAt), c.LastPatient, c.Deleted
	r.Touched, r.Closing = c.Touched, closingRecordOf(c.Closing)
	if c.Visit != "" {
		r.Visit = &visitRecord{Visit: hexID(c.Visit), Boxes: hexIDs(c.Boxes)}
	}
	r.Voices = lo.Map(c.Voices, func(v rules.Voice, _ int) voiceRecord {
		rec := voiceRecord{Message: messageNumber(ID(v.Message)), Seq: v.Seq, From: hexID(v.From), With: hexIDs(v.With), Fin: v.Fin}
		if len(v.ReplyTo) != 1 || v.ReplyTo[0] != v.From {
			rec.ReplyTo = hexIDs(v.ReplyTo)
		}
		return rec
	})
	r.Ends = lo.Map(c.Ends, func(e rules.End, _ int) endRecord {
		return endRecord{By: hexID(e.By), Seq: e.Seq, At: toMillis(e.At), How: e.How, Of: e.Of}
	})
}

func mailboxIDs(ids []hexID) []rules.MailboxID {
	return lo.Map(ids, func(h hexID, _ int) rules.MailboxID { return rules.MailboxID(h) })
}

func hexIDs(ids []rules.MailboxID) []hexID {
	return lo.Map(ids, func(m rules.MailboxID, _ int) hexID { return hexID(m) })
}

// messageNumber returns the number of a message in its conversation.
func messageNumber(id ID) int {
	n, err := strconv.Atoi(string(id[strings.LastIndexByte(string(id), '.')+1:]))
	if err != nil {
		return 0
	}
	return n
}
