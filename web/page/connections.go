package page

import "time"

// FieldConnection names the connection that a form ends.
const FieldConnection = "connexion"

// NoticeDisconnected tells that one of a person's connections was ended.
const NoticeDisconnected Notice = "connexion-terminee"

// Connections lists where a person is logged in.
type Connections struct {
	Items  []Connection
	Notice Notice
}

func (Connections) title() string    { return "Mes connexions" }
func (Connections) template() string { return "connections" }

// Elsewhere reports whether there is a connection that the page can end.
func (p Connections) Elsewhere() bool {
	for _, c := range p.Items {
		if !c.Here {
			return true
		}
	}
	return false
}

// Connection is one live session of a person.
type Connection struct {
	ID       string
	Device   string // browser and system; empty when the browser did not say
	Through  string // structure that the person logged in through; empty: the national provider
	LoggedIn time.Time
	Active   time.Time
	Here     bool // it is the one that shows the page
}

// Name says which device it is, as far as that is known.
func (c Connection) Name() string {
	if c.Device == "" {
		return "Appareil inconnu"
	}
	return c.Device
}
