package oauth

import "net/http"

// Pages draws the pages of the authorization server. Implementations write the whole answer
// (status, content type, content security policy, body) and keep neither w nor r.
type Pages interface {
	// Consent asks the person whether the client may act in their name. The form posts to
	// d.Action with the fields csrf (d.CSRF) and decision (DecisionAllow or DecisionDeny).
	Consent(w http.ResponseWriter, r *http.Request, d ConsentData)

	// Providers lets a professional choose through which provider to log in.
	Providers(w http.ResponseWriter, r *http.Request, d ProvidersData)

	// Exercise asks a professional in which exercise situation he acts from now on. The form posts to d.Action with the
	// fields csrf (d.CSRF), return (d.Return) and exercise (the key of one).
	Exercise(w http.ResponseWriter, r *http.Request, d ExerciseData)

	// Error tells what went wrong with status and a text chosen by d.Code.
	Error(w http.ResponseWriter, r *http.Request, status int, d ErrorData)
}

// The names and values of the form fields of the consent page; csrf is also the field of the
// logout form.
const (
	FieldCSRF     = "csrf"
	FieldDecision = "decision"
	DecisionAllow = "allow"
	DecisionDeny  = "deny"
)

// The field of the logout form by which a person ends every session and every token, and its value.
const (
	FieldScope      = "scope"
	ScopeEverywhere = "everywhere"
)

// ConsentData is what the consent page shows. Everything in it is to be escaped.
type ConsentData struct {
	Client string // registered name of the client
	Person string // name of who is logged in
	Kind   Kind   // Patient or Professional
	// Exercise is the exercise situation that the grant is for, in words; empty: none.
	Exercise string
	// OtherExercise is a path on this host where the person chooses another and comes back; empty: there is none.
	OtherExercise string
	Scopes        []string // what would be granted, protocol scopes included
	Action        string   // URL to post the decision to: path and query on this host
	CSRF          string
	// FormTarget is the origin to which the decision is redirected; browsers want it in the
	// form-action of the page's content security policy.
	FormTarget string
}

// ProvidersData is what the page of providers shows.
type ProvidersData struct {
	National   string           // path of the login through the national provider
	Structures []ProviderChoice // the structures' own
}

// ProviderChoice is the provider of a structure.
type ProviderChoice struct{ Name, Href string }

// ExerciseData is what the page of exercises shows. Everything in it is to be escaped.
type ExerciseData struct {
	Person    string
	Exercises []Exercise // two at least
	Chosen    string     // key of the present one; empty: none yet
	Missing   bool       // the form came back without a choice
	Action    string
	Return    string
	CSRF      string
}

// ErrorData is what the error page shows.
type ErrorData struct {
	Code ErrorCode
	// Retry is a path on this host where the person may begin again; empty when there is none.
	Retry string
}

// ErrorCode is the reason for an error page, from a closed list.
type ErrorCode string

// The reasons for an error page.
const (
	RequestInvalid  ErrorCode = "invalid-request"         // 400: a client sent a wrong request; its author must act
	LoginExpired    ErrorCode = "login-expired"           // 400: too late, used twice or begun in another browser
	LoginCancelled  ErrorCode = "login-cancelled"         // 403: the person gave up at the provider
	LoginFailed     ErrorCode = "login-failed"            // 403: the provider's answer could not be accepted
	AssuranceTooLow ErrorCode = "assurance-too-low"       // 403: the login is not strong enough (I22, I71)
	PersonUnknown   ErrorCode = "person-unknown"          // 403: logged in, but not admitted here
	NotListed       ErrorCode = "not-listed"              // 403: the structure knows the person and lets him not in here (D26)
	FormExpired     ErrorCode = "form-expired"            // 403: the form's CSRF token is not this session's
	NotFound        ErrorCode = "not-found"               // 404
	TooMany         ErrorCode = "rate-limited"            // 429: too many logins from one source
	Unavailable     ErrorCode = "temporarily-unavailable" // 503: the provider or our store does not answer
)
