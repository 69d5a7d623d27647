package tests

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// crashLane is one pair of mailbox and patient under load, with what both sides need to act.
type crashLane struct {
	crashPair
	t        *testing.T
	name     string
	random   *rand.Rand
	live     *demo
	box      string
	who      credential
	patient  crashCaller
	doctor   crashCaller
	contact  string // the mailbox among the patient's contacts
	exchange string // the pair, for the professional
	mail     *smtp.Client
	count    int
	waiting  *crashCommand // got no answer
	repeats  int           // commands that were sent a second time
	yes, no  int           // answers
	late     int           // refusals for the time being
}

// crashCommand is a command that can be sent again as it is.
type crashCommand struct {
	crashChange
	send func(*crashLane) crashAnswer
}

// crashAnswer is what came back.
type crashAnswer struct {
	kind  crashKind
	ended bool   // the refusal says so
	id    string // of what was made
	text  string // to tell
}

// crashKind is a kind of answer.
type crashKind int

// Kinds of answers.
const (
	answerYes crashKind = iota
	answerNo
	answerLater // 451, 503, 409: made or not, nobody says
	answerNone  // the connection was lost: the same
	answerWrong // one that nothing explains
)

// How the commands are mixed, in percent; the rest are blocks. A patient who blocks lifts it soon, since
// nothing else goes on meanwhile.
const (
	shareOpen, shareWrite, shareReply, shareEnd, shareEndAll = 12, 30, 38, 8, 5
	shareUnblock                                             = 40
	recentThreads                                            = 6 // conversations that are still in use
)

// run acts until stop is closed. After a command without an answer it waits a moment, as clients do.
func (l *crashLane) run(stop <-chan struct{}, done func()) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		switch l.carryOut(l.next()) {
		case answerYes, answerNo:
			done()
		case answerLater, answerNone:
			select {
			case <-stop:
			case <-time.After(crashPause):
			}
		case answerWrong:
		}
	}
}

// crashPause is how long a lane waits after a command without an answer.
const crashPause = 20 * time.Millisecond

// carryOut sends a command and tells the model.
func (l *crashLane) carryOut(c *crashCommand) crashKind {
	got := c.send(l)
	yes, refusal := l.allowed(c.crashChange)
	switch {
	case got.kind == answerYes && !yes, got.kind == answerNo && !refusal, got.kind == answerWrong:
		l.t.Errorf("%s: %s is answered %q; blocked %+v, thread %s", l.name, c.what, got.text, l.blocked, c.thread)
		l.waiting = nil
		return answerWrong
	case got.kind == answerYes:
		l.yes, l.waiting = l.yes+1, nil
		l.done(c.crashChange)
		l.keepID(c, got.id)
	case got.kind == answerNo:
		l.no, l.waiting = l.no+1, nil
		l.refused(c.crashChange, got.ended)
	default:
		l.late++
		l.waiting = c
		l.unsure(c.crashChange)
	}
	return got.kind
}

// keepID keeps what the answer called the thing that was made.
func (l *crashLane) keepID(c *crashCommand, id string) {
	switch {
	case id == "":
	case c.what == actOpen:
		c.thread.id = id
	case c.what == actReply:
		c.thread.texts[c.tag].id = id
	}
}

// next draws a command. One without an answer is sent again as it is, as operators and clients do, or
// left in doubt.
func (l *crashLane) next() *crashCommand {
	if c := l.waiting; c != nil {
		l.waiting = nil
		if l.random.IntN(4) > 0 {
			l.repeats++
			return c
		}
	}
	l.count++
	tag := fmt.Sprintf("%s.%d", l.name, l.count)
	thread := l.recent()
	n := l.random.IntN(100)
	switch {
	case l.blocked.yes && n >= 100-shareUnblock:
		return l.blocking(http.MethodDelete, actUnblock)
	case thread == nil || n < shareOpen:
		return l.opening(tag)
	case n < shareOpen+shareWrite:
		return l.writing(thread, tag)
	case n < shareOpen+shareWrite+shareReply:
		return l.replying(thread, tag)
	case n < shareOpen+shareWrite+shareReply+shareEnd:
		return l.ending(thread)
	case n < shareOpen+shareWrite+shareReply+shareEnd+shareEndAll:
		return l.endingAll(tag)
	}
	return l.blocking(http.MethodPut, actBlock)
}

// recent draws a conversation whose id is known, from the newest.
func (l *crashLane) recent() *crashThread {
	from := max(0, len(l.threads)-recentThreads)
	var usable []*crashThread
	for _, c := range l.threads[from:] {
		if c.id != "" {
			usable = append(usable, c)
		}
	}
	if len(usable) == 0 {
		return nil
	}
	return usable[l.random.IntN(len(usable))]
}

// opening is a first message, by mail or by the API.
func (l *crashLane) opening(tag string) *crashCommand {
	thread := &crashThread{subject: "Sujet " + tag, lane: l, open: known(true), texts: map[string]*crashText{}}
	l.threads = append(l.threads, thread)
	byMail := l.random.IntN(3) > 0
	if byMail {
		thread.first = "<" + tag + "@operator.test>"
	}
	c := &crashCommand{crashChange: crashChange{what: actOpen, thread: thread, tag: tag, mail: byMail}}
	message := note(l.box, l.address(), thread.subject, "tag:"+tag+";", "Message-ID: "+thread.first)
	body := map[string]any{
		"mailbox": l.box, "patient": map[string]any{"ins": l.ins()}, "subject": thread.subject, "text": "tag:" + tag + ";",
	}
	c.send = func(l *crashLane) crashAnswer {
		if !byMail {
			return l.doctor.call(l.live, http.MethodPost, "/conversations", tag, body, http.StatusCreated)
		}
		got := l.post(message)
		if got.kind == answerYes {
			got.id = l.find(thread.subject)
		}
		return got
	}
	return c
}

// writing is a further message, by mail.
func (l *crashLane) writing(thread *crashThread, tag string) *crashCommand {
	if thread.first == "" {
		return l.opening(tag)
	}
	message := note(l.box, l.address(), thread.subject, "tag:"+tag+";", "Message-ID: <"+tag+"@operator.test>", "In-Reply-To: "+thread.first)
	return &crashCommand{
		crashChange: crashChange{what: actWrite, thread: thread, tag: tag, mail: true},
		send:        func(l *crashLane) crashAnswer { return l.post(message) },
	}
}

// replying is the patient's reply.
func (l *crashLane) replying(thread *crashThread, tag string) *crashCommand {
	return &crashCommand{
		crashChange: crashChange{what: actReply, thread: thread, tag: tag},
		send: func(l *crashLane) crashAnswer {
			return l.patient.call(l.live, http.MethodPost, "/inbox/"+thread.id+"/replies", tag, map[string]any{"text": "tag:" + tag + ";"}, http.StatusCreated)
		},
	}
}

// ending ends one conversation.
func (l *crashLane) ending(thread *crashThread) *crashCommand {
	return &crashCommand{
		crashChange: crashChange{what: actEnd, thread: thread},
		send: func(l *crashLane) crashAnswer {
			return l.doctor.call(l.live, http.MethodPost, "/conversations/"+thread.id+"/end", "", map[string]any{}, http.StatusOK)
		},
	}
}

// endingAll ends the exchange, by a [FIN] message or by the API.
func (l *crashLane) endingAll(tag string) *crashCommand {
	byMail := l.random.IntN(2) == 0
	message := note(l.box, l.address(), "[FIN]", "", "Message-ID: <"+tag+"@operator.test>")
	return &crashCommand{
		crashChange: crashChange{what: actEndAll, mail: byMail},
		send: func(l *crashLane) crashAnswer {
			if byMail {
				return l.post(message)
			}
			return l.doctor.call(l.live, http.MethodPost, "/exchanges/"+l.exchange+"/end", "", map[string]any{}, http.StatusOK)
		},
	}
}

// blocking is the patient's block, or its end.
func (l *crashLane) blocking(method string, what crashAct) *crashCommand {
	return &crashCommand{
		crashChange: crashChange{what: what},
		send: func(l *crashLane) crashAnswer {
			return l.patient.call(l.live, method, "/inbox/contacts/"+l.contact+"/block", "", nil, http.StatusOK, http.StatusNoContent)
		},
	}
}

func (l *crashLane) address() string { return l.patient.address }
func (l *crashLane) ins() string     { return l.patient.ins }

// find returns the id of a conversation that was just acknowledged: a patient's own reads see it.
func (l *crashLane) find(subject string) string {
	var page list[conversation]
	got := l.patient.read(l.live, "/inbox?limit=50", &page)
	if got != http.StatusOK {
		return ""
	}
	for _, c := range page.Items {
		if c.Subject == subject {
			return c.ID
		}
	}
	l.t.Errorf("%s: %q was acknowledged and the patient does not see it", l.name, subject)
	return ""
}

// post sends a message over the lane's own connection.
func (l *crashLane) post(message string) crashAnswer {
	if l.mail == nil {
		if err := l.dial(); err != nil {
			return crashAnswer{kind: answerNone, text: err.Error()}
		}
	}
	err := l.mail.SendMail(l.box, []string{l.address()}, strings.NewReader(message))
	var refusal *smtp.SMTPError
	switch {
	case err == nil:
		return crashAnswer{kind: answerYes, text: "250"}
	case !errors.As(err, &refusal) || refusal.Code == 421:
		l.hangUp()
		return crashAnswer{kind: answerNone, text: err.Error()}
	}
	if l.mail.Reset() != nil {
		l.hangUp()
	}
	switch {
	case refusal.Code == 550 && refusal.EnhancedCode == smtp.EnhancedCode{5, 2, 1}:
		return crashAnswer{kind: answerNo, text: refusal.Message}
	case refusal.Code == 451 && refusal.EnhancedCode == smtp.EnhancedCode{4, 3, 0}:
		return crashAnswer{kind: answerLater, text: refusal.Message}
	}
	return crashAnswer{kind: answerWrong, text: refusal.Error()}
}

// crashPatience bounds one answer. It is far beyond what the bridge takes, so that no command is still
// carried out after its caller went away.
const crashPatience = 90 * time.Second

func (l *crashLane) dial() error {
	conf, err := l.live.clientTLS(l.who)
	if err != nil {
		return err
	}
	dialer := net.Dialer{Timeout: crashPatience}
	conn, err := dialer.DialContext(context.WithoutCancel(l.t.Context()), "tcp", l.live.SMTP)
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(crashPatience))
	if l.mail, err = smtp.NewClientStartTLS(conn, conf); err != nil {
		_ = conn.Close()
		l.mail = nil
	}
	return err
}

func (l *crashLane) hangUp() {
	if l.mail != nil {
		_ = l.mail.Close()
		l.mail = nil
	}
}
