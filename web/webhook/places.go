package webhook

import "sync"

// Calls at once. Those to one receiver are few, so that it cannot take the places of the others; all of them leave most
// workers to the mail.
const (
	maxCalls = 16
	maxToOne = 2
)

// places counts calls under way. It is safe for concurrent use.
type places struct {
	mu  sync.Mutex
	all int
	to  map[string]int
}

func newPlaces() *places { return &places{to: map[string]int{}} }

// take takes a place for a call to a receiver, which leave gives back; taken is false when there is none.
func (p *places) take(receiver string) (leave func(), taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= maxCalls || p.to[receiver] >= maxToOne {
		return nil, false
	}
	p.all++
	p.to[receiver]++
	return func() { p.leave(receiver) }, true
}

func (p *places) leave(receiver string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.to[receiver]--; p.to[receiver] == 0 {
		delete(p.to, receiver)
	}
}
