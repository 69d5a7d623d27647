package demo

import (
	"fmt"

	"mesbridge/rules"
)

// MaxCrowd is how many more patients there are matricules for.
const MaxCrowd = 1_000_000

// Crowd returns n more active patients, the same ones every time, for measurements. Their matricules
// have month 99, as the cast's, and department 98, which none of the cast has.
func Crowd(n int) []Patient {
	all := make([]Patient, n)
	for i := range all {
		base := int64(1_00_99_98_000_000 + i)
		ins := rules.INS(fmt.Sprintf("%d%02d", base, 97-base%97)) // R16
		all[i] = Patient{INS: ins, Name: fmt.Sprintf("Patient %06d", i), State: rules.Active}
	}
	return all
}
