package bridge

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"mesbridge/bridge/delivery"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// recipient is a patient who takes the message.
type recipient struct {
	ins     rules.INS
	patient conversations.PatientID
	receipt conversations.Receipt
}

// missed is a recipient whom the message does not reach, which the sender is told by a report (setting
// mes of D18), or after DATA when it reaches nobody else (setting data).
type missed struct {
	address conversations.Address // as it was written
	ins     rules.INS             // empty: the address is none of a patient
	receipt conversations.Receipt
	refusal error
}

// Local parts that are no matricule (O97, D30), with [LocalTrial].
const (
	localPostmaster = "postmaster" // RFC 5321 section 4.5.1
	localAbuse      = "abuse"      // RFC 2142
	localNoReply    = delivery.LocalNoReply
)

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, o *smtp.RcptOptions) error {
	s.conn.batch()
	began := s.server.Now()
	s.mu.Lock()
	tx := s.tx
	s.mu.Unlock()
	if tx == nil {
		return s.refuse("recipient", "", reasonSequence)
	}
	if err := s.add(tx, to, o); err != nil {
		s.level(began, err)
		return s.refuse("recipient", tx.sender.Domain, err)
	}
	return nil
}

// add decides on one recipient. The same twice counts once, also by two matricules of one person (OP17).
func (s *session) add(tx *transaction, to string, o *smtp.RcptOptions) error {
	if err := s.allowed(); err != nil {
		return err
	}
	if tx.recipients() >= s.server.MaxRecipients && !tx.has(to) {
		return reasonManyRecipients
	}
	local, err := s.server.served(to)
	if err != nil {
		return err
	}
	switch local {
	case localPostmaster, localAbuse:
		tx.office = true
		return nil
	case localNoReply:
		if !tx.sender.IsZero() {
			return reasonNoReply
		}
		tx.noReply = true
		return nil
	case LocalTrial:
		tx.trial = true
		return nil
	}
	if err := s.unsuspected(tx); err != nil {
		return err
	}
	found, err := s.find(tx, to)
	if err != nil {
		return s.miss(tx, to, found.ins, o, err)
	}
	if !slices.ContainsFunc(tx.to, func(r recipient) bool { return r.patient == found.patient }) {
		found.receipt = tx.receipt(o)
		tx.to = append(tx.to, found)
	}
	return nil
}

// find asks for the patient's mailbox. It returns the matricule also when that takes no mail.
func (s *session) find(tx *transaction, to string) (recipient, error) {
	ins, err := s.server.citizen(to, s.conn.path())
	if err != nil {
		return recipient{}, err
	}
	ctx, cancel := s.server.asking()
	defer cancel()
	patient, err := s.server.Inbox.Recipient(ctx, ins, tx.sender)
	s.server.watch.asked(s.who(tx), ins, err != nil && levelled(err), s.server.Now())
	return recipient{ins: ins, patient: patient}, err
}

// miss refuses a recipient; or keeps him, so that the sender is told after the message was accepted
// (setting mes of D18), or read (setting data). Who has no reverse-path can only be told in the dialogue (R47).
func (s *session) miss(tx *transaction, to string, ins rules.INS, o *smtp.RcptOptions, refusal error) error {
	if tx.sender.IsZero() || !s.server.Bounces.later(refusal) {
		return refusal
	}
	local, domain := splitAddress(to)
	address := conversations.Address{Local: local, Domain: strings.ToLower(domain)}
	if a, err := rules.ParseAddress(to); err == nil {
		address = a
	} else if address.Local, err = quoted(local); err != nil {
		return refusal
	}
	if !slices.ContainsFunc(tx.missed, func(m missed) bool { return m.address.Canonical() == address.Canonical() }) {
		tx.missed = append(tx.missed, missed{address: address, ins: ins, receipt: tx.receipt(o), refusal: refusal})
	}
	return nil
}

// later reports whether a refusal is not told at RCPT.
func (b Bounces) later(refusal error) bool {
	switch b {
	case BouncesMES:
		return reportable(refusal)
	case BouncesAfterData:
		return kindOf(refusal) == conversations.KindUnreachable
	case BouncesDialogue:
	}
	return false
}

// reportable reports whether a refusal is one of those that Mon espace santé tells by a report (R44).
func reportable(refusal error) bool {
	switch kindOf(refusal) { //nolint:exhaustive // the others are told in the dialogue
	case conversations.KindMailboxUnknown, conversations.KindUnreachable, conversations.KindINSInvalid:
		return true
	}
	return false
}

// kindOf gives the kind of a refusal at RCPT.
func kindOf(refusal error) conversations.Kind {
	if errors.Is(refusal, reasonRecipientSyntax) {
		return conversations.KindINSInvalid
	}
	return conversations.KindOf(refusal)
}

// levelled reports whether a refusal is of a class of D36.
func levelled(err error) bool {
	k := conversations.KindOf(err)
	return k == conversations.KindUnreachable || k == conversations.KindMailboxUnknown
}

// level waits after a refusal of D36 until a whole number of steps has passed since the command began, so
// that the members of a class cannot be told apart by their delay. Only this peer waits.
func (s *session) level(began time.Time, err error) {
	if !levelled(err) {
		return
	}
	step := s.server.RefusalStep
	s.server.Pause(s.server.base, step-s.server.Now().Sub(began)%step)
}

// unsuspected refuses for the time being a sender who tries out which patients have a mailbox (D18).
func (s *session) unsuspected(tx *transaction) error {
	stopped, alarm := s.server.watch.stopped(s.who(tx), s.server.Now())
	if alarm {
		s.alarm(reasonEnumeration, "D18", tx.sender.Domain)
	}
	if stopped {
		return reasonEnumeration
	}
	return nil
}

// who names the sender of a transaction, for counting.
func (s *session) who(tx *transaction) string {
	if tx.sender.IsZero() {
		return string(s.conn.peer.DN)
	}
	return tx.sender.Canonical()
}

// recipients counts whom a transaction names.
func (tx *transaction) recipients() int { return len(tx.to) + len(tx.missed) }

// has reports whether a transaction names a patient already.
func (tx *transaction) has(to string) bool {
	local, _ := splitAddress(to)
	return slices.ContainsFunc(tx.to, func(r recipient) bool { return strings.EqualFold(string(r.ins), local) })
}

// receipt reads what the sender wants to be told (RFC 3461). Nobody can be told behind a null
// reverse-path.
func (tx *transaction) receipt(o *smtp.RcptOptions) conversations.Receipt {
	r := conversations.Receipt{
		Success: !tx.sender.IsZero() && slices.Contains(o.Notify, smtp.DSNNotifySuccess), EnvID: tx.envID, Full: tx.full,
		Silent: len(o.Notify) > 0 && !slices.Contains(o.Notify, smtp.DSNNotifyFailure),
	}
	if o.OriginalRecipient != "" {
		r.ORcpt = string(o.OriginalRecipientType) + ";" + o.OriginalRecipient
	}
	return r
}
