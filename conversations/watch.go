package conversations

import "context"

// Watching tells one patient's visitor that there is something new to read. It carries no content: whoever hears it
// reads again.
type Watching struct {
	// Changes receives a value soon after a record of the patient was written by any process; several changes may
	// give one value, and a few may give none. It is closed when no more will come.
	Changes <-chan struct{}
	Stop    func() // ends the watch; calling it again does nothing
}

// Watch watches a patient's conversations until Stop, for somebody who may read them. It fails as Inbox does.
func (s *Service) Watch(ctx context.Context, p PatientID) (Watching, error) {
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return Watching{}, err
	}
	if err := l.mayRead(); err != nil {
		return Watching{}, err
	}
	return s.Store.Watch(p), nil
}
