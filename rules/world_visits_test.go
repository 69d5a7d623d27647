package rules_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mesbridge/rules"
)

// visitStructure is the structure of every visit of the scenarios.
const visitStructure = rules.StructureID("S")

// visit is an episode as the service keeps it.
type visit struct{ rules.Episode }

// view is the state as the service loads it: settled at this instant.
func (w *world) view() rules.State {
	s := rules.State{Patient: w.state.Patient, Exchanges: maps.Clone(w.state.Exchanges), Conversations: maps.Clone(w.state.Conversations)}
	for m, e := range s.Exchanges {
		s.Exchanges[m] = e.Settled(w.seq+1, w.now)
	}
	for id, c := range s.Conversations {
		s.Conversations[id] = c.Settled(w.seq+1, w.now)
	}
	return s
}

// tag gives a message the visit of its conversation, or that of a new one.
func (w *world) tag(f *rules.AdmitFacts, v rules.VisitID) {
	named := slices.Concat([]rules.MailboxID{f.Sender.Mailbox}, f.ReplyTo, f.With)
	f.Boxes = rules.OfStructure(visitStructure, w.who, named)
	if f.Thread != "" {
		if f.Visit = w.state.Conversations[f.Thread].Visit; f.Visit == "" {
			f.Boxes = nil
		}
		return
	}
	if f.Visit = v; v == "" {
		f.Boxes = nil
		return
	}
	f.Boxes = append(f.Boxes, f.Sender.Mailbox)
	if w.visits[v] == nil {
		w.visits[v] = &visit{rules.Episode{Visit: v, State: rules.EpisodeOpen, Since: w.now}}
	}
	w.visits[v].Threads = append(w.visits[v].Threads, f.Fresh)
}

// window M 30h [answer=7h]; window M 0h takes it away.
func (w *world) window(a args) ([]string, error) {
	if len(a.words) != 2 {
		return nil, fmt.Errorf("whose, and how long?")
	}
	length, err := time.ParseDuration(a.words[1])
	if err != nil {
		return nil, err
	}
	answer := rules.DefaultAnswer
	if text, ok := a.named["answer"]; ok {
		if answer, err = time.ParseDuration(text); err != nil {
			return nil, err
		}
	}
	w.windows[rules.MailboxID(a.words[0])] = rules.Window{Length: length, Answer: answer}
	return nil, nil
}

// expire M: the worker comes for its window, or for an end that was planned.
func (w *world) expire(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("whose?")
	}
	m := rules.MailboxID(a.words[0])
	v := rules.CarryOut(w.state.Exchanges[m], w.seq+1, w.now)
	if v.Change.How == rules.ByAPI {
		return w.commit(v, "the exchange with "+a.words[0]+" is ended, as planned"), nil
	}
	return w.commit(v, "the window of "+a.words[0]+" ran out"), nil
}

// plan M [in=10m]
func (w *world) plan(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("whose?")
	}
	in := rules.UndoFor
	if text, ok := a.named["in"]; ok {
		var err error
		if in, err = time.ParseDuration(text); err != nil {
			return nil, err
		}
	}
	m := rules.MailboxID(a.words[0])
	v := rules.PlanEnd(m, w.view().Exchanges[m], w.now.Add(in), w.seq+1, w.now)
	if v.Change.Kind == rules.ExchangeEnded {
		return w.commit(v, "the exchange with "+a.words[0]+" is ended"), nil
	}
	return w.commit(v, "the exchange with "+a.words[0]+" ends at "+v.Change.Until.Format("15:04")), nil
}

// keep M
func (w *world) keep(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("whose?")
	}
	m := rules.MailboxID(a.words[0])
	return w.commit(rules.KeepExchange(m, w.view().Exchanges[m], w.seq+1, w.now), "the exchange with "+a.words[0]+" goes on"), nil
}

// episode V open|closed [grace=336h] [source=adt] [ago=1h]
func (w *world) episode(a args) ([]string, error) {
	if len(a.words) != 2 {
		return nil, fmt.Errorf("which, and what?")
	}
	f := rules.EpisodeFacts{
		Next: w.seq + 1, Structure: visitStructure, Exchanges: w.view().Exchanges, Who: w.who,
		To: rules.EpisodeState(a.words[1]), At: w.now, Source: rules.ByHand,
	}
	v := rules.VisitID(a.words[0])
	if w.visits[v] == nil {
		w.visits[v] = &visit{rules.Episode{Visit: v}}
	}
	f.Episode = w.visits[v].Episode
	for _, id := range f.Episode.Threads {
		f.Conversations = append(f.Conversations, w.view().Conversations[id])
	}
	if s, ok := a.named["source"]; ok {
		f.Source = rules.EpisodeSource(s)
	}
	for name, set := range map[string]func(time.Duration){
		"grace": func(d time.Duration) { f.Grace = d }, "ago": func(d time.Duration) { f.At = f.At.Add(-d) },
	} {
		if text, ok := a.named[name]; ok {
			d, err := time.ParseDuration(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			set(d)
		}
	}
	verdict := rules.ChangeEpisode(f, w.now)
	if verdict.Notes.Has(rules.Outdated) {
		return []string{"an older event: nothing changes"}, nil
	}
	lines := w.commit(verdict, fmt.Sprintf("%s is %s, touches %s", v, f.To, touchedBy(verdict.Change.Episode)))
	w.visits[v].Episode = verdict.Change.Episode.After
	return lines, nil
}

func touchedBy(did *rules.EpisodeChange) string {
	var ids []string
	for _, t := range did.Threads {
		ids = append(ids, string(t.Conversation))
	}
	if len(ids) == 0 {
		return "nothing"
	}
	return strings.Join(ids, " and ")
}

// finish t1 [with=A]: the worker comes for the announced end, with a last message of A.
func (w *world) finish(a args) ([]string, error) {
	if len(a.words) != 1 {
		return nil, fmt.Errorf("which?")
	}
	f := rules.CloseFacts{Patient: w.state.Patient, Next: w.seq + 1, Conversation: w.state.Conversations[rules.ConversationID(a.words[0])]}
	if m, ok := a.named["with"]; ok {
		f.Sender, f.Message = w.who.Of(rules.MailboxID(m)), rules.MessageKey(fmt.Sprintf("m%d", w.messages+1))
	}
	v := rules.CloseConversation(f, w.now)
	done := a.words[0] + " is written down as ended"
	switch {
	case v.Change.Message != "":
		w.messages++
		done += " with " + string(v.Change.Message) + remarks(v)
	case v.Notes.Has(rules.Withheld):
		done += ", the last message is withheld"
	}
	return w.commit(v, done), nil
}

// ask A [visiting]
func (w *world) ask(a args) ([]string, error) {
	if len(a.words) == 0 {
		return nil, fmt.Errorf("for whom?")
	}
	m := rules.MailboxID(a.words[0])
	v := rules.Contact(rules.ContactFacts{
		Patient: w.state.Patient, Sender: w.who.Of(m), Exchange: w.view().Exchanges[m], Visiting: a.has("visiting"),
	}, w.now)
	if v.Refusal.Refused() {
		return []string{fmt.Sprintf("%s, refused: %s (%s)", v.Reachability, v.Refusal.Code, v.Rule)}, nil
	}
	return []string{fmt.Sprintf("%s, allowed (%s)", v.Reachability, v.Rule)}, nil
}
