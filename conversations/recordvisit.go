package conversations

import "mesbridge/rules"

// openVisitRecord is an open episode of the patient, kept in the patient's own record: it joins the
// mailboxes of its structure with the patient (D29).
type openVisitRecord struct {
	Visit    hexID `cbor:"1,keyasint"`
	Facility hexID `cbor:"2,keyasint"`
}

// visitRecord says which visit a conversation is about.
type visitRecord struct {
	Visit hexID   `cbor:"1,keyasint"`
	Boxes []hexID `cbor:"2,keyasint,omitempty"` // mailboxes of its structure
}

// closingRecord is an announced end of a conversation.
type closingRecord struct {
	At        millis    `cbor:"1,keyasint"`
	Even      bool      `cbor:"2,keyasint,omitempty"`
	Event     rules.Seq `cbor:"3,keyasint"`
	By        []hexID   `cbor:"4,keyasint"`
	Announced bool      `cbor:"5,keyasint,omitempty"`
}

// episodeRecord is one visit of the patient; its field in TableConversations is EpisodeField.
type episodeRecord struct {
	State    rules.EpisodeState  `cbor:"1,keyasint"`
	Since    millis              `cbor:"2,keyasint"`
	At       millis              `cbor:"3,keyasint"`
	ClosesAt millis              `cbor:"4,keyasint,omitempty"`
	Event    rules.Seq           `cbor:"5,keyasint,omitempty"`
	Death    bool                `cbor:"6,keyasint,omitempty"`
	Threads  []ID                `cbor:"7,keyasint,omitempty"`
	Events   []eventRecord       `cbor:"8,keyasint,omitempty"` // the last ones, oldest first
	Source   rules.EpisodeSource `cbor:"9,keyasint,omitempty"`
	Sealed   []byte              `cbor:"10,keyasint"` // episodeLabel
}

// eventRecord is one event that was applied, so that it counts once (D25).
type eventRecord struct {
	ID      []byte `cbor:"1,keyasint"` // keyed hash
	Body    []byte `cbor:"2,keyasint"` // keyed hash of what it said
	Touched []ID   `cbor:"3,keyasint,omitempty"`
}

// episodeLabel is what names somebody in an episode, and the words of its end.
type episodeLabel struct {
	Visit       Visit  `cbor:"1,keyasint"`
	LastMessage string `cbor:"2,keyasint,omitempty"`
	Contact     string `cbor:"3,keyasint,omitempty"`
	Actor       Actor  `cbor:"4,keyasint"` // who closed it
	Unit        string `cbor:"60,keyasint,omitempty"`
}

// episode returns what rules know of the record.
func (r episodeRecord) episode(v rules.VisitID) rules.Episode {
	e := rules.Episode{
		Visit: v, State: r.State, Since: r.Since.time(), At: r.At.time(), ClosesAt: r.ClosesAt.time(), Event: r.Event, Death: r.Death,
	}
	for _, id := range r.Threads {
		e.Threads = append(e.Threads, id.Conversation())
	}
	return e
}

// set takes over what rules decided.
func (r *episodeRecord) set(e rules.Episode) {
	r.State, r.Since, r.At, r.ClosesAt = e.State, toMillis(e.Since), toMillis(e.At), toMillis(e.ClosesAt)
	r.Event, r.Death = e.Event, e.Death
}

// closing returns what rules know of an announced end.
func (r *closingRecord) closing() rules.Closing {
	if r == nil {
		return rules.Closing{}
	}
	return rules.Closing{At: r.At.time(), Even: r.Even, Event: r.Event, By: mailboxIDs(r.By), Announced: r.Announced}
}

// closingRecordOf stores an announced end, nil for none.
func closingRecordOf(c rules.Closing) *closingRecord {
	if c.Event == 0 {
		return nil
	}
	return &closingRecord{At: toMillis(c.At), Even: c.Even, Event: c.Event, By: hexIDs(c.By), Announced: c.Announced}
}
