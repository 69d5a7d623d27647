package rules

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

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

// R14, R28: the century is open, but nobody is born later than now nor older than 120 years.
func TestBirthYears(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		ins  INS
		want []int
	}{
		{"279035121518989", []int{1979}},
		{"188992A00451222", []int{1988}}, // 1888 is too long ago
		{"115035121518989", []int{2015, 1915}},
		{"126115121518989", []int{2026, 1926}}, // this month
		{"126125121518989", []int{1926}},       // next month
		{"126995121518989", []int{2026, 1926}}, // some month of this year
		{"127995121518989", []int{1927}},
		{"105105121518989", []int{2005}}, // 121 years and a month ago
		{"105115121518989", []int{2005, 1905}},
		{"105995121518989", []int{2005, 1905}},
		{"104995121518989", []int{2004}},
		{"100015121518989", []int{2000}},
		{"", nil},
	} {
		if got := c.ins.BirthYears(now); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", string(c.ins), got, c.want)
		}
	}
	for digits := range 100 { // every matricule means some year
		ins := INS(fmt.Sprintf("1%02d995121518989", digits))
		if len(ins.BirthYears(now)) == 0 || len(ins.BirthYears(now.AddDate(74, 0, 0))) == 0 {
			t.Errorf("%02d means no year", digits)
		}
	}
}
