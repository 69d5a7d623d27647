package page

// Accessibility is the accessibility statement (I216).
type Accessibility struct{}

func (Accessibility) title() string    { return "Accessibilité\u00a0: non conforme" }
func (Accessibility) template() string { return "accessibility" }

// Trouble is a page that says what went wrong and what to do next.
type Trouble struct {
	Heading   string
	What      string
	Given     string // what he had named, for him to check; empty: nothing
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
	Exercise    string   // exercise situation that it is asked for; empty: none
	// OtherExercise is where the person chooses another one and comes back; empty: there is none.
	OtherExercise string
	Action        string // where the decision is posted to
	CSRF          string
}

func (p Consent) title() string  { return "Autoriser " + p.Application }
func (Consent) template() string { return "consent" }

// LoginChoice is the provider of a structure.
type LoginChoice struct{ Name, Href string }

// Providers lets a professional choose how to log in (D26).
type Providers struct {
	National   string
	Structures []LoginChoice
}

func (Providers) title() string    { return "S’identifier comme professionnel" }
func (Providers) template() string { return "providers" }

// Exercise asks a professional in which exercise situation he acts (I46).
type Exercise struct {
	Person    string
	Exercises []ExerciseChoice
	Chosen    string // key of the present one
	Missing   bool   // the form came back without a choice
	Action    string
	Return    string
	CSRF      string
}

// ExerciseChoice is one situation.
type ExerciseChoice struct{ Key, Name string }

func (p Exercise) title() string {
	if p.Missing {
		return "Erreur" + nbsp + ": choisir votre exercice"
	}
	return "Choisir votre exercice"
}
func (Exercise) template() string { return "exercise" }
