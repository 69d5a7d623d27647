package page

import (
	"strings"
	"testing"
)

// TestRoom_warns: O167, from 80 %, from 95 %, and when nothing fits any more.
func TestRoom_warns(t *testing.T) {
	t.Parallel()
	for used, want := range map[int64]string{0: "", 799: "", 800: "se remplit", 949: "se remplit", 950: "presque pleine", 999: "presque pleine", 1000: "pleine :"} {
		got := Room{Used: used, Quota: 1000}.Warning()
		if want == "" && got != "" || !strings.Contains(strings.ReplaceAll(got, nbsp, " "), want) {
			t.Errorf("%d of 1000: %q, want %q", used, got, want)
		}
	}
	if got := (Room{Used: 1 << 40}).Warning(); got != "" {
		t.Errorf("without a quota: %q", got)
	}
}

func TestRoom_heavy(t *testing.T) {
	t.Parallel()
	for used, want := range map[int64]bool{0: false, 1000: false, 20 << 20: false, 20<<20 + 1: true} {
		if got := (Room{Used: used}).Heavy(); got != want {
			t.Errorf("%d octets: heavy %t", used, got)
		}
	}
}
