package oauth

import (
	"errors"
	"log/slog"
	"slices"
)

// Kind says what sort of caller an Identity is. The texts are stored, never reworded.
type Kind string

// The kinds of callers. Patient and Professional are natural persons who log in through an OpenID
// provider; they are also the names of the two providers in URLs.
const (
	Patient      Kind = "patient"      // reads and answers own messages
	Professional Kind = "professional" // acts for mailboxes, with the rights that web checks
	Application  Kind = "application"  // a structure's system, bound to its FINESS (I57)
)

// Identity is who stands behind a token or a session (I247).
type Identity struct {
	Kind Kind `json:"kind"`
	// Subject is an opaque id for a patient, the national id for a professional (I29, I30) and
	// the client id for an application. It is personal: never log it.
	Subject string `json:"subject"`
	// Name is how pages greet the person. It is personal: never log it.
	Name string `json:"name"`
	// ACR is the level of the login, "eidas1" to "eidas3" (I22); empty for applications.
	ACR string `json:"acr,omitempty"`
	// FINESS is the only structure that an application may act for, and a person whom that structure's own
	// provider vouches for (D26); empty for everybody else.
	FINESS string `json:"finess,omitempty"`
	// Provider is the key of the structure's provider that vouches for the person; empty for a national one.
	Provider string `json:"provider,omitempty"`
	// Exercise is the exercise situation a professional chose for this session (I46): the key of an Exercise.
	Exercise string `json:"exercise,omitempty"`
	// ExerciseName is that situation in words; it may be empty where only the key is known.
	ExerciseName string `json:"exerciseName,omitempty"`
	// Exercises are those to choose from. A session with several and none chosen is not open yet. Grants do not
	// carry them.
	Exercises []Exercise `json:"exercises,omitempty"`
	// NoExercise says that the provider knows of no exercise: the person acts only for mailboxes whose
	// responsible person listed him (I40, D27).
	NoExercise bool `json:"noExercise,omitempty"`
	// Scopes are what this token or session allows, protocol scopes such as openid left out.
	Scopes []string `json:"scopes,omitempty"`
}

// Has reports whether the identity was given scope.
func (i Identity) Has(scope string) bool { return slices.Contains(i.Scopes, scope) }

// String hides everything personal, so that an identity printed by mistake tells only its kind.
func (i Identity) String() string { return string(i.Kind) }

// LogValue does for slog what String does for fmt.
func (i Identity) LogValue() slog.Value { return slog.StringValue(string(i.Kind)) }

// The errors that callers tell apart. Everything else is a fault of ours.
var (
	// ErrUnauthenticated means that the token or cookie is unknown, ended, expired, unreadable or
	// never was ours. Callers ask the person to log in again; they learn no more than that.
	ErrUnauthenticated = errors.New("not authenticated")

	// ErrUnavailable means that Redis or the list of clients did not answer. Callers answer 503
	// and keep the cookie: nothing is said about its validity.
	ErrUnavailable = errors.New("authorization state is unavailable")

	// ErrUnknownPerson is for a Resolver: the provider vouches for a person whom the bridge does
	// not know or does not admit.
	ErrUnknownPerson = errors.New("person is not known here")

	// ErrUnknownClient is for a Clients: no client has this id, or it was withdrawn.
	ErrUnknownClient = errors.New("client is not registered")

	// ErrNoShortCuts means that the server was built without Config.ShortCuts.
	ErrNoShortCuts = errors.New("short-cut tokens are switched off")
)
