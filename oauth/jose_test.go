package oauth

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Whatever comes, a header that passes holds nothing but a name of an algorithm, a key and a type.
func FuzzCheckHeader(f *testing.F) {
	for _, header := range []string{
		`{"alg":"RS256","kid":"a","typ":"JWT"}`, `{"alg":"none"}`, `{"alg":"RS256","jku":"https://x"}`, `{"typ":"application/jwt"}`, `{"typ":7}`, `[]`, `null`, ``,
	} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(header)) + ".e30.x")
	}
	f.Add("..")
	f.Add("x")
	f.Fuzz(func(t *testing.T, token string) {
		if checkHeader(token, identityTokenTypes) != nil {
			return
		}
		head, _, _ := strings.Cut(token, ".")
		text, err := base64.RawURLEncoding.DecodeString(head)
		if err != nil {
			t.Fatal(err)
		}
		var header map[string]any
		if err := json.Unmarshal(text, &header); err != nil {
			t.Fatal(err)
		}
		for name := range header {
			if !slices.Contains(headerMembers, name) {
				t.Fatalf("%q passes with %s", token, name)
			}
		}
	})
}
