package directory

import (
	"hash/maphash"
	"math"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// index holds all mailboxes of one load, in few large pieces with few pointers: half a million rows
// would otherwise make every garbage collection walk millions of strings.
type index struct {
	hash    func(text string) uint64
	places  slots // by canonical address
	holders slots // by person: the last record with him, the first of a chain
	records []record
	arena   []byte // address, name and person of each record, one after the other
	sites   shared[site]
	trades  shared[trade]

	functions map[string]string // of persons whose function was told without a mailbox (I117)
	search    searchIndex
}

// record is one mailbox. The texts of the arena stand from at on, in the order of their lengths here.
type record struct {
	at                    uint32
	address, name, person uint16
	kind                  kindCode
	zeroPaper             bool
	site, trade           uint32
	before                uint32 // the record before it in the chain of its holder, plus one; 0: none
}

// site is where a mailbox belongs; many records share one.
type site struct{ structure, name, place, district string }

// trade is what its holder does; many records share one.
type trade struct{ profession, label, speciality, category, function string }

// shared holds values that many records share.
type shared[T comparable] struct {
	list  []T
	known map[T]uint32 // value -> place, while loading
}

// place returns the place of a value, adding it.
func (s *shared[T]) place(v T) uint32 {
	at, ok := s.known[v]
	if !ok {
		at = uint32(len(s.list)) //nolint:gosec // at most one for each record, whose number is bounded
		s.known[v] = at
		s.list = append(s.list, v)
	}
	return at
}

// kindCode is a kind of mailbox in one octet.
type kindCode uint8

// kinds lists the kinds of professional mailboxes by their codes.
func kinds() [4]rules.MailboxKind {
	return [4]rules.MailboxKind{rules.Personal, rules.Organisational, rules.Application, rules.Practice}
}

// codeOf returns the code of a kind; ok is false for any other text.
func codeOf(k rules.MailboxKind) (code kindCode, ok bool) {
	for i, known := range kinds() {
		if k == known {
			return kindCode(i), true
		}
	}
	return 0, false
}

func newIndex() *index {
	seed := maphash.MakeSeed()
	return &index{
		hash:      func(s string) uint64 { return maphash.String(seed, s) },
		sites:     shared[site]{known: make(map[site]uint32)},
		trades:    shared[trade]{known: make(map[trade]uint32)},
		functions: make(map[string]string),
	}
}

// find returns the record of a canonical address, or the slot where it belongs.
func (x *index) find(address string) (at uint32, slot int, ok bool) {
	if len(x.places.at) == 0 {
		return 0, 0, false
	}
	slot, ok = x.places.find(x.hash(address), func(r uint32) bool { return string(x.addressOf(&x.records[r])) == address })
	if ok {
		at = x.places.at[slot] - 1
	}
	return at, slot, ok
}

// addressOf is the canonical address of a record, inside the arena.
func (x *index) addressOf(r *record) []byte { return x.arena[r.at : r.at+uint32(r.address)] }

// add notes a mailbox and reports whether there was room for it. An address that is there already
// keeps what its first row said: further rows are further activities of the same holder (I124).
func (x *index) add(m mailbox) bool {
	x.places.room(func(r uint32) uint64 { return x.hash(string(x.addressOf(&x.records[r]))) })
	_, slot, ok := x.find(m.address)
	if ok {
		return true
	}
	kind, known := codeOf(m.kind)
	size := len(m.address) + len(m.name) + len(m.person)
	if !known || size > math.MaxUint16 || len(x.arena) > math.MaxUint32-size || len(x.records) >= math.MaxUint32-1 {
		return false
	}
	x.places.put(slot, uint32(len(x.records))) //nolint:gosec // compared with MaxUint32 above
	x.records = append(x.records, record{
		at: uint32(len(x.arena)), //nolint:gosec // compared with MaxUint32 above
		//nolint:gosec // the three lengths together are at most MaxUint16
		address: uint16(len(m.address)), name: uint16(len(m.name)), person: uint16(len(m.person)),
		kind: kind, zeroPaper: m.zeroPaper, site: x.sites.place(m.site), trade: x.trades.place(m.trade),
	})
	x.arena = append(x.arena, m.address...)
	x.arena = append(x.arena, m.name...)
	x.arena = append(x.arena, m.person...)
	if m.person != "" {
		x.chain(m.person)
	}
	x.search.note(m.sortName)
	return true
}

// complete adds to a mailbox that is known what another source says of it alone; an unknown one stays unknown. It is
// always true: nothing is wrong with the row.
func (x *index) complete(m mailbox) bool {
	at, _, ok := x.find(m.address)
	if !ok {
		return true
	}
	r := &x.records[at]
	r.zeroPaper = r.zeroPaper || m.zeroPaper
	s, t := x.sites.list[r.site], x.trades.list[r.trade]
	if s == (site{}) || s.place == "" && s.structure == m.site.structure {
		r.site = x.sites.place(m.site)
	}
	if t.profession == "" || t.speciality == "" && t.profession == m.trade.profession {
		m.trade.function = t.function
		r.trade = x.trades.place(m.trade)
	}
	return true
}

// personOf is the person of a record, inside the arena.
func (x *index) personOf(r *record) []byte {
	at := r.at + uint32(r.address) + uint32(r.name)
	return x.arena[at : at+uint32(r.person)]
}

// holder returns the slot of a person, or where he belongs.
func (x *index) holder(person string) (slot int, ok bool) {
	return x.holders.find(x.hash(person), func(r uint32) bool { return string(x.personOf(&x.records[r])) == person })
}

// chain puts the last record at the head of its holder's.
func (x *index) chain(person string) {
	x.holders.room(func(r uint32) uint64 { return x.hash(string(x.personOf(&x.records[r]))) })
	last := len(x.records) - 1
	slot, ok := x.holder(person)
	if ok {
		x.records[last].before = x.holders.at[slot]
	}
	x.holders.put(slot, uint32(last)) //nolint:gosec // add keeps fewer than MaxUint32
}

// held lists the mailboxes of a person, last read first.
func (x *index) held(person string) []conversations.Mailbox {
	if person == "" || len(x.holders.at) == 0 {
		return nil
	}
	slot, ok := x.holder(person)
	if !ok {
		return nil
	}
	var list []conversations.Mailbox
	for next := x.holders.at[slot]; next > 0; next = x.records[next-1].before {
		if m, ok := x.mailbox(&x.records[next-1]); ok {
			list = append(list, m)
		}
	}
	return list
}

// seal gives back what only loading needed, and makes the table searchable.
func (x *index) seal() {
	x.sites.known, x.trades.known = nil, nil
	x.search.build(x)
}

// fill completes m with what is known of a canonical address.
func (x *index) fill(address string, m *conversations.Mailbox) {
	if at, _, ok := x.find(address); ok {
		x.describe(&x.records[at], m)
	}
}

// mailbox returns a record with its address; ok is false for one that was never an address.
func (x *index) mailbox(r *record) (m conversations.Mailbox, ok bool) {
	a, err := rules.ParseAddress(string(x.addressOf(r)))
	if err != nil {
		return m, false
	}
	m.Address = a
	x.describe(r, &m)
	return m, true
}

// describe completes m with what a record says of the mailbox beside its address.
func (x *index) describe(r *record, m *conversations.Mailbox) {
	name := r.at + uint32(r.address)
	person := name + uint32(r.name)
	s, t := &x.sites.list[r.site], &x.trades.list[r.trade]
	m.Kind = kinds()[r.kind]
	m.Name = string(x.arena[name:person])
	m.Person = string(x.arena[person : person+uint32(r.person)])
	m.Structure, m.StructureName, m.Place = s.structure, s.name, s.place
	m.Profession, m.ProfessionName, m.Speciality, m.Category, m.Function = t.profession, t.label, t.speciality, t.category, t.function
	m.ZeroPaper = r.zeroPaper
	if m.Kind != rules.Personal && s.name != m.Name {
		m.Speciality = s.name
	}
	if m.Function == "" && m.Person != "" {
		m.Function = x.functions[m.Person]
	}
}
