package bridge

import (
	"errors"
	"io"
	"log/slog"

	"mesbridge/bridge/mail"
	"mesbridge/bridge/scan"
	"mesbridge/conversations"
)

// copyBuffer is how much of a message is in memory at once, in octets.
const copyBuffer = 64 << 10

// deposit is a message on its way into one patient's store.
type deposit struct {
	recipient
	id   conversations.ID
	body conversations.BodyWriter
}

// arrival is a message on its way to all its recipients.
type arrival struct {
	deposits []deposit
	office   conversations.BodyWriter // the operator's copy; nil: it is not for the operator
	statuses *statuses                // of a report to the mailbox that copies come from; nil: it is not for that
	scan     *scan.Stream             // nil: no scanner is configured
}

// Data takes the message. It returns nil, which go-smtp says as 250, only when the bytes and the state
// of every recipient are durable (O80).
func (s *session) Data(r io.Reader) error {
	tx := s.handOver()
	if tx == nil {
		return s.refuse("message.in", "", reasonSequence)
	}
	defer s.server.work.Done()
	err := s.allowed()
	if err == nil {
		err = s.take(tx, r)
	}
	if err != nil {
		return s.refuse("message.in", tx.sender.Domain, err)
	}
	s.count(0)
	return nil
}

// handOver takes the transaction out of the session, and has Shutdown wait for it. Both happen under
// the lock that Logout needs, so that no work begins after the connection has ended.
func (s *session) handOver() *transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := s.tx
	s.tx = nil
	if tx == nil || tx.recipients() == 0 && !tx.ours() {
		return nil
	}
	s.server.work.Add(1)
	return tx
}

// take stores, judges and commits one message.
func (s *session) take(tx *transaction, r io.Reader) error {
	if tx.sender.IsZero() && !tx.ours() {
		return s.takeReport(tx, r)
	}
	a, err := s.open(tx)
	defer a.drop()
	if err != nil {
		return err
	}
	facts, err := s.read(r, a)
	if s.server.Bounces == BouncesMES && errors.Is(err, reasonTooLarge) && !tx.sender.IsZero() && !facts.From.Address.IsZero() {
		return s.tooLarge(tx, facts)
	}
	if err != nil {
		return err
	}
	if err := s.judge(tx, facts); err != nil {
		return err
	}
	if err := s.scanned(tx, a.scan); err != nil {
		return err
	}
	if err := a.store(); err != nil {
		return err
	}
	if err := s.commit(tx, facts, a); err != nil {
		return err
	}
	s.tryOut(tx, facts)
	return nil
}

// open starts a body for each recipient. It returns those it opened also when it fails.
func (s *session) open(tx *transaction) (a arrival, err error) {
	a.deposits = make([]deposit, 0, len(tx.to))
	for _, to := range tx.to {
		ctx, cancel := s.server.asking()
		id, body, err := s.server.Inbox.NewBody(ctx, to.patient)
		cancel()
		if err != nil {
			return a, err
		}
		a.deposits = append(a.deposits, deposit{to, id, body})
	}
	if tx.office {
		if a.office, err = s.server.Office.Create(s.server.Now()); err != nil {
			return a, err
		}
	}
	if tx.noReply {
		a.statuses = &statuses{}
	}
	if s.server.Scanner != nil {
		a.scan = s.server.Scanner.Begin(s.server.base)
	}
	return a, nil
}

// writers are all that take the message's octets.
func (a arrival) writers() []io.Writer {
	var all []io.Writer
	for _, d := range a.deposits {
		all = append(all, d.body)
	}
	if a.office != nil {
		all = append(all, a.office)
	}
	if a.statuses != nil {
		all = append(all, a.statuses)
	}
	if a.scan != nil {
		all = append(all, a.scan)
	}
	return all
}

// store makes the bodies durable.
func (a arrival) store() error {
	for _, d := range a.deposits {
		if err := d.body.Commit(); err != nil {
			return err
		}
	}
	if a.office != nil {
		return a.office.Commit()
	}
	return nil
}

// drop removes what was not stored.
func (a arrival) drop() {
	for _, d := range a.deposits {
		_ = d.body.Abort() // after Commit it does nothing; what stays behind is collected
	}
	if a.office != nil {
		_ = a.office.Abort() // the same; a reader of the Maildir does not look into tmp
	}
	if a.scan != nil {
		a.scan.Close()
	}
}

// read copies the message to its writers while its facts are read, and makes sure that it is whole. Of a
// message that is too large it gives the facts too.
func (s *session) read(r io.Reader, a arrival) (mail.Facts, error) {
	intake, report := mail.NewIntake(s.server.Limits), mail.NewReportReader(s.server.Limits, false)
	err := s.pass(r, append([]io.Writer{intake, report}, a.writers()...)...)
	switch {
	case errors.Is(err, reasonTooLarge):
		facts, _ := intake.Close() // it ends in the middle
		return facts, err
	case err != nil:
		return mail.Facts{}, err
	}
	facts, err := intake.Close()
	facts.Report = report.Close()
	return facts, err
}

// pass copies the message, and makes sure that it is whole.
func (s *session) pass(r io.Reader, to ...io.Writer) error {
	buffer, ok := s.server.buffers.Get().(*[copyBuffer]byte)
	if !ok {
		return reasonInternal
	}
	defer s.server.buffers.Put(buffer)
	source := &source{r: s.conn.message(r), left: s.server.MaxMessageBytes}
	_, err := io.CopyBuffer(io.MultiWriter(to...), source, buffer[:])
	if s.conn.cut.Load() { // whatever go-smtp made of it
		return reasonCut
	}
	return err
}

// scanned asks the scanner what it found (O168).
func (s *session) scanned(tx *transaction, stream *scan.Stream) error {
	if stream == nil {
		return nil
	}
	found, err := stream.Verdict()
	switch {
	case err != nil:
		s.antivirus(tx, "failed", slog.String("err", err.Error())) // scan promises that nothing of a message is in it
		return reasonScannerDown
	case found != "":
		s.antivirus(tx, "refused", slog.String("found", found))
		return reasonInfected
	}
	s.antivirus(tx, "success")
	return nil
}
