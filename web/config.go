package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
	_ "time/tzdata" // dates are shown in Paris time, also where the system has no zone files

	"github.com/prometheus/client_golang/prometheus"
)

// Config are the settings of the border.
type Config struct {
	Brand             string        // name of the service on the pages; default "Messagerie de santé"
	Demo              bool          // pages say that people are fictitious (D26)
	Secure            bool          // browsers reach us by TLS: HSTS is sent
	SessionCookie     string        // name of the cookie that holds the session
	PatientLogin      string        // text of the login button; default "S’identifier"
	ProfessionalLogin string        // text of the login button; default "S’identifier"
	Structures        []LoginChoice // structures whose own provider lets their staff in (D26)
	LinkCookie        string        // name of the cookie that names a login that is to be linked
	PublicURL         string        // address under which patients reach us, for a sheet of paper
	// SessionIdle is how long a session lives without activity; the reply form warns of it (I219). 0: no
	// warning.
	SessionIdle     time.Duration
	FormTargets     []string // origins that a form of ours may be redirected to: the providers, at logout
	Contact         string   // e-mail address on the accessibility statement (I216); empty: none is given
	CheckINSKey     bool     // D20
	MaxReplyBytes   int64    // a patient's whole message as it leaves, in octets (D19)
	MaxMessageBytes int64    // a professional's whole message, in octets; default 26 214 400 (D19)
	APIPerMinute    int      // calls of the API that one caller may make in a minute; 0: any number
	MutualTLSPaths  []string // what ListenMutualTLS serves beside the API
	PlainWebhooks   bool     // receivers of events may be called by http; the demonstration's are on this machine
	Key             []byte   // 32 octets: names callers and seals answers that Idempotency keeps
}

// LoginChoice is a provider through which people may log in.
type LoginChoice struct {
	Name string // of the structure
	Href string // path on this host where the login begins
}

// Deps are what the border stands on; all are required but those that say so.
type Deps struct {
	Conversations Conversations
	Authenticator Authenticator
	Directory     Directory
	Idempotency   Idempotency
	Calls         Calls // required with a limit of calls
	Linking       Linking
	Addresses     Addresses    // nil: none is known but what patients chose on their page
	OAuth         http.Handler // serves /oauth/ and /.well-known/openid-configuration
	Ready         func(ctx context.Context) error
	Metrics       prometheus.Registerer
	Log           *slog.Logger
	Now           func() time.Time
}

// Defaults.
const (
	defaultBrand      = "Messagerie de santé"
	defaultLogin      = "S’identifier"
	defaultMaxMessage = 26_214_400 // octets (D19)
	keyBytes          = 32
)

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.Brand == "" {
		c.Brand = defaultBrand
	}
	if c.PatientLogin == "" {
		c.PatientLogin = defaultLogin
	}
	if c.ProfessionalLogin == "" {
		c.ProfessionalLogin = defaultLogin
	}
	if c.MaxMessageBytes == 0 {
		c.MaxMessageBytes = defaultMaxMessage
	}
	return c
}

// check reports all faults at once.
func check(c Config, d Deps) error {
	var faults []error
	need := func(ok bool, text string) {
		if !ok {
			faults = append(faults, errors.New(text))
		}
	}
	need(c.SessionCookie != "", "the name of the session cookie is missing")
	need(len(c.Key) == keyBytes, "the key must have 32 octets")
	need(c.MaxReplyBytes > 0, "the size limit of replies is missing")
	need(c.APIPerMinute >= 0, "the limit of calls is negative")
	need(c.APIPerMinute <= 0 || d.Calls != nil, "the counter of calls is missing")
	need(d.Conversations != nil, "the conversations are missing")
	need(d.Authenticator != nil, "the authenticator is missing")
	need(d.Directory != nil, "the directory is missing")
	need(d.Linking != nil && c.LinkCookie != "", "the logins that are to be linked are missing")
	need(d.Idempotency != nil, "the store of answers is missing")
	need(d.OAuth != nil, "the OAuth handler is missing")
	need(d.Ready != nil, "the readiness check is missing")
	need(d.Metrics != nil, "the metrics registry is missing")
	need(d.Log != nil, "the log is missing")
	need(d.Now != nil, "the clock is missing")
	return errors.Join(faults...)
}
