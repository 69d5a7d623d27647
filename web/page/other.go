package page

// Accessibility is the accessibility statement (I216).
type Accessibility struct{}

func (Accessibility) title() string    { return "Accessibilité : non conforme" }
func (Accessibility) template() string { return "accessibility" }

// Trouble is a page that says what went wrong and what to do next.
type Trouble struct {
	Heading   string
	What      string
	Next      []Step
	Text      string // what the visitor had written, to copy; empty when nothing is lost
	Reference string // request id, for whoever is asked for help
}

// Step is one thing to do next. Href is a path on this host, or empty for advice alone.
type Step struct{ Text, Href string }

func (p Trouble) title() string  { return p.Heading }
func (Trouble) template() string { return "trouble" }

// Consent asks a person whether an application may act for him.
type Consent struct {
	Application string
	Person      string
	Rights      []string // in French
	Action      string   // where the decision is posted to
	CSRF        string
}

func (p Consent) title() string  { return "Autoriser " + p.Application }
func (Consent) template() string { return "consent" }
