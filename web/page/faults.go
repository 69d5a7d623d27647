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
