package page

// Scripts names the scripts of a page, without ending. They help; each page works without them.
func Scripts(v Viewer, p Page) []string {
	var names []string
	if s, ok := p.(interface{ scripts() []string }); ok {
		names = s.scripts()
	}
	if v.Stay != nil {
		names = append(names, "session")
	}
	return names
}

// scripts keep the list fresh; a page further down the list stays as it is.
func (p Inbox) scripts() []string {
	if p.Further {
		return nil
	}
	return []string{"list"}
}

// scripts help with a reply.
func (p Conversation) scripts() []string {
	if !p.Reply.Allowed || p.Further {
		return nil
	}
	return []string{"reply"}
}
