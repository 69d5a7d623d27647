package page

// FieldError is one fault of a form. Field is the id of the element that it is about.
type FieldError struct {
	Field string
	Text  string // plain French, with what to do
}

// Faults are what is wrong with a form, in the order of its fields. A page tells them above the form, each with a link
// to its field, and again at the field (I219).
type Faults []FieldError

// Error is the text of the fault of a field, empty for none.
func (f Faults) Error(field string) string {
	for _, e := range f {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}

// Add notes a fault.
func (f *Faults) Add(field, text string) { *f = append(*f, FieldError{Field: field, Text: text}) }

// titleOf is the title of a page. That of one which shows a form again ends with the word for it, so that whoever hears
// titles alone knows that nothing was done. Pages with words of their own for it are not among those below.
func titleOf(p Page) string {
	if form, ok := p.(interface{ faulty() bool }); ok && form.faulty() {
		return p.title() + nbsp + ": erreur"
	}
	return p.title()
}

// faulty reports whether a form is shown again; pages that embed [Faults] have it from here.
func (f Faults) faulty() bool { return len(f) > 0 }

func (p Absence) faulty() bool      { return p.Form.faulty() }
func (p Block) faulty() bool        { return p.Fault != "" }
func (p Compose) faulty() bool      { return p.Form.faulty() }
func (p Conversation) faulty() bool { return p.Form.faulty() }
func (p DeskThread) faulty() bool {
	return p.Form.faulty() || p.TeamForm.ToFault+p.TeamForm.NoteFault != ""
}
func (p Episode) faulty() bool      { return p.Form.faulty() }
func (p Link) faulty() bool         { return p.Fault != "" }
func (p Notification) faulty() bool { return p.Fault+p.ChoiceFault != "" }
func (p Template) faulty() bool     { return p.Form.faulty() }
func (p Templates) faulty() bool    { return p.Form.faulty() }
func (p Users) faulty() bool        { return p.Form.faulty() }
