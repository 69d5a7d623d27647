package rules

import "time"

// TrashFor is how long what a patient deleted is kept, out of everybody's sight, before it is erased
// (OP18, O196).
const TrashFor = 30 * 24 * time.Hour

// RepeatFor is how long the mark by which a repeated message is known outlives the message: longer than any
// operator tries to deliver one (O87).
const RepeatFor = 7 * 24 * time.Hour

// DeletionFacts is what [DeleteConversation] needs to know.
type DeletionFacts struct {
	Patient      Patient
	Next         Seq
	Conversation Conversation
	Shown        bool          // some of it is there for the patient
	Keep         time.Duration // before it is erased; 0: TrashFor
}

// DeleteConversation deletes all of a conversation for the patient alone (R115): professionals are not
// told and see what they saw (I167), who may reply to whom does not change for them, and there is no way
// back. A later message of theirs makes a conversation of what comes after (R117).
func DeleteConversation(f DeletionFacts, now time.Time) Verdict {
	switch {
	case !f.Patient.Account.Reads():
		return refuse(PatientOpposed, "O115")
	case f.Conversation.ID == "" || !f.Shown:
		return refuse(NotFound, "R115")
	}
	keep := f.Keep
	if keep == 0 {
		keep = TrashFor
	}
	return Verdict{
		Effects: Expunge, Due: now.Add(keep),
		Change: Change{Kind: ConversationDeleted, Seq: f.Next, At: now, Conversation: f.Conversation.ID},
	}
}

// afterDeletion returns the voices that count for the patient: those after what he deleted (R117).
func (c Conversation) afterDeletion() []Voice {
	for i := range c.Voices {
		if c.Voices[i].Seq > c.Deleted {
			return c.Voices[i:]
		}
	}
	return nil
}
