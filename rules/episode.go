package rules

import (
	"slices"
	"time"
)

// VisitID names one visit (venue, PV1-19) of a patient in a structure: a keyed hash of FINESS and visit
// number, never the number itself.
type VisitID string

// EpisodeState is where a care episode stands; the texts are those of the API and are stored.
type EpisodeState string

// States of an episode.
const (
	EpisodeOpen   EpisodeState = "open"
	EpisodeClosed EpisodeState = "closed" // conversations may still wait for their grace, or for an answer
)

// EpisodeSource says who declares an event of an episode (D24, D25).
type EpisodeSource string

// Sources. All but ByHand are automatic: they do not end a conversation whose last message is the
// patient's.
const (
	ByHand  EpisodeSource = "manual" // a person, or an application that answers for a person's act
	ByADT   EpisodeSource = "adt"    // HL7 v2 (I226)
	ByFHIR  EpisodeSource = "fhir"   // event declaration (I237)
	ByDeath EpisodeSource = "death"  // discharge by death: freezes and sends nothing
)

// EpisodeSources lists every source.
func EpisodeSources() []EpisodeSource { return []EpisodeSource{ByHand, ByADT, ByFHIR, ByDeath} }

// Closing is an end of a conversation that a closed episode announced (D24). The zero Closing is none.
type Closing struct {
	At    time.Time   // first refused instant
	Even  bool        // also while the last message is the patient's: closed by hand, at once
	Event Seq         // the commit that announced it, by which a cancellation knows what it gives back
	By    []MailboxID // every mailbox of the structure in the conversation (D34)
	// Announced tells that the patient was told by a message.
	Announced bool
}

// Episode is what rules know of one visit of a patient.
type Episode struct {
	Visit    VisitID
	State    EpisodeState // empty: nobody declared it
	Since    time.Time    // first known
	At       time.Time    // of the last event applied
	ClosesAt time.Time    // when the conversations end, or ended; zero while open
	Event    Seq          // the commit of the last closing
	Death    bool         // closed by death
	Threads  []ConversationID
}

// EpisodeFacts is what [ChangeEpisode] needs to know.
type EpisodeFacts struct {
	Next          Seq
	Episode       Episode
	Structure     StructureID    // whose visit it is
	Conversations []Conversation // those of Episode.Threads
	Exchanges     Exchanges      // of every mailbox that they name
	Who           Correspondents

	To     EpisodeState
	At     time.Time // of the event
	Source EpisodeSource
	Grace  time.Duration // 0: at once
}

// EpisodeChange is what an event does: to the episode, to its conversations, to the patient.
type EpisodeChange struct {
	After   Episode
	Threads []ThreadClosing
	Death   bool // everything freezes (D33)
	Revived bool // the visit that told of the death takes it back
}

// ThreadClosing is what an event of an episode does to one conversation.
type ThreadClosing struct {
	Conversation ConversationID
	Closing      Closing // when closing
	Given        Seq     // when cancelling: what the closing of that commit ended is open again
}

// ChangeEpisode opens or closes an episode (D24).
//
// Closing announces the end of exactly the tagged conversations in which a mailbox of the structure still
// speaks: now by hand, after the grace otherwise. Death ends nothing and freezes everything. Opening a
// closed episode cancels the discharge: what it ended and nobody touched since is open again; opening
// anything else opens no conversation. An event older than the last one, by the second, changes nothing
// (I230).
func ChangeEpisode(f EpisodeFacts, now time.Time) Verdict {
	e := f.Episode
	if !e.At.IsZero() && f.At.Truncate(time.Second).Before(e.At.Truncate(time.Second)) {
		return Verdict{Notes: Outdated}
	}
	did, kind := &EpisodeChange{After: e}, VisitOpened
	did.After.State, did.After.At = f.To, f.At
	if e.Since.IsZero() {
		did.After.Since = f.At
	}
	if f.To == EpisodeClosed {
		kind = VisitClosed
		f.close(did, now)
	} else {
		f.cancel(did)
	}
	return Verdict{Change: Change{Kind: kind, Seq: f.Next, At: now, Visit: e.Visit, Episode: did}}
}

// close announces the ends.
func (f EpisodeFacts) close(did *EpisodeChange, now time.Time) {
	if f.Episode.State != EpisodeClosed { // the same discharge told again keeps its name, and that it was by death
		did.After.Event, did.After.Death = f.Next, false
	}
	if f.Source == ByDeath {
		did.After.Death = true
		did.After.ClosesAt, did.Death = f.At, true
		return
	}
	at := now
	if due := f.At.Add(f.Grace); f.Grace > 0 && due.After(now) {
		at = due
	}
	did.After.ClosesAt = at.Truncate(time.Millisecond)
	for _, t := range f.Conversations {
		by := f.members(t)
		if !t.speaks(by, f.Exchanges) {
			continue // ended already, and stays as it was (table C4)
		}
		did.Threads = append(did.Threads, ThreadClosing{Conversation: t.ID, Closing: Closing{
			At: did.After.ClosesAt, Even: f.Source == ByHand && f.Grace <= 0, Event: did.After.Event, By: by,
		}})
	}
}

// cancel gives back what the last closing took, when there was one.
func (f EpisodeFacts) cancel(did *EpisodeChange) {
	did.After.ClosesAt, did.After.Event, did.After.Death = time.Time{}, 0, false
	if f.Episode.State != EpisodeClosed {
		return
	}
	did.Revived = f.Episode.Death
	for _, t := range f.Conversations {
		if t.Closing.Event == f.Episode.Event || t.reopened(f.Episode.Event) {
			did.Threads = append(did.Threads, ThreadClosing{Conversation: t.ID, Given: f.Episode.Event})
		}
	}
}

// members lists the mailboxes of the structure in a conversation: those noted with it, and those that the
// tables know now.
func (f EpisodeFacts) members(t Conversation) []MailboxID {
	all := slices.Clone(t.Boxes)
	for i := range t.Voices {
		all = append(all, OfStructure(f.Structure, f.Who, t.Voices[i].mailboxes())...)
	}
	return unique(all)
}

// OfStructure returns those of ids that the tables know as mailboxes of a structure.
func OfStructure(s StructureID, who Correspondents, ids []MailboxID) (own []MailboxID) {
	for _, m := range ids {
		if s != "" && who.Of(m).Structure == s {
			own = append(own, m)
		}
	}
	return own
}

// mailboxes lists everybody whom a voice names.
func (v *Voice) mailboxes() []MailboxID {
	return append(append([]MailboxID{v.From}, v.ReplyTo...), v.With...)
}

// speaks reports whether a message of one of ids, or one that they answer for, still counts in c.
func (c Conversation) speaks(ids []MailboxID, ex Exchanges) bool {
	for i := range c.Voices {
		v := &c.Voices[i]
		if slices.ContainsFunc(ids, v.names) && c.silencedBy(v, ex).Seq == 0 {
			return true
		}
	}
	return false
}

// Awaited reports whether an announced end waits for an answer to the patient (à traiter avant clôture,
// D24): its instant may have come.
func (c Conversation) Awaited() bool { return c.Closing.Event > 0 && c.LastPatient && !c.Closing.Even }

// EndCame reports whether the instant of an announced end came, which is still to be carried out.
func (c Conversation) EndCame(now time.Time) bool {
	return c.Closing.Event > 0 && !now.Before(c.Closing.At) && !c.Awaited()
}

// Settled returns the conversation as it stands at now: ended by every mailbox of the structure when an
// announced end came, as if that had been committed as next (D34). See [Exchange.Settled].
func (c Conversation) Settled(next Seq, now time.Time) Conversation {
	if !c.EndCame(now) {
		return c
	}
	c.Ends = slices.Clone(c.Ends)
	for _, m := range c.Closing.By {
		c.Ends = append(c.Ends, End{By: m, Seq: next, At: c.Closing.At, How: ByEpisode, Of: c.Closing.Event})
	}
	c.Closing = Closing{}
	return c
}

// CloseFacts is what [CloseConversation] needs to know.
type CloseFacts struct {
	Patient      Patient
	Next         Seq
	Conversation Conversation // as it was stored, not settled
	Sender       Correspondent
	Message      MessageKey // key of the last message, empty when there is none to send
}

// CloseConversation writes down that an announced end came (D24). A last message is delivered with it, but
// not to a patient whose mailbox does not take it any more: the end stays, and the message is noted as
// withheld (D13, D15). An end that is not due, was taken back or waits for an answer changes nothing.
func CloseConversation(f CloseFacts, now time.Time) Verdict {
	if !f.Conversation.EndCame(now) {
		return Verdict{}
	}
	v := Verdict{
		Effects: Project,
		Change:  Change{Kind: ConversationEnded, Seq: f.Next, At: now, Conversation: f.Conversation.ID, How: ByEpisode},
	}
	v.lastWord(f, now)
	return v
}

// lastWord sends the message of f with v, unless the patient's mailbox does not take it.
func (v *Verdict) lastWord(f CloseFacts, now time.Time) {
	switch {
	case f.Message == "":
	case Reach(f.Patient, f.Sender, now).Refused():
		v.Notes |= Withheld
	default:
		v.Change.Message = f.Message
		v.Effects |= Notify | Project
	}
}

// AnnounceClosing writes down that the patient was told of an announced end, once, by Message, which
// answers nothing and gives no right. Message is withheld as [CloseConversation] does.
func AnnounceClosing(f CloseFacts, now time.Time) Verdict {
	closing := f.Conversation.Closing
	if closing.Event == 0 || closing.Announced || !now.Before(closing.At) {
		return Verdict{}
	}
	v := Verdict{Change: Change{Kind: ClosingAnnounced, Seq: f.Next, At: now, Conversation: f.Conversation.ID}}
	v.lastWord(f, now)
	return v
}

// reopened reports whether a cancellation of the closing committed as event gives c back: that closing
// ended it, and nobody wrote in it or ended it since.
func (c Conversation) reopened(event Seq) bool {
	return slices.ContainsFunc(c.Ends, func(e End) bool { return e.Of == event && c.Touched < e.Seq })
}

// giveBack undoes the closing committed as event as far as nobody touched the conversation since.
func (c *Conversation) giveBack(event Seq) {
	if c.Closing.Event == event {
		c.Closing = Closing{}
	}
	if c.reopened(event) {
		c.Ends = slices.DeleteFunc(slices.Clone(c.Ends), func(e End) bool { return e.Of == event })
	}
}

// answered moves an announced end behind an answer to the patient, who gets time to read it.
func (c *Closing) answered(at time.Time) {
	if c.Event == 0 || c.Even {
		return
	}
	if later := at.Add(DefaultAnswer).Truncate(time.Millisecond); later.After(c.At) {
		c.At = later
	}
}

// joined adds mailboxes of the structure that a message brought into the conversation.
func (c *Closing) joined(boxes []MailboxID) {
	if c.Event > 0 {
		c.By = unique(append(slices.Clone(c.By), boxes...))
	}
}

// WouldEnd reports whether closing an episode of a structure by hand would end a conversation of it now.
func WouldEnd(c Conversation, s StructureID, ex Exchanges, who Correspondents) bool {
	f := EpisodeFacts{Structure: s, Who: who}
	return c.speaks(f.members(c), ex)
}
