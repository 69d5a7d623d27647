package modeltest

import (
	"slices"
	"time"
)

// box is a professional mailbox, by its place in model.boxes.
type box int

// self stands where a mailbox would, for the patient.
const self box = -1

// mailbox is what the model's directory holds of one mailbox now.
type mailbox struct {
	local, domain string
	name          string // as the directory has it; empty: it does not list the mailbox
	kind          string
	person        string
	structure     string // FINESS
	profession    string
	gone          bool // its domain left the trust space
	window        time.Duration
	answer        time.Duration
}

func (m mailbox) address() string { return m.local + "@" + m.domain }

// shown is the name that people see (I113).
func (m mailbox) shown() string {
	if m.name != "" {
		return m.name
	}
	return m.local
}

// model is all that there is.
type model struct {
	now      time.Time
	boxes    []mailbox
	patients []*patient
	soft     bool // a recorded refusal may be overcome (D14 d)
	notices  bool // an announced end is told by a message (D24)
	quota    int64
	trash    time.Duration
}

// patient is one patient's side of the model. Whatever happens to him takes the next place in order.
type patient struct {
	m       *model
	name    string
	place   int // of the last thing that happened
	account string
	since   time.Time
	before  string // what a suspension interrupted
	minor   time.Time
	terms   string
	login   string // subject that leads to the account (D26)

	blocks      []block
	objections  []objection
	oppositions []opposition

	threads   []*thread // in the order of their beginning; nil: erased
	ends      []end
	pairs     map[box]*pair
	refs      map[string]holder // of each Message-ID, the first
	visits    []*visit
	documents []document
	trashed   []trashed

	used  int64
	full  time.Time
	notes int // what the patient is to be told of by a neutral e-mail

	deliveries []*delivery
	reports    map[string]int // notifications that are due, by Message-ID
	receipts   []*receiptDue
}

// block is one block (D12). person is that of the mailbox when it was set, or as it is known since.
type block struct {
	box    box
	person string
	until  time.Time
}

// objection is a refusal of messages, or an objection to exchange (D14 b, c).
type objection struct {
	id, kind, scope, value string
	at                     time.Time
}

// opposition is what a mailbox's side recorded (D14 d).
type opposition struct {
	by                         box
	toPatient, toProfessionals bool
	at                         time.Time
}

// holder is the message that a Message-ID leads to.
type holder struct {
	thread  *thread
	message *message
}

// pair is what is noted of one mailbox and the patient beside the messages.
type pair struct {
	since, last time.Time
	until       time.Time // of the reply window (D8); zero: none
	awaiting    bool      // the last message is the patient's
	listed      bool      // it stands in the mailbox's ledger
	granted     int       // place of the last message that lets the patient write to it
	written     int       // place of its last message without FIN

	planned  time.Time  // an end that can be taken back until then (D7); zero: none
	crossing []*message // of the patient, since it was planned, until they are marked
}

// end is one end: of everything, or of one conversation.
type end struct {
	by     box
	thread *thread // nil: of everything
	place  int
	at     time.Time
	how    string
	of     *discharge // the discharge that made it

	// unwritten tells that nobody wrote down yet that a window ran out: until something of the pair is
	// written, the end counts as the last thing that happened to the patient.
	unwritten bool
}

// thread is one conversation.
type thread struct {
	id       string // as the service names it
	subject  string
	messages []*message
	people   []box // everybody whom it names
	listed   map[box]bool
	last     time.Time
	unread   bool
	draft    string
	deleted  int // place up to which the patient deleted it
	cleared  int // and how many messages

	lastPatient bool
	touched     int // place of the last message or end that somebody made
	visit       *visit
	boxes       []box // of the visit's structure
	closing     *closing
	unsaid      *closing // an end that came, whose last message is still to be written
}

// message is one message of a conversation.
type message struct {
	n       int // in the conversation, from 1
	place   int
	at      time.Time
	id      string // Message-ID
	subject string
	text    string
	bytes   int64
	files   int
	gone    bool // erased, with what the patient deleted

	from    box
	replyTo []box
	with    []box
	fin     bool
	marker  bool // its subject is [FIN]
	silent  bool // it gives no right and takes none: the words of an episode, an automatic answer
	asked   bool // a receipt is asked for
	opened  time.Time

	to      []box // of the patient's
	answers box
	fates   map[box]*fate
}

// fate is what became of the patient's message at one mailbox.
type fate struct {
	state   string
	crossed bool
}

// delivery is a message that waits to leave.
type delivery struct {
	thread  *thread
	message *message
	to      box
	due     time.Time
}

// receiptDue is a read receipt that waits to leave.
type receiptDue struct {
	thread  *thread
	message *message
	to      box
	due     time.Time
}

// document is a saved document.
type document struct {
	id, source string
	bytes      int64
}

// trashed is what the patient deleted, until it is erased.
type trashed struct {
	thread *thread
	upTo   int
	due    time.Time
}

// visit is one visit of the patient.
type visit struct {
	number   string
	patient  *patient
	declared bool // by an event: until then a conversation alone names it
	open     bool
	since    time.Time
	at       time.Time // of the last event
	closesAt time.Time
	threads  []*thread
	closed   *discharge
	events   []event
}

// event is an event of a visit that was told, by which it counts once.
type event struct {
	id      string
	touched []*thread
}

// discharge is one closing of a visit, until it is cancelled.
type discharge struct {
	death bool
	words string
}

// closing is an announced end of a conversation.
type closing struct {
	at   time.Time
	even bool // also while the last message is the patient's
	of   *discharge
	by   []box
	told bool
}

func (p *patient) next() int {
	p.place++
	return p.place
}

// known looks at what is noted of a mailbox; of one that nothing is noted of, it is the zero pair.
func (p *patient) known(b box) pair {
	if k := p.pairs[b]; k != nil {
		return *k
	}
	return pair{}
}

// pair returns what is noted of a mailbox, to be changed: something is, from now on.
func (p *patient) pair(b box) *pair {
	if p.pairs[b] == nil {
		p.pairs[b] = &pair{}
	}
	return p.pairs[b]
}

// names lists the shown names of mailboxes, each once.
func (m *model) names(list []box) []string {
	names := []string{}
	for _, b := range list {
		if n := m.boxes[b].shown(); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// add appends those of more that are not there.
func add(list []box, more ...box) []box {
	for _, b := range more {
		if !slices.Contains(list, b) {
			list = append(list, b)
		}
	}
	return list
}
