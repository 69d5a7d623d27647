package rules

// Exercise is what the directory says of how somebody exercises. It is never taken from a login (I44, I117).
type Exercise struct {
	Category string // C civil, M military, E student (I42)
	Function string // code of TRE_R21
}

// student is the category of students (I116).
const student = "E"

// MayHold tells whether somebody may hold a mailbox. Of the students these may: a replacement or assistant, an intern, a
// junior doctor; a student with another function, or with none that the directory tells, may not (I117). He still acts
// for a mailbox on whose list he stands, as anybody does without an exercise (D27).
func (e Exercise) MayHold() Refusal {
	if e.Category != student {
		return Refusal{}
	}
	switch e.Function {
	case "FON-47", "FON-48", "FON-57":
		return Refusal{}
	}
	return Refusal{NotHabilitated, "I117"}
}

// Vouches reports whether a login vouches for somebody at a mailbox of a structure: that through a national provider at
// any, that through a structure's own at its own alone (D26). structure is the national identifier, 1 and the FINESS;
// empty: nobody knows it.
func Vouches(finess, structure string) bool { return finess == "" || structure == "1"+finess }
