package conversations

import (
	"mesbridge/rules"
)

// PatientID names a patient: a keyed hash of the INS, 32 lower-case hexadecimal digits. Its first two
// are the patient's shard.
type PatientID string

// Shard returns the shard of the patient, two hexadecimal digits; "" when p has not that form, which no
// store and no journal has.
func (p PatientID) Shard() string {
	if len(p) < 2 {
		return ""
	}
	return string(p[:2])
}

// ID is an outside identifier of a conversation, message, attachment, exchange or contact. It is
// random, safe in a URL, starts with the shard of its patient (two hexadecimal digits), and says
// nothing else.
type ID string

// Shard returns the shard of the patient that the id belongs to, or "" when id has not that form.
func (id ID) Shard() string {
	if len(id) < 3 || !isHex(id[0]) || !isHex(id[1]) {
		return ""
	}
	return string(id[:2])
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }

// Conversation and Message return the id under the name that rules gives it.
func (id ID) Conversation() rules.ConversationID { return rules.ConversationID(id) }

// Message returns the id under the name that rules gives to messages.
func (id ID) Message() rules.MessageKey { return rules.MessageKey(id) }

// ActorKind is the kind of whoever acts (I187).
type ActorKind string

// Kinds of actor.
const (
	ActorPatient        ActorKind = "patient"
	ActorRepresentative ActorKind = "representative" // acts for the patient by law (D28)
	ActorCaregiver      ActorKind = "caregiver"      // acts for the patient by his wish (D28)
	ActorProfessional   ActorKind = "professional"
	ActorClinic         ActorKind = "application"
	ActorOperator       ActorKind = "operator" // another operator's server, by its certificate
	ActorAgent          ActorKind = "admin"    // a named agent of this bridge's operator (O154)
	ActorSystem         ActorKind = "system"
)

// Actor is the person or the named application to whom an act is traced. ID is the national person
// identifier, the FINESS, the certificate's DN or the patient id; it is sealed before it is stored.
type Actor struct {
	Kind ActorKind
	ID   string
	Name string
	// Exercise is the exercise situation that a professional chose for his session, in words (I46).
	Exercise string `cbor:",omitempty"`
	// Under names those under whose responsibility he acts; it is filled in where an act is traced (D27).
	Under string `cbor:",omitempty"`
}
