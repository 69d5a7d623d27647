package page

// alone marks a page from which the menu leads nowhere but back to it: the terms of use before they are accepted (D32), and
// an account in which nothing can be read (D16).
type alone interface{ alone() bool }

func (p Terms) alone() bool   { return p.AcceptedAt.IsZero() }
func (p Account) alone() bool { return !p.Reads() }
func (p Command) alone() bool { return !p.Account.State.Reads() }

// leads reports whether a page has the menu.
func leads(p Page) bool {
	a, ok := p.(alone)
	return !ok || !a.alone()
}
