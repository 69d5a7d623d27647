package directory

import (
	"hash/maphash"
	"math"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// index holds all mailboxes of one load, in few large pieces without pointers: half a million rows
// would otherwise make every garbage collection walk millions of strings.
type index struct {
	hash    func(address string) uint64
	places  map[uint64]uint32 // hash of the canonical address -> record
	holders map[uint64]uint32 // hash of a person -> last record with it, the first of a chain
	records []record
	arena   []byte            // address, name and person of each record, one after the other
	labels  []string          // texts that many records share
	known   map[string]uint32 // label -> place, while loading
}

// record is one mailbox. The texts of the arena stand from at on, in the order of their lengths here.
type record struct {
	at                                uint32
	address, name, person             uint16
	structure, profession, speciality uint32 // labels
	category, function                uint32 // labels
	kind                              uint32 // label
	before                            uint32 // the record before it in the chain of its holder, plus one; 0: none
}

func newIndex() *index {
	seed := maphash.MakeSeed()
	return &index{
		hash:    func(s string) uint64 { return maphash.String(seed, s) },
		places:  make(map[uint64]uint32),
		holders: make(map[uint64]uint32),
		known:   make(map[string]uint32),
	}
}

// find returns the record of a canonical address, or the place in the map where it belongs. Two
// addresses with one hash stand at neighbouring places.
func (x *index) find(address string) (at uint32, place uint64, ok bool) {
	for place = x.hash(address); ; place++ {
		at, ok = x.places[place]
		if !ok {
			return 0, place, false
		}
		r := &x.records[at]
		if string(x.arena[r.at:r.at+uint32(r.address)]) == address {
			return at, place, true
		}
	}
}

// add notes a mailbox and reports whether there was room for it. An address that is there already
// keeps what its first row said: further rows are further activities of the same holder (I124).
func (x *index) add(m mailbox) bool {
	_, place, ok := x.find(m.address)
	if ok {
		return true
	}
	size := len(m.address) + len(m.name) + len(m.person)
	if size > math.MaxUint16 || len(x.arena) > math.MaxUint32-size || len(x.records) >= math.MaxUint32 {
		return false
	}
	x.places[place] = uint32(len(x.records)) //nolint:gosec // compared with MaxUint32 above
	x.records = append(x.records, record{
		at: uint32(len(x.arena)), //nolint:gosec // compared with MaxUint32 above
		//nolint:gosec // the three lengths together are at most MaxUint16
		address: uint16(len(m.address)), name: uint16(len(m.name)), person: uint16(len(m.person)),
		structure: x.label(m.structure), profession: x.label(m.professionCode),
		speciality: x.label(m.speciality), kind: x.label(string(m.kind)),
		category: x.label(m.category), function: x.label(m.function),
	})
	if m.person != "" {
		x.chain(m.person)
	}
	x.arena = append(x.arena, m.address...)
	x.arena = append(x.arena, m.name...)
	x.arena = append(x.arena, m.person...)
	return true
}

// chain puts the last record at the head of its holder's. Two persons with one hash share a chain; held tells
// them apart.
func (x *index) chain(person string) {
	last := len(x.records) - 1
	if head, ok := x.holders[x.hash(person)]; ok {
		x.records[last].before = head + 1
	}
	x.holders[x.hash(person)] = uint32(last) //nolint:gosec // add keeps fewer than MaxUint32
}

// held lists the mailboxes of a person, last read first.
func (x *index) held(person string) []conversations.Mailbox {
	head, ok := x.holders[x.hash(person)]
	if !ok || person == "" {
		return nil
	}
	var list []conversations.Mailbox
	for next := head + 1; next > 0; next = x.records[next-1].before {
		var m conversations.Mailbox
		r := &x.records[next-1]
		if x.describe(r, &m); m.Person != person {
			continue
		}
		var err error
		if m.Address, err = rules.ParseAddress(string(x.arena[r.at : r.at+uint32(r.address)])); err == nil {
			list = append(list, m)
		}
	}
	return list
}

// label returns the place of a shared text, adding it.
func (x *index) label(s string) uint32 {
	at, ok := x.known[s]
	if !ok {
		at = uint32(len(x.labels)) //nolint:gosec // at most six for each record, whose number is bounded
		x.known[s] = at
		x.labels = append(x.labels, s)
	}
	return at
}

// seal gives back what only loading needed.
func (x *index) seal() { x.known = nil }

// fill completes m with what is known of a canonical address.
func (x *index) fill(address string, m *conversations.Mailbox) {
	at, _, ok := x.find(address)
	if !ok {
		return
	}
	x.describe(&x.records[at], m)
}

// describe completes m with what a record says of the mailbox beside its address.
func (x *index) describe(r *record, m *conversations.Mailbox) {
	name := r.at + uint32(r.address)
	person := name + uint32(r.name)
	m.Kind = rules.MailboxKind(x.labels[r.kind])
	m.Name = string(x.arena[name:person])
	m.Person = string(x.arena[person : person+uint32(r.person)])
	m.Structure = x.labels[r.structure]
	m.Profession = x.labels[r.profession]
	m.Speciality = x.labels[r.speciality]
	m.Category, m.Function = x.labels[r.category], x.labels[r.function]
}
