package redisstore

import (
	"fmt"
	"testing"
)

// kept lays out operations as commit.lua does.
func kept(operations ...string) string {
	s := fmt.Sprintf("%02d", len(operations))
	for _, o := range operations {
		s += fmt.Sprintf("%d:%s", len(o), o)
	}
	return s
}

func TestFindOperation(t *testing.T) {
	t.Parallel()
	first, second := digest("first"), digest("second")
	list := kept(first+"cal-01"+"7 9 an answer: with 2 spaces", second+"cal-02"+"8 10 ")
	for _, tc := range []struct {
		digest, want string
	}{
		{first, "cal-01 7 9 an answer: with 2 spaces"},
		{second, "cal-02 8 10 "},
	} {
		o, err := findOperation(list, tc.digest)
		got := fmt.Sprintf("%s %d %d %s", o.call, o.version, o.sequence, o.answer)
		if err != nil || got != tc.want {
			t.Errorf("found %q, %v; want %q", got, err, tc.want)
		}
	}
	for name, text := range map[string]string{
		"empty":          "",
		"none kept":      "00",
		"another":        kept(first + "cal-017 9 "),
		"cut short":      list[:24],
		"no length":      "01" + second + "cal-017 9 ",
		"wrong length":   "0199:" + second + "cal-017 9 ",
		"short entry":    kept(second),
		"no numbers":     kept(second + "cal-01seven nine x"),
		"one number":     kept(second + "cal-017"),
		"negative count": "01-5:" + second,
	} {
		if o, err := findOperation(text, second); err == nil {
			t.Errorf("%s: found %+v", name, o)
		}
	}
}

// Whatever stands in Redis, reading it neither panics nor finds an operation that is not there whole.
func FuzzFindOperation(f *testing.F) {
	name := digest("op")
	f.Add(kept(name + "cal-017 9 answer"))
	f.Add(kept("other", name+"cal-017 9 "))
	f.Add("02")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := findOperation(text, name)
		if err == nil && len(text) < len(name)+len(o.call)+len(o.answer) {
			t.Errorf("found %+v in %q", o, text)
		}
	})
}
