package conversations

import (
	"slices"
	"time"

	"mesbridge/rules"
)

// build turns a decision into what the store writes.
func (l *loaded) build(op string, d *decision) (Commit, error) {
	change := d.verdict.Change
	before := l.sight(change)
	rules.Apply(&l.state, change)
	d.told = slices.Concat(d.told, rules.Told(change, d.project, before.at, l.sight(change).at), l.reopened(change))
	c := Commit{
		Version: l.facts.Version, Operation: op, Answer: d.answer, Records: d.records, IDs: d.newIDs, Now: change.At,
		Inbox: map[ID]time.Time{}, Gone: d.gone,
	}
	l.buildPatient(&c, d)
	if change.Bytes != 0 {
		c.Records = append(c.Records, l.storageRecord())
	}
	for _, m := range l.touched(change) {
		if _, known := l.exchange[m]; !known {
			c.IDs = append(c.IDs, l.svc.exchangeID(l.id, m))
		}
		c.Records = append(c.Records, l.exchangeRecord(m, d))
	}
	if change.Conversation != "" && writesThread(change.Kind) {
		c.Records = append(c.Records, l.threadRecord(ID(change.Conversation), d.thread))
		if !d.cursor.IsZero() {
			c.Inbox[ID(change.Conversation)] = d.cursor
		}
	}
	for _, id := range d.others {
		c.Records = append(c.Records, l.threadRecord(id, nil))
	}
	effects, err := l.effects(d)
	if err != nil {
		return Commit{}, err
	}
	c.Effects = effects
	c.Entry = l.entry(c, d)
	return c, nil
}

// buildPatient writes the patient's own record when the change touches it.
func (l *loaded) buildPatient(c *Commit, d *decision) {
	switch change := d.verdict.Change; change.Kind {
	case rules.BlockSet, rules.BlockLifted, rules.AccountChanged, rules.TermsAccepted, rules.MinorityNoted, rules.LifeNoted:
		l.patient.set(l.state.Patient)
		l.rename(d.join)
		l.sealBlocks(d.labels)
	case rules.DelegateInvited, rules.DelegateAccepted, rules.DelegateRefused, rules.DelegateDeclared, rules.DelegateEnded, rules.DelegateRestored:
		l.sealDelegations(change.Delegation.ID, d.delegate)
	case rules.ProfileNoted:
		l.patient.Profiles, l.patient.Claims = d.profiles, d.claims
	case rules.EnrolmentMade, rules.EnrolmentEnded, rules.EnrolmentRefused, rules.SubjectBound, rules.SubjectUnbound:
		l.patient.set(l.state.Patient)
		l.sealEnrolments(d)
	case rules.VisitOpened, rules.VisitClosed:
		l.patient.set(l.state.Patient)
	case rules.ObjectionSet, rules.ObjectionLifted:
		l.sealObjections()
	case rules.OppositionRecorded:
		l.sealOpposition(change.Opposition, d.about)
	case rules.AccountErased:
		l.patient = patientRecord{Account: rules.Purged, Since: toMillis(change.At)}
		c.Erase = true
	case rules.ConversationDeleted, rules.ConversationPurged:
		l.patient.Trash = l.trash(change)
	case rules.MatriculeJoined, rules.SubjectNoted:
		l.leadTo(d.join)
	case rules.MessageReceived, rules.MessageRefused, rules.ReplySent, rules.ExchangeEnded, rules.ConversationEnded,
		rules.DocumentSaved, rules.DocumentDeleted, rules.ClosingAnnounced, rules.VerdictAsked,
		rules.DeliverySettled, rules.ReportReceived, rules.ConversationOpened, rules.ReceiptSent, rules.EndPlanned, rules.EndKept:
		return
	}
	c.Patient = pack(l.patient)
}
