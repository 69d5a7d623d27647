package rules

import "testing"

// TestINS_toConfirm covers R28: sex, month and year of birth as they are shown back to whoever writes.
func TestINS_toConfirm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ins         INS
		female      bool
		month, year string
	}{
		{"279035121518989", true, "03", "79"},
		{"153124500723160", false, "12", "53"},
		{"155992A00451222", false, "", "55"}, // a month of fictitious people (R14)
		{"879035121518900", true, "03", "79"},
		{"", false, "", ""},
	} {
		month, year := c.ins.BirthMonth()
		if c.ins.Female() != c.female || month != c.month || year != c.year {
			t.Errorf("%q: female %t, %q/%q", string(c.ins), c.ins.Female(), month, year)
		}
	}
}
