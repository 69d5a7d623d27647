package conversations

import (
	"context"

	"mesbridge/rules"
)

// DraftMark names the text of a draft as somebody saw it, and tells nothing of it. Two texts of one conversation
// have two marks; no draft has the empty one.
type DraftMark string

// draftMark is the mark of a text.
func (s *Service) draftMark(id ID, text string) DraftMark {
	if text == "" {
		return ""
	}
	return DraftMark(lowerBase32(s.name("draft", string(id)+"\x00"+text)[:10]))
}

// draft returns the text of the conversation's unsent reply.
func (l *loaded) draft(id ID) (string, error) {
	b := l.facts.Conversations[draftField(id)]
	if len(b) == 0 {
		return "", nil
	}
	var text string
	if err := l.vault.open(TableConversations, string(draftField(id)), b, &text); err != nil {
		return "", unavailable("open a draft", err)
	}
	return text, nil
}

// KeepDraft keeps the text of an unsent reply in the place of the draft that its writer saw, and returns its mark; an
// empty text deletes the draft (R111). Keeping what stands there already changes nothing. It fails with KindStaleState,
// and changes nothing, when another text was kept since, in a second window or by somebody else who acts for the patient:
// let the writer choose. Of two processes that are asked in the same instant, the later one wins.
func (s *Service) KeepDraft(ctx context.Context, actor Actor, p PatientID, id ID, text string, seen DraftMark) (DraftMark, error) {
	mu := s.queue.of(p)
	mu.Lock()
	defer mu.Unlock()
	l, err := s.loadDraft(ctx, p, id)
	if err != nil {
		return "", err
	}
	stands, err := l.draft(id)
	switch {
	case err != nil:
		return "", err
	case stands == text:
	case s.draftMark(id, stands) != seen:
		return "", &Error{Kind: KindStaleState, Rule: "R111"}
	default:
		err = l.saveDraft(ctx, actor, id, text)
	}
	return s.draftMark(id, text), err
}

// SaveDraft keeps the text of an unsent reply, whatever stood there; an empty text deletes it (R111).
func (s *Service) SaveDraft(ctx context.Context, actor Actor, p PatientID, id ID, text string) error {
	l, err := s.loadDraft(ctx, p, id)
	if err != nil {
		return err
	}
	return l.saveDraft(ctx, actor, id, text)
}

// loadDraft reads a conversation for somebody who may write in it.
func (s *Service) loadDraft(ctx context.Context, p PatientID, id ID) (*loaded, error) {
	l, err := s.load(ctx, p, FactsQuery{Conversations: []ID{id}})
	if err != nil {
		return nil, err
	}
	if err := l.present(id); err != nil {
		return nil, err
	}
	return l, l.may(rules.MayReply)
}

func (l *loaded) saveDraft(ctx context.Context, actor Actor, id ID, text string) error {
	r := Record{Table: TableConversations, Field: string(draftField(id))}
	if text != "" {
		r.Value = l.vault.seal(TableConversations, r.Field, text)
	}
	return l.touch(ctx, actor, entryFrame{Kind: TraceDraft, Conversation: id}, r)
}
