package tests

// belief is what may be true of one thing: both, when a command about it got no answer.
type belief struct{ yes, no bool }

// known is a belief without doubt.
func known(v bool) belief { return belief{yes: v, no: !v} }

// allows reports whether a value is possible.
func (b belief) allows(v bool) bool { return v && b.yes || !v && b.no }

// sure reports whether nothing but v is possible.
func (b belief) sure(v bool) bool { return b == known(v) }

// or adds a possible value.
func (b *belief) or(v bool) { b.yes, b.no = b.yes || v, b.no || !v }

// crashText is one message or reply of a conversation, by its tag.
type crashText struct {
	there   belief
	reply   bool
	stopped bool   // a block that came after it may have kept it from leaving (D15)
	id      string // that the API gave; empty without an answer
}

// crashThread is a conversation as the model knows it.
type crashThread struct {
	subject string
	lane    *crashLane
	id      string // empty until somebody saw it
	first   string // Message-ID, to answer to
	open    belief
	texts   map[string]*crashText
	touched bool // since the last check
}

// there tells whether the conversation exists: it does once a message of its does.
func (c *crashThread) there() (b belief) {
	b.no = true
	for _, m := range c.texts {
		if m.there.sure(true) {
			return known(true)
		}
		b.yes = b.yes || m.there.yes
	}
	return b
}

// crashPair is the model of one professional mailbox and one patient: a reply is possible where the
// newest word of the professional came after the last end (D6, D34), and nothing is while the patient
// blocks (D15). One goroutine alone acts for a pair, so that each answer can be judged at once.
type crashPair struct {
	blocked belief
	threads []*crashThread
}

// crashChange is one command, as it changes the model.
type crashChange struct {
	what   crashAct
	thread *crashThread // nil for acts on the whole pair
	tag    string       // of the message or reply
	mail   bool         // it comes by mail, which a block stops (D13)
}

// crashAct is a kind of command.
type crashAct string

// Commands of the load.
const (
	actOpen    crashAct = "open"    // a message of a new conversation
	actWrite   crashAct = "write"   // a further message
	actReply   crashAct = "reply"   // the patient's
	actEnd     crashAct = "end"     // of one conversation
	actEndAll  crashAct = "end all" // of the exchange
	actBlock   crashAct = "block"   // by the patient
	actUnblock crashAct = "unblock" // likewise
)

// allowed reports whether the model allows the command to succeed, and to be refused.
func (p *crashPair) allowed(c crashChange) (yes, refusal bool) {
	switch c.what {
	case actOpen, actWrite:
		return p.blocked.no, p.blocked.yes
	case actReply:
		return p.blocked.no && c.thread.open.yes, p.blocked.yes || c.thread.open.no
	case actEnd, actEndAll:
		return !c.mail || p.blocked.no, c.mail && p.blocked.yes
	case actBlock, actUnblock:
	}
	return true, false
}

// refused draws what a refusal tells: the conversation is ended, or the patient blocks.
func (p *crashPair) refused(c crashChange, ended bool) {
	if c.what == actReply && ended {
		p.blocked, c.thread.open = known(false), known(false)
		return
	}
	p.blocked = known(true)
}

// done makes a change that was acknowledged.
func (p *crashPair) done(c crashChange) {
	p.begin(c)
	if c.mail {
		p.blocked = known(false)
	}
	switch c.what {
	case actOpen, actWrite, actReply:
		p.blocked, c.thread.open = known(false), known(true)
		c.thread.texts[c.tag].there = known(true)
	case actEnd:
		c.thread.open = known(false)
	case actEndAll:
		for _, one := range p.threads {
			one.open = known(false)
		}
	case actBlock, actUnblock:
		p.blocked = known(c.what == actBlock)
	}
}

// unsure makes a change that nobody answered: it was made or not.
func (p *crashPair) unsure(c crashChange) {
	p.begin(c)
	switch c.what {
	case actOpen, actWrite:
		c.thread.open.or(true)
		c.thread.texts[c.tag].there.or(true)
	case actReply:
		c.thread.texts[c.tag].there.or(true)
	case actEnd:
		c.thread.open.or(false)
	case actEndAll:
		for _, one := range p.threads {
			one.open.or(false)
		}
	case actBlock, actUnblock:
		p.blocked.or(c.what == actBlock)
	}
}

// begin notes that a command may have been carried out: its text, and what a block may have stopped.
func (p *crashPair) begin(c crashChange) {
	switch c.what {
	case actOpen, actWrite, actReply:
		if c.thread.texts[c.tag] == nil {
			c.thread.texts[c.tag] = &crashText{there: known(false), reply: c.what == actReply}
		}
	case actBlock:
		for _, one := range p.threads {
			for _, m := range one.texts {
				m.stopped = m.stopped || m.reply
			}
		}
	case actEnd, actEndAll, actUnblock:
	}
	for _, one := range p.threads {
		one.touched = one.touched || one == c.thread || c.thread == nil
	}
}
