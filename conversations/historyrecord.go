package conversations

import "mesbridge/rules"

// noteRecord tells in a line what the patient's record says that its act wrote. A part that cannot be opened any more, of
// an account that was erased since, is left out.
func (l *loaded) noteRecord(line *HistoryLine, f entryFrame, record []byte) {
	var r patientRecord
	if len(record) == 0 || unpack(record, &r) != nil {
		return
	}
	line.Account, line.Reopened = r.Account, r.Terms != nil
	switch rules.ChangeKind(f.Kind) { //nolint:exhaustive // the others are told by the frame
	case rules.ObjectionSet:
		line.Objection = l.objectionAt(r, f.At)
	case rules.DelegateInvited, rules.DelegateAccepted, rules.DelegateRefused, rules.DelegateDeclared, rules.DelegateEnded, rules.DelegateRestored:
		line.Whom, line.Invited = l.lastDelegate(r)
	}
}

// objectionAt is the objection that a record says was declared at an instant; nil when it does not tell which.
func (l *loaded) objectionAt(r patientRecord, at millis) *Objection {
	var found []refusalRecord
	for _, o := range r.Refusals {
		if o.At == at {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		return nil
	}
	o, err := l.openObjection(found[0])
	if err != nil {
		return nil
	}
	kind := rules.AgainstMessages
	if found[0].Kind == rules.AgainstExchange {
		kind = rules.AgainstExchange
	}
	d, err := l.objection(rules.Objection{ID: o.ID, Kind: kind, Scope: o.Scope, Value: o.Value, At: o.At})
	if err != nil {
		return nil
	}
	return &d
}

// lastDelegate names whom a change of a delegation was about: the record has the one that changed last. Who may not name
// others is told nothing of them (R133).
func (l *loaded) lastDelegate(r patientRecord) (name string, invited bool) {
	if len(r.Delegates) == 0 || l.may(rules.MayGovern) != nil {
		return "", false
	}
	last := r.Delegates[len(r.Delegates)-1]
	label, err := l.openDelegate(last)
	if err != nil {
		return "", false
	}
	return label.Name, last.Since == 0
}
