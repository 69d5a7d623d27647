package page

import (
	"testing"

	"mesbridge/conversations"
)

// D27: in a shared mailbox a page says "you" to whoever wrote the message, and to nobody of one that came by mail.
func TestDeskThread_youAreWhoWrote(t *testing.T) {
	t.Parallel()
	alone, shared := DeskThread{Viewer: "me"}, DeskThread{Viewer: "me", Teams: []Team{{}}}
	for name, c := range map[string]struct {
		page DeskThread
		m    conversations.Message
		you  bool
	}{
		"own":                    {shared, conversations.Message{Mine: true, Writer: "Dr Moi", WriterID: "me"}, true},
		"a colleague's":          {shared, conversations.Message{Mine: true, Writer: "Dr Autre", WriterID: "other"}, false},
		"by mail, shared":        {shared, conversations.Message{Mine: true}, false},
		"by mail, alone":         {alone, conversations.Message{Mine: true}, true},
		"a colleague who left":   {alone, conversations.Message{Mine: true, Writer: "Dr Autre", WriterID: "other"}, false},
		"before ids were noted":  {shared, conversations.Message{Mine: true, Writer: "Dr Moi"}, false},
		"somebody else's":        {shared, conversations.Message{Author: "Jeanne Dupont"}, false},
		"nobody looks, not told": {DeskThread{}, conversations.Message{Mine: true, Writer: "Application"}, false},
	} {
		if got := c.page.Show(c.m).You; got != c.you {
			t.Errorf("%s: you %t, want %t", name, got, c.you)
		}
	}
}
