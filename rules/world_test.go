package rules_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mesbridge/rules"
)

// world is one patient and the professionals around him, as the scenarios speak of them. It does what
// the service does: gives rules the facts, and applies the change that they decide on.
type world struct {
	state    rules.State
	who      rules.Correspondents
	seq      rules.Seq
	now      time.Time
	messages int
	fresh    int
	sent     map[rules.MessageKey]sent
	threads  []rules.ConversationID // in the order in which they appeared
	boxes    []rules.MailboxID
	windows  map[rules.MailboxID]rules.Window
	visits   map[rules.VisitID]*visit
}

// sent is a reply on its way.
type sent struct {
	seq    rules.Seq
	thread rules.ConversationID
	author rules.MailboxID
}

func newWorld() *world {
	return &world{
		state: rules.State{
			Patient:       rules.Patient{Account: rules.Active},
			Exchanges:     rules.Exchanges{},
			Conversations: map[rules.ConversationID]rules.Conversation{},
		},
		who:  rules.Correspondents{},
		now:  time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC),
		sent: map[rules.MessageKey]sent{}, windows: map[rules.MailboxID]rules.Window{}, visits: map[rules.VisitID]*visit{},
	}
}

// args are the words of a command: those without = in order, the others by name.
type args struct {
	words []string
	named map[string]string
}

func (a args) has(word string) bool { return slices.Contains(a.words, word) }

func (a args) list(name string) (ids []rules.MailboxID) {
	for id := range strings.SplitSeq(a.named[name], ",") {
		if id != "" {
			ids = append(ids, rules.MailboxID(id))
		}
	}
	return ids
}

// split cuts a command into words; a quoted value may hold spaces.
func split(command string) (name string, a args, err error) {
	a.named = map[string]string{}
	for rest := strings.TrimSpace(command); rest != ""; rest = strings.TrimSpace(rest) {
		word, after, _ := strings.Cut(rest, " ")
		if key, _, quoted := strings.Cut(word, `="`); quoted {
			value := rest[len(key)+1:]
			prefix, err := strconv.QuotedPrefix(value)
			if err != nil {
				return "", a, fmt.Errorf("%s: %w", key, err)
			}
			a.named[key], _ = strconv.Unquote(prefix)
			rest = value[len(prefix):]
			continue
		}
		if key, value, named := strings.Cut(word, "="); named {
			a.named[key] = value
		} else {
			a.words = append(a.words, word)
		}
		rest = after
	}
	if len(a.words) == 0 {
		return "", a, fmt.Errorf("no command in %q", command)
	}
	name, a.words = a.words[0], a.words[1:]
	return name, a, nil
}

// run carries out one command and tells what the rules answered.
func (w *world) run(command string) ([]string, error) {
	name, a, err := split(command)
	if err != nil {
		return nil, err
	}
	commands := map[string]func(args) ([]string, error){
		"receive": w.receive, "reply": w.reply, "deliver": w.deliver,
		"end-exchange": w.endExchange, "plan": w.plan, "keep": w.keep, "end-conversation": w.endConversation,
		"block": w.block, "unblock": w.unblock, "refuse": w.refuse, "accept-again": w.acceptAgain,
		"account": w.account, "dies": w.dies, "later": w.later, "table": w.table,
		"window": w.window, "expire": w.expire, "episode": w.episode, "finish": w.finish, "ask": w.ask,
		"show": w.show, "seen": w.seen, "reach": w.reach,
		"object": w.object, "withdraw": w.withdraw, "record": w.record, "write": w.write, "objection": w.objection,
		"manage": w.manage, "overdue": w.overdue, "delete": w.delete, "terms": w.terms,
		"invite": w.invite, "accept": w.acceptInvitation, "decline": w.decline, "represent": w.represent,
		"end-delegation": w.endDelegation, "restore": w.restore, "minor": w.minor, "may": w.may, "delegations": w.delegations,
		"message-to-minor": w.messageToMinor,
		"event":            w.event, "events": w.events, "join": w.join, "child": w.child, "listed": w.listed, "represented": w.represented,
	}
	do, ok := commands[name]
	if !ok {
		return nil, fmt.Errorf("no command is named %q", name)
	}
	return do(a)
}

// commit applies a verdict's change, and tells done, or the refusal, or that nothing changes.
func (w *world) commit(v rules.Verdict, done string) []string {
	switch {
	case v.Refusal.Refused():
		return []string{refusal(v.Refusal)}
	case v.Change.Kind == "":
		return []string{"nothing changes"}
	}
	w.seq++
	rules.Apply(&w.state, v.Change)
	if t := v.Change.Conversation; t != "" && !slices.Contains(w.threads, t) {
		w.threads = append(w.threads, t)
	}
	for m := range w.state.Exchanges {
		w.meet(m)
	}
	return []string{done}
}

// meet notes mailboxes in the order of their names, so that show lists them always alike.
func (w *world) meet(boxes ...rules.MailboxID) {
	for _, m := range boxes {
		if !slices.Contains(w.boxes, m) {
			w.boxes = append(w.boxes, m)
		}
	}
	slices.Sort(w.boxes)
}

// receive from=A [reply-to=M,N] [cc=B,C] [thread=t1] [subject="…"] [header=FIN] [empty] [report] [dsn]
// [again=m1] [visit=V]
func (w *world) receive(a args) ([]string, error) {
	from := rules.MailboxID(a.named["from"])
	if from == "" {
		return nil, fmt.Errorf("from whom?")
	}
	w.meet(append(append(a.list("cc"), from), a.list("reply-to")...)...)
	f := rules.AdmitFacts{
		Patient: w.state.Patient, Next: w.seq + 1, Message: rules.MessageKey(fmt.Sprintf("m%d", w.messages+1)),
		Sender: w.who.Of(from), ReplyTo: a.list("reply-to"), With: a.list("cc"), Exchange: w.view().Exchanges[from],
		Repeat: rules.MessageKey(a.named["again"]), Subject: "Votre consultation",
		HasContent: !a.has("empty"), IsReport: a.has("report"), WantsReceipt: a.has("dsn"),
	}
	if s, ok := a.named["subject"]; ok {
		f.Subject = s
	}
	if h, ok := a.named["header"]; ok {
		f.EndHeaders = strings.Split(h, "|")
	}
	f.Thread, f.Fresh = w.place(a.named["thread"])
	f.Windows = w.windows
	w.tag(&f, rules.VisitID(a.named["visit"]))
	v := rules.Admit(f, w.now)
	if v.Notes.Has(rules.Repeated) {
		return []string{"the same as " + string(v.Change.Message) + ", which is there already"}, nil
	}
	done := fmt.Sprintf("%s received", f.Message)
	if v.Change.Conversation != "" {
		done += " in " + string(v.Change.Conversation)
	} else {
		done += ", shown nowhere"
	}
	if !v.Refusal.Refused() {
		w.messages++
	}
	return w.commit(v, done+remarks(v)), nil
}

// place returns the conversation of a name, and the name of a new one.
func (w *world) place(name string) (thread, fresh rules.ConversationID) {
	id := rules.ConversationID(name)
	if _, ok := w.view().Conversations[id]; ok {
		return id, ""
	}
	if name == "" {
		w.fresh++
		id = rules.ConversationID(fmt.Sprintf("new%d", w.fresh))
	}
	return "", id
}

func (w *world) right(t rules.ConversationID) rules.Right {
	return rules.RightToReply(w.state.Patient, w.view().Conversations[t], w.view().Exchanges, w.who, w.now)
}

// reply t1 [all] [empty] [bytes=N]
func (w *world) reply(a args) ([]string, error) {
	if len(a.words) == 0 {
		return nil, fmt.Errorf("where?")
	}
	f := rules.ReplyFacts{
		Right: w.right(rules.ConversationID(a.words[0])), Next: w.seq + 1, Conversation: rules.ConversationID(a.words[0]),
		Message: rules.MessageKey(fmt.Sprintf("m%d", w.messages+1)), Choice: rules.ReplyToOne, HasText: !a.has("empty"),
		Bytes: 1000, MaxBytes: 10_000_000,
	}
	if a.has("all") {
		f.Choice = rules.ReplyToAll
	}
	if n, ok := a.named["bytes"]; ok {
		var err error
		if f.Bytes, err = strconv.ParseInt(n, 10, 64); err != nil {
			return nil, fmt.Errorf("bytes: %w", err)
		}
	}
	v := rules.Reply(f, w.now)
	if !v.Refusal.Refused() {
		w.messages++
		w.sent[f.Message] = sent{seq: f.Next, thread: f.Conversation, author: f.Right.With}
	}
	return w.commit(v, fmt.Sprintf("%s sent to %s", f.Message, names(v.Change.To))), nil
}

// deliver m2 A
func (w *world) deliver(a args) ([]string, error) {
	if len(a.words) != 2 {
		return nil, fmt.Errorf("which message, to whom?")
	}
	m, ok := w.sent[rules.MessageKey(a.words[0])]
	if !ok {
		return nil, fmt.Errorf("%s was not sent", a.words[0])
	}
	to := rules.MailboxID(a.words[1])
	v := rules.Deliver(rules.DeliverFacts{
		Patient: w.state.Patient, Sent: m.seq, To: w.who.Of(to), Conversation: w.view().Conversations[m.thread],
		Exchange: w.view().Exchanges[to], Author: w.who.Of(m.author), Answered: w.view().Exchanges[m.author],
	}, w.now)
	if v.Refusal.Refused() {
		return []string{refusal(v.Refusal) + "; it is a draft again"}, nil
	}
	return []string{"leaves" + remarks(v)}, nil
}

// how reads by which means something was ended.
func how(a args) rules.EndHow {
	if h, ok := a.named["how"]; ok {
		return rules.EndHow(h)
	}
	return rules.ByAPI
}

// end-exchange A [how=api]
func (w *world) endExchange(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("whose?")
	}
	m := rules.MailboxID(a.words[0])
	return w.commit(rules.EndExchange(m, w.view().Exchanges[m], w.seq+1, how(a), w.now), "the exchange with "+a.words[0]+" is ended"), nil
}

// end-conversation A t1 [how=episode]
func (w *world) endConversation(a args) ([]string, error) {
	if len(a.words) != 2 {
		return nil, fmt.Errorf("whose, and which?")
	}
	c := w.view().Conversations[rules.ConversationID(a.words[1])]
	v := rules.EndConversation(rules.MailboxID(a.words[0]), c, w.view().Exchanges, w.seq+1, how(a), w.now)
	return w.commit(v, a.words[0]+" ended "+a.words[1]), nil
}

func (w *world) blockFacts(a args) (rules.BlockFacts, error) {
	if len(a.words) != 1 {
		return rules.BlockFacts{}, fmt.Errorf("whom?")
	}
	m := rules.MailboxID(a.words[0])
	f := rules.BlockFacts{Patient: w.state.Patient, Next: w.seq + 1, Contact: w.who.Of(m), Exchange: w.view().Exchanges[m]}
	if until, ok := a.named["for"]; ok {
		d, err := time.ParseDuration(until)
		if err != nil {
			return f, fmt.Errorf("for: %w", err)
		}
		f.Until = w.now.Add(d)
	}
	return f, nil
}

// block A [for=2h]
func (w *world) block(a args) ([]string, error) {
	f, err := w.blockFacts(a)
	return w.commit(rules.Block(f, w.now), string(f.Contact.Mailbox)+" is blocked"), err
}

// unblock A
func (w *world) unblock(a args) ([]string, error) {
	f, err := w.blockFacts(a)
	return w.commit(rules.Unblock(f, w.now), string(f.Contact.Mailbox)+" is blocked no more"), err
}

// refuse everyone | refuse structure=S | refuse profession=P
func (w *world) refuse(a args) ([]string, error) {
	r := rules.MessagesRefusal{Scope: rules.Everyone, At: w.now}
	for _, scope := range []rules.RefusalScope{rules.WholeStructure, rules.WholeProfession} {
		if v, ok := a.named[string(scope)]; ok {
			r.Scope, r.Value = scope, v
		}
	}
	w.state.Patient.Refusals = append(slices.Clone(w.state.Patient.Refusals), r)
	return []string{strings.TrimSpace(fmt.Sprintf("the patient refuses messages: %s %s", r.Scope, r.Value))}, nil
}

// accept-again
func (w *world) acceptAgain(args) ([]string, error) {
	w.state.Patient.Refusals = nil
	return []string{"the patient refuses messages no more"}, nil
}

// account closed
func (w *world) account(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("which state?")
	}
	v := rules.ChangeAccount(w.state.Patient, rules.AccountState(a.words[0]), w.seq+1, w.now)
	return w.commit(v, "the account is "+a.words[0]), nil
}

// dies
func (w *world) dies(args) ([]string, error) {
	w.state.Patient.Deaths = []rules.VisitID{rules.DeathTold}
	return []string{"the patient died"}, nil
}

// later 2h
func (w *world) later(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("how much?")
	}
	d, err := time.ParseDuration(a.words[0])
	w.now = w.now.Add(d)
	return nil, err
}

// table A [person=P] [structure=S] [profession=X] [gone]
func (w *world) table(a args) ([]string, error) {
	if len(a.words) == 0 {
		return nil, fmt.Errorf("which mailbox?")
	}
	m := rules.MailboxID(a.words[0])
	w.meet(m)
	w.who[m] = rules.Correspondent{
		Mailbox: m, Person: rules.PersonID(a.named["person"]), Structure: rules.StructureID(a.named["structure"]),
		Profession: a.named["profession"], Gone: a.has("gone"),
	}
	return nil, nil
}
