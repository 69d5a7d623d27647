package bridge

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/emersion/go-smtp"

	"mesbridge/bridge/trust"
	"mesbridge/conversations"
)

// session is what go-smtp asks at each command of one connection. For BDAT it calls Data in another
// goroutine than the rest.
type session struct {
	server *Server
	conn   *peerConn

	mu       sync.Mutex
	tx       *transaction
	refusals int // 5.7.1 since the last message that was taken (O71)
}

// transaction is one mail transaction (RFC 5321 section 3.3). It is not changed once Data has it.
type transaction struct {
	list    *trust.List           // by which the sender was judged
	sender  conversations.Address // zero: null reverse-path
	envID   string
	full    bool // RET=FULL
	to      []recipient
	missed  []missed
	office  bool // it is for the operator: postmaster or abuse
	noReply bool // it is for the mailbox that copies come from (D30)
	trial   bool // it is for the mailbox that answers (O118)
}

// ours reports whether it is for a mailbox that is no patient's.
func (tx *transaction) ours() bool { return tx.office || tx.noReply || tx.trial }

// errNotOurs means that go-smtp was given a connection that did not come through the front.
var errNotOurs = errors.New("connection without front")

// newSession implements smtp.Backend.
func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	p, ok := c.Conn().(*peerConn)
	if !ok {
		return nil, translate(errNotOurs).reply
	}
	if p.excess {
		p.leave()
		s.traceConnection(s.base, p.id, p, reasonManyConnections, slog.String("peer", p.peer.Name))
		return nil, reasonManyConnections.answer().reply
	}
	return &session{server: s, conn: p}, nil
}

// Reset drops the transaction.
func (s *session) Reset() {
	s.mu.Lock()
	s.tx = nil
	s.mu.Unlock()
	s.conn.end()
}

// Logout implements smtp.Session.
func (s *session) Logout() error {
	s.Reset()
	return nil
}

// count adds a refusal, or forgets all with 0.
func (s *session) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 {
		s.refusals = 0
		return
	}
	s.refusals += n
}

// allowed says whether the peer may go on at all: O71.
func (s *session) allowed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusals >= s.server.MaxRefusals {
		return reasonManyRefusals
	}
	return nil
}

// Mail begins a transaction.
func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.conn.batch()
	sender, err := reversePath(from, o.UTF8)
	if err == nil {
		err = s.begin(sender, o)
	}
	if err != nil {
		return s.refuse("sender", sender.Domain, err)
	}
	return nil
}

// begin opens the transaction if the peer may send for sender.
func (s *session) begin(sender conversations.Address, o *smtp.MailOptions) error {
	if err := s.allowed(); err != nil {
		return err
	}
	list, err := s.judgeSender(sender)
	if err != nil {
		return err
	}
	if o.Size > s.server.MaxMessageBytes {
		return reasonTooLarge
	}
	if limit := s.server.meters.take(s.conn.peer.DN, sender, s.server.Now()); limit != "" {
		return limit
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tx != nil { // RFC 5321 section 4.1.4; go-smtp would keep the recipients of the first
		return reasonSequence
	}
	s.tx = &transaction{
		list: list, sender: sender, envID: o.EnvelopeID, full: o.Return == smtp.DSNReturnFull,
	}
	s.conn.begin()
	return nil
}

// judgeSender makes the checks of O62 to O68 in their order, and gives the list that it used.
func (s *session) judgeSender(sender conversations.Address) (*trust.List, error) {
	peer := s.conn.peer
	if s.server.leaving.Load() {
		return nil, reasonLeaving
	}
	if peer.Fault != "" {
		return nil, &trust.PeerError{Fault: peer.Fault, Err: peer.Err}
	}
	list, err := s.server.List()
	if err != nil {
		return nil, reasonListUnavailable
	}
	switch {
	case sender.IsZero() && list.KnowsDN(peer.DN):
		return list, nil // O68
	case !list.KnowsDN(peer.DN):
		return nil, reasonPeerUnlisted
	case sender.Domain == s.server.CitizenDomain:
		return nil, reasonSenderCitizen
	case !list.Listed(sender.Domain):
		return nil, reasonSenderUnlisted
	case !list.AllowsDN(sender.Domain, peer.DN):
		return nil, reasonSenderNotAllowed
	}
	return list, nil
}

// asking gives the context of a question to the inbox.
func (s *Server) asking() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.base, s.CommitTimeout)
}
