package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"

	"github.com/emersion/go-smtp"

	"mesbridge/bridge/trust"
	"mesbridge/conversations"
)

// Traces hold the session, the event, the outcome, the reply, the reason with its rule, the peer's
// name and the sender's domain: never an address, a matricule or anything of a message (O154, I188).

// traceConnection notes what became of a connection before TLS.
func (s *Server) traceConnection(ctx context.Context, id string, c net.Conn, why reason, more ...slog.Attr) {
	s.Log.LogAttrs(ctx, slog.LevelInfo, "smtp", append([]slog.Attr{
		slog.String("session", id), slog.String("event", "connection"),
		slog.String("outcome", "refused"), slog.String("reason", string(why)), slog.String("remote", c.RemoteAddr().String()),
	}, more...)...)
	s.journal(conversations.Event{Kind: conversations.TraceConnection, Code: string(why), Rule: translate(why).rule})
}

// journal keeps a refusal of ours in the journal, unless there is none. What the inbox refuses it keeps itself.
func (s *Server) journal(e conversations.Event) {
	if s.Refused == nil {
		return
	}
	e.Actor = conversations.ActorOperator
	s.Refused(s.base, e)
}

// tracePeer notes who stands at the other end, and why his certificate does not count.
func (s *Server) tracePeer(ctx context.Context, c *peerConn) {
	if c.peer.Fault == "" {
		s.Log.LogAttrs(ctx, slog.LevelDebug, "smtp", slog.String("session", c.id), slog.String("event", "connection"),
			slog.String("outcome", "success"), slog.String("peer", c.peer.Name), slog.String("remote", c.RemoteAddr().String()))
		return
	}
	s.Log.LogAttrs(ctx, slog.LevelWarn, "smtp", slog.String("session", c.id), slog.String("event", "certificate"),
		slog.String("outcome", "refused"), slog.String("reason", string(c.peer.Fault)), slog.String("rule", "O62"),
		slog.String("remote", c.RemoteAddr().String()))
	s.journal(conversations.Event{Kind: conversations.TraceConnection, Code: string(c.peer.Fault), Rule: "O62", Peer: c.peer.Name})
}

// refuse turns an error into the reply to a command, traces it, and counts it when it is a 5.7.1
// (O71).
func (s *session) refuse(event string, domain string, err error) error {
	a := translate(err)
	attrs := []slog.Attr{
		slog.String("session", s.conn.id), slog.String("event", event), slog.String("outcome", "refused"),
		slog.String("code", codes(a.reply)), slog.String("reason", a.reason), slog.String("rule", a.rule),
		slog.String("peer", s.conn.peer.Name), slog.String("domain", domain),
	}
	level := slog.LevelInfo
	if a.reply.Temporary() || a.reply.EnhancedCode[1] == 7 { // a fault of ours, or a matter of security
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("err", cause(err)))
	}
	s.server.Log.LogAttrs(s.server.base, level, "smtp", attrs...)
	if own := (*conversations.Error)(nil); !errors.As(err, &own) {
		s.server.journal(conversations.Event{Kind: refusedKind(event), Code: a.reason, Rule: a.rule, Peer: cmp.Or(domain, s.conn.peer.Name)})
	}
	if a.reply.EnhancedCode == (smtp.EnhancedCode{5, 7, 1}) {
		s.count(1)
	}
	if a.reply.Code == 421 {
		s.conn.leave()
	}
	return a.reply
}

// refusedKind is the kind of journal entry of a refused command.
func refusedKind(event string) conversations.TraceKind {
	switch event {
	case "sender":
		return conversations.TraceSender
	case "recipient":
		return conversations.TraceRecipient
	}
	return conversations.TraceRefused
}

// alarm tells those who watch the traces of what a person should look at.
func (s *session) alarm(why reason, rule, domain string, more ...slog.Attr) {
	s.server.Log.LogAttrs(s.server.base, slog.LevelError, "smtp", append([]slog.Attr{
		slog.String("session", s.conn.id), slog.String("event", "alarm"), slog.String("reason", string(why)),
		slog.String("rule", rule), slog.String("peer", s.conn.peer.Name), slog.String("domain", domain),
	}, more...)...)
}

// antivirus traces a verdict (O155).
func (s *session) antivirus(tx *transaction, outcome string, more ...slog.Attr) {
	level := slog.LevelInfo
	if outcome != "success" {
		level = slog.LevelWarn
		s.server.journal(conversations.Event{Kind: conversations.TraceScan, Code: outcome, Rule: "O168", Peer: tx.sender.Domain})
	}
	s.server.Log.LogAttrs(s.server.base, level, "smtp", append([]slog.Attr{
		slog.String("session", s.conn.id), slog.String("event", "antivirus"), slog.String("outcome", outcome),
		slog.String("rule", "O168"), slog.String("peer", s.conn.peer.Name), slog.String("domain", tx.sender.Domain),
	}, more...)...)
}

// codes writes the two codes of a reply.
func codes(r *smtp.SMTPError) string {
	e := r.EnhancedCode
	return fmt.Sprintf("%d %d.%d.%d", r.Code, e[0], e[1], e[2])
}

// cause tells an error to the log. Only errors that promise to hold no personal data are spelled out,
// and nothing of what wraps them.
func cause(err error) string {
	var kind *conversations.Error
	var peer *trust.PeerError
	switch {
	case errors.As(err, &kind):
		return kind.Error()
	case errors.As(err, &peer):
		return peer.Error()
	}
	return fmt.Sprintf("%T", err)
}

// received traces a message that was taken.
func (s *session) received(tx *transaction, d deposit, size int64, repeated bool) {
	s.server.Log.LogAttrs(s.server.base, slog.LevelInfo, "smtp",
		slog.String("session", s.conn.id), slog.String("event", "message.in"), slog.String("outcome", "success"),
		slog.String("code", "250 2.0.0"), slog.String("peer", s.conn.peer.Name), slog.String("domain", tx.sender.Domain),
		slog.String("message", string(d.id)), slog.Int64("size", size), slog.Bool("repeated", repeated))
}

// guard keeps a panic of one goroutine from ending the others. The value of a panic may quote a
// message, so only the stack is kept.
func (s *Server) guard(ctx context.Context, who string) {
	if recover() != nil {
		s.Log.ErrorContext(ctx, "smtp", "event", "panic", "in", who, "stack", string(debug.Stack()))
	}
}

// libraryLog takes what go-smtp would print. Of its arguments only a stack is kept: the others may
// quote the peer.
type libraryLog struct{ log *slog.Logger }

// Printf implements smtp.Logger.
func (l libraryLog) Printf(format string, v ...any) {
	if stack, ok := last(v).([]byte); ok && strings.HasPrefix(format, "panic") {
		l.log.Error("smtp", "event", "panic", "in", "session", "stack", string(stack))
		return
	}
	l.log.Debug("smtp", "event", "library", "text", format)
}

// Println implements smtp.Logger.
func (l libraryLog) Println(...any) { l.log.Debug("smtp", "event", "library") }

func last(v []any) any {
	if len(v) == 0 {
		return nil
	}
	return v[len(v)-1]
}
