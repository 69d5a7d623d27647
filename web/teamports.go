package web

import (
	"context"

	"mesbridge/conversations"
)

// Teamwork is what the border asks of the core for those who share a mailbox, and for who is away.
type Teamwork interface {
	Team(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID) ([]conversations.Team, error)
	Attend(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID) error
	TakeCare(ctx context.Context, actor conversations.Actor, m conversations.Address, id conversations.ID) (conversations.Care, error)
	ReleaseCare(ctx context.Context, actor conversations.Actor, m conversations.Address, id conversations.ID) (conversations.Care, error)
	HandOver(ctx context.Context, actor conversations.Actor, m conversations.Address, id, to conversations.ID, note string) (conversations.Care, error)
	AddNote(ctx context.Context, actor conversations.Actor, m conversations.Address, id conversations.ID, text string) (conversations.InternalNote, error)
	DeleteNote(ctx context.Context, actor conversations.Actor, m conversations.Address, id, note conversations.ID) error

	Templates(ctx context.Context, actor conversations.Actor, m conversations.Address) ([]conversations.Template, error)
	SaveTemplate(ctx context.Context, actor conversations.Actor, m conversations.Address, in conversations.Template) (conversations.Template, error)
	DeleteTemplate(ctx context.Context, actor conversations.Actor, m conversations.Address, id conversations.ID) error
	FillTemplate(ctx context.Context, actor conversations.Actor, m conversations.Address, id conversations.ID) (string, error)

	Absence(ctx context.Context, actor conversations.Actor, m conversations.Address) (conversations.Absence, error)
	DeclareAbsence(ctx context.Context, actor conversations.Actor, m conversations.Address, in conversations.AbsenceInput) (conversations.Absence, error)
	EndAbsence(ctx context.Context, actor conversations.Actor, m conversations.Address) error
}
