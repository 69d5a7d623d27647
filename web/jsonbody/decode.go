package jsonbody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Reason says what is wrong with a body.
type Reason string

// Reasons.
const (
	Malformed Reason = "malformed"  // not JSON, or not an object: nothing can be said about a field
	Unknown   Reason = "unknown"    // a member that the call does not have
	Repeated  Reason = "repeated"   // a member given twice
	WrongType Reason = "wrong type" // a member of another JSON type, or bytes that are not base64
	TooMany   Reason = "too many"   // a list longer than the call takes
)

// Error is what [Decode] fails with. Field is the path of the member, as in attachments[0].name, and
// empty when the reason is [Malformed]. It holds no value of the body.
type Error struct {
	Field  string
	Reason Reason
}

// Error tells reason and field.
func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Reason) + " body"
	}
	return fmt.Sprintf("%s: %s", e.Field, e.Reason)
}

// maxShownName is how many octets of an unknown member's name are told back.
const maxShownName = 64

// Value reads the value of one member.
type Value func(*json.Decoder) error

// Fields are the members of an object by their exact names.
type Fields map[string]Value

// Decode reads data as one JSON object with the given members, all optional. It fails with *Error.
func Decode(data []byte, f Fields) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t := bytes.TrimLeft(data, " \t\r\n"); len(t) == 0 || t[0] != '{' {
		return &Error{Reason: Malformed}
	}
	if err := Object(f)(d); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &Error{Reason: Malformed}
	}
	return nil
}

// Into reads a value into dst by the rules of encoding/json; null leaves dst as it is.
func Into[T any](dst *T) Value {
	return func(d *json.Decoder) error { return classify(d.Decode(dst)) }
}

// Object reads an object with the given members; null counts as absent.
func Object(f Fields) Value {
	return func(d *json.Decoder) error {
		absent, err := open(d, '{')
		if absent || err != nil {
			return err
		}
		seen := make(map[string]bool, len(f))
		for d.More() {
			if err := member(d, f, seen); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return classify(err)
	}
}

// List reads an array of at most most objects; element gives the members of the i-th.
func List(most int, element func(i int) Fields) Value {
	return func(d *json.Decoder) error {
		absent, err := open(d, '[')
		if absent || err != nil {
			return err
		}
		for i := 0; d.More(); i++ {
			if i == most {
				return &Error{Reason: TooMany}
			}
			if err := Object(element(i))(d); err != nil {
				return within(fmt.Sprintf("[%d]", i), err)
			}
		}
		_, err = d.Token()
		return classify(err)
	}
}

// open reads the delimiter that starts a value, or null.
func open(d *json.Decoder, want json.Delim) (absent bool, err error) {
	t, err := d.Token()
	switch {
	case err != nil:
		return false, classify(err)
	case t == nil:
		return true, nil
	case t != want:
		return false, &Error{Reason: WrongType}
	}
	return false, nil
}

// member reads one name and its value.
func member(d *json.Decoder, f Fields, seen map[string]bool) error {
	t, err := d.Token()
	if err != nil {
		return classify(err)
	}
	name, ok := t.(string)
	if !ok {
		return &Error{Reason: Malformed}
	}
	read, known := f[name]
	switch {
	case !known:
		return &Error{Field: shown(name), Reason: Unknown}
	case seen[name]:
		return &Error{Field: name, Reason: Repeated}
	}
	seen[name] = true
	return within(name, read(d))
}

// shown cuts a name that the caller chose to a length that can be told back.
func shown(name string) string {
	for len(name) > maxShownName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}

// within puts the place of err under the member or element at.
func within(at string, err error) error {
	var e *Error
	switch {
	case !errors.As(err, &e), e.Reason == Malformed:
		return err
	case e.Field == "":
		return &Error{Field: at, Reason: e.Reason}
	case e.Field[0] == '[':
		return &Error{Field: at + e.Field, Reason: e.Reason}
	}
	return &Error{Field: at + "." + e.Field, Reason: e.Reason}
}

// classify turns an error of the decoder into an *Error.
func classify(err error) error {
	var e *Error
	var syntax *json.SyntaxError
	switch {
	case err == nil, errors.As(err, &e):
		return err
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Reason: Malformed}
	}
	return &Error{Reason: WrongType} // type mismatch, or base64 that does not decode
}
