package conversations

import (
	"cmp"

	"mesbridge/rules"
)

// ClosingPlan is what the close of an episode planned to say, while its end did not come in every conversation.
// It is told to who may read one of those conversations: the patient will read it there.
type ClosingPlan struct {
	LastMessage string
	Contact     string
	Hidden      bool // there are words, and the caller may not read them
}

// add notes the words of an episode for one conversation of it, whose end is to come unless it is zero.
func (p *ClosingPlan) add(label episodeLabel, end rules.Closing, readable bool) {
	switch {
	case end.Event == 0 || label.LastMessage == "" && label.Contact == "":
	case readable:
		*p = ClosingPlan{LastMessage: label.LastMessage, Contact: label.Contact}
	default:
		p.Hidden = *p == ClosingPlan{} || p.Hidden
	}
}

// plan notes the words of a close, in the place of those of the close before.
func (l *episodeLabel) plan(in EpisodeInput, actor Actor) {
	if in.Keep {
		in.LastMessage, in.Contact = cmp.Or(in.LastMessage, l.LastMessage), cmp.Or(in.Contact, l.Contact)
	}
	l.LastMessage, l.Contact, l.Actor = in.LastMessage, in.Contact, actor
}
