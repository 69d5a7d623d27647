package xdm

import "io"

// budget is what is left to read for one message.
type budget struct {
	octets   int64
	elements int
}

// bounded reads from r until limit or the budget is spent, and then fails with ErrTooLarge: what is cut
// must not look like what has ended.
type bounded struct {
	r      io.Reader
	limit  int64
	budget *budget
}

func (b *bounded) Read(p []byte) (int, error) {
	room := min(b.limit, b.budget.octets)
	if int64(len(p)) > room+1 { // one more, to tell the end from a cut
		p = p[:room+1]
	}
	n, err := b.r.Read(p)
	b.limit -= int64(n)
	b.budget.octets -= int64(n)
	if b.limit < 0 || b.budget.octets < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}
