package conversations

import (
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// delegateRecord is one delegation in the patient's record: who may act for him. Permission is decided from
// this alone (D17).
type delegateRecord struct {
	ID      ID                    `cbor:"1,keyasint"`
	Person  hexID                 `cbor:"2,keyasint,omitempty"` // patient id of who acts; absent while an invitation waits
	Kind    rules.DelegationKind  `cbor:"3,keyasint"`
	Scope   rules.DelegationScope `cbor:"4,keyasint,omitempty"`
	State   rules.DelegationState `cbor:"5,keyasint"`
	At      millis                `cbor:"6,keyasint"`
	Expires millis                `cbor:"7,keyasint,omitempty"`
	Since   millis                `cbor:"8,keyasint,omitempty"`
	Until   millis                `cbor:"9,keyasint,omitempty"`
	EndedAt millis                `cbor:"10,keyasint,omitempty"`
	EndedBy rules.Party           `cbor:"11,keyasint,omitempty"`
	Sealed  []byte                `cbor:"12,keyasint"` // delegateLabel
}

// delegateLabel is what names in a delegation.
type delegateLabel struct {
	Name string `cbor:"1,keyasint"`           // of who acts; before, what the patient called him
	Code string `cbor:"2,keyasint,omitempty"` // of an invitation
}

// placeDelegate is where the sealed part of a delegation stands in the patient's record.
func placeDelegate(id ID) string { return "delegate/" + string(id) }

// delegations returns what rules know of the record's delegations.
func (r patientRecord) delegations() []rules.Delegation {
	return lo.Map(r.Delegates, func(d delegateRecord, _ int) rules.Delegation {
		return rules.Delegation{
			ID: rules.DelegationID(d.ID), Person: rules.DelegateID(d.Person), Kind: d.Kind, Scope: d.Scope, State: d.State,
			At: d.At.time(), Expires: d.Expires.time(), Since: d.Since.time(), Until: d.Until.time(),
			EndedAt: d.EndedAt.time(), EndedBy: d.EndedBy,
		}
	})
}

// sealDelegations takes over what rules decided about delegations; label names the one that changed.
func (l *loaded) sealDelegations(changed rules.DelegationID, label *delegateLabel) {
	sealed := lo.SliceToMap(l.patient.Delegates, func(d delegateRecord) (ID, []byte) { return d.ID, d.Sealed })
	l.patient.Delegates = lo.Map(l.state.Patient.Delegations, func(d rules.Delegation, _ int) delegateRecord {
		id := ID(d.ID)
		if d.ID == changed && label != nil {
			sealed[id] = l.vault.seal(tablePatient, placeDelegate(id), *label)
		}
		return delegateRecord{
			ID: id, Person: hexID(d.Person), Kind: d.Kind, Scope: d.Scope, State: d.State, At: toMillis(d.At), Expires: toMillis(d.Expires),
			Since: toMillis(d.Since), Until: toMillis(d.Until), EndedAt: toMillis(d.EndedAt), EndedBy: d.EndedBy, Sealed: sealed[id],
		}
	})
}

// delegateLabel opens what names in a delegation.
func (l *loaded) delegateLabel(id ID) (delegateLabel, error) {
	d, found := lo.Find(l.patient.Delegates, func(d delegateRecord) bool { return d.ID == id })
	if !found {
		return delegateLabel{}, &Error{Kind: KindNotFound, Rule: "R128"}
	}
	label, err := l.openDelegate(d)
	if err != nil {
		return delegateLabel{}, unavailable("open a delegation", err)
	}
	return label, nil
}

// openDelegate opens what names in a delegation of a patient's record.
func (l *loaded) openDelegate(d delegateRecord) (label delegateLabel, err error) {
	err = l.vault.open(tablePatient, placeDelegate(d.ID), d.Sealed, &label)
	return label, err
}

// DelegateLine is one delegation as the patient's side sees it.
type DelegateLine struct {
	ID      ID
	Name    string
	Kind    rules.DelegationKind
	Scope   rules.DelegationScope
	State   rules.DelegationState // as it stands now
	Code    string                // of an invitation that waits, for whoever may give it away
	At      time.Time
	Expires time.Time // of an invitation that waits
	Since   time.Time
	Until   time.Time
	EndedAt time.Time
	EndedBy rules.Party
	May     []DelegateAct // what the viewer may do with it now
}

// DelegateAct is what one may do with a delegation.
type DelegateAct string

// Acts.
const (
	ActEnd     DelegateAct = "end"
	ActRestore DelegateAct = "restore"
)
