package page

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// palette reads the colours of one :root block.
func palette(t *testing.T, block string) map[string][3]float64 {
	t.Helper()
	colours := map[string][3]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
		n, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		colours[m[1]] = [3]float64{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}
	}
	return colours
}

// contrast is the ratio of WCAG 2.1, 1.4.3.
func contrast(a, b [3]float64) float64 {
	light := func(c [3]float64) float64 {
		var l [3]float64
		for i, v := range c {
			if v /= 255; v <= 0.04045 {
				l[i] = v / 12.92
			} else {
				l[i] = math.Pow((v+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
	}
	hi, lo := max(light(a), light(b)), min(light(a), light(b))
	return (hi + 0.05) / (lo + 0.05)
}

// I219: text has a contrast of 4.5:1 at least in both themes, borders of fields and the focus ring 3:1.
func TestStyle_contrast(t *testing.T) {
	t.Parallel()
	css := styleSheet().Content
	light, rest, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	dark, _, _ := strings.Cut(rest, "*, *::before")
	for theme, block := range map[string]string{"light": light, "dark": dark} {
		c := palette(t, block)
		if len(c) < 14 {
			t.Fatalf("%s: %d colours found", theme, len(c))
		}
		for _, p := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "paper", 4.5},
			{"ink", "card", 4.5},
			{"ink", "wash", 4.5},
			{"ink", "mark-wash", 4.5},
			{"ink", "alert-wash", 4.5},
			{"soft", "paper", 4.5},
			{"soft", "card", 4.5},
			{"soft", "wash", 4.5},
			{"brand", "paper", 4.5},
			{"brand", "card", 4.5},
			{"brand", "wash", 4.5},
			{"on-brand", "brand", 4.5},
			{"on-brand", "brand-deep", 4.5},
			{"mark", "mark-wash", 4.5},
			{"alert", "card", 4.5},
			{"alert", "wash", 4.5},
			{"focus", "paper", 3},
			{"focus", "card", 3},
			{"focus", "wash", 3},
			{"soft", "card", 3},
		} {
			if got := contrast(c[p.front], c[p.back]); got < p.least {
				t.Errorf("%s: %s on %s has %.2f, want %.1f", theme, p.front, p.back, got, p.least)
			}
		}
	}
}

// I222, I223: nothing comes from elsewhere, and motion, print and dark are cared for.
func TestStyle_ownAndComplete(t *testing.T) {
	t.Parallel()
	css := styleSheet().Content
	for _, foreign := range []string{"url(", "@import", "http:", "https:", "Marianne", "@font-face"} {
		if strings.Contains(string(css), foreign) {
			t.Errorf("the style sheet holds %s", foreign)
		}
	}
	for _, part := range []string{"prefers-color-scheme: dark", "prefers-reduced-motion", "@media print", "forced-colors", ":focus-visible"} {
		if !strings.Contains(string(css), part) {
			t.Errorf("the style sheet lacks %s", part)
		}
	}
}

// TestStyle_everyFileIsServed: a file that the list forgets would change nothing, and nobody would see why.
func TestStyle_everyFileIsServed(t *testing.T) {
	t.Parallel()
	files, err := assets.ReadDir("assets/style")
	if err != nil {
		t.Fatal(err)
	}
	listed := styles()
	for _, f := range files {
		if !slices.Contains(listed, strings.TrimSuffix(f.Name(), ".css")) {
			t.Errorf("%s is in no page", f.Name())
		}
	}
	if len(listed) != len(files) {
		t.Errorf("%d files, %d listed", len(files), len(listed))
	}
}
