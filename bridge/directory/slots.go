package directory

// slots finds records by a text of theirs: a hash table that holds places alone, in 4 octets each, for the texts stand
// in the arena. Texts with one hash stand at neighbouring slots.
type slots struct {
	at   []uint32 // a power of two of them: the place of a record and one; 0: free
	used int
}

// find returns the slot where a text is, or belongs. same tells whether the text of a record is it.
func (s *slots) find(hash uint64, same func(record uint32) bool) (slot int, found bool) {
	mask := len(s.at) - 1
	for slot = int(hash) & mask; s.at[slot] != 0; slot = (slot + 1) & mask { //nolint:gosec // only its low bits matter
		if same(s.at[slot] - 1) {
			return slot, true
		}
	}
	return slot, false
}

// leastSlots is the size of an empty table.
const leastSlots = 1 << 8

// room makes sure that another text fits, a quarter of the slots staying free. hash gives that of a record's text.
func (s *slots) room(hash func(record uint32) uint64) {
	if len(s.at) == 0 {
		s.at = make([]uint32, leastSlots)
	}
	if s.used < len(s.at)/4*3 {
		return
	}
	old := s.at
	s.at = make([]uint32, 2*len(old))
	for _, v := range old {
		if v != 0 {
			slot, _ := s.find(hash(v-1), func(uint32) bool { return false })
			s.at[slot] = v
		}
	}
}

// put notes a record in a slot.
func (s *slots) put(slot int, record uint32) {
	if s.at[slot] == 0 {
		s.used++
	}
	s.at[slot] = record + 1
}
