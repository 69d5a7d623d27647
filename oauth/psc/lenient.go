package psc

import (
	"strconv"
	"strings"
	"unicode"
)

// maxText bounds one text, in octets: a label of the register has under two hundred.
const maxText = 400

// text reads a text that may be a number, or absent; empty text is absent (I45). Characters that do not show are
// left out, for a bidi or control character in a name could disguise it.
func text(v any) string {
	var s string
	switch t := v.(type) {
	case string:
		s = t
	case float64:
		s = strconv.FormatFloat(t, 'f', -1, 64)
	case bool:
		s = strconv.FormatBool(t)
	}
	if len(s) > maxText {
		return ""
	}
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)), " ")
}

// objects reads a list of objects that may be one object, or absent. What is no object is left out.
func objects(v any) []map[string]any {
	switch t := v.(type) {
	case map[string]any:
		return []map[string]any{t}
	case []any:
		var list []map[string]any
		for _, e := range t {
			if o, ok := e.(map[string]any); ok {
				list = append(list, o)
			}
		}
		return list
	}
	return nil
}
