package web

import (
	"context"

	"mesbridge/conversations"
)

// olderPlace is the place of older messages that the fakes know.
const olderPlace = "51"

func (f *fakeConversations) ThreadBefore(ctx context.Context, p conversations.PatientID, id conversations.ID, before string) (conversations.Thread, error) {
	t, err := f.Thread(ctx, p, id)
	switch {
	case err != nil || before == "":
		t.Older = f.older
		return t, err
	case before != olderPlace:
		return conversations.Thread{}, kind(conversations.KindInvalidRequest)
	}
	return t, nil
}

func (f *fakeConversations) Line(_ context.Context, p conversations.PatientID, id conversations.ID) (conversations.ThreadLine, error) {
	f.about(p)
	if err := f.called("Line"); err != nil {
		return conversations.ThreadLine{}, err
	}
	t, ok := f.threads[id]
	if !ok {
		return conversations.ThreadLine{}, kind(conversations.KindNotFound)
	}
	return t.ThreadLine, nil
}

func (f *fakeConversations) LatestThreads(_ context.Context, p conversations.PatientID) (map[conversations.ID]conversations.ID, error) {
	f.about(p)
	return map[conversations.ID]conversations.ID{exchangeID: openID}, f.called("LatestThreads")
}

func (f *fakeConversations) Watch(_ context.Context, p conversations.PatientID) (conversations.Watching, error) {
	f.about(p)
	return conversations.Watching{Changes: f.changes, Stop: func() {}}, f.called("Watch")
}

func (f *fakeConversations) AttachmentLine(ctx context.Context, p conversations.PatientID, id conversations.ID) (conversations.AttachmentLine, error) {
	f.about(p)
	if err := f.called("AttachmentLine"); err != nil {
		return conversations.AttachmentLine{}, err
	}
	if _, ok := f.files[id]; !ok {
		return conversations.AttachmentLine{}, kind(conversations.KindNotFound)
	}
	return conversations.AttachmentLine{ID: id, Name: f.fileName, Type: f.fileType, Bytes: int64(len(f.files[id])), Savable: true}, nil
}

func (f *fakeConversations) KeepDraft(_ context.Context, _ conversations.Actor, p conversations.PatientID, _ conversations.ID, text string, seen conversations.DraftMark) (conversations.DraftMark, error) {
	f.about(p)
	if err := f.called("KeepDraft"); err != nil {
		return "", err
	}
	if f.draft != text && markOfDraft(f.draft) != seen {
		return "", kind(conversations.KindStaleState)
	}
	f.draft = text
	return markOfDraft(text), nil
}

// markOfDraft is the mark that the fakes give a text.
func markOfDraft(text string) conversations.DraftMark {
	if text == "" {
		return ""
	}
	return conversations.DraftMark("mark-of-" + text[:1])
}
