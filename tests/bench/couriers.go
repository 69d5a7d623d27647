package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Replies go from correspondents patients to answerers mailboxes: no patient has so many that his
// commands, which are done one after the other, would be what is measured.
const (
	correspondents = 500
	answerers      = 10
)

// answererList lists the mailboxes that replies go to; they are among those that the load comes from.
func (l *lab) answererList() []string {
	var all []string
	for n := range answerers {
		all = append(all, fmt.Sprintf("medecin-%03d@%s", n, l.bridge.domain()))
	}
	return all
}

// ownCourier opens a conversation with each correspondent, whose replies are then posted.
func (l *lab) ownCourier(ctx context.Context) (courier, error) {
	b := l.bridge
	turn := make(chan int, correspondents)
	for i := range correspondents {
		turn <- i
	}
	job := load{
		address: l.peers[0].address, tls: l.peers[0].tls, letters: l.lettersFor(small, 10), perConn: 100, limit: correspondents,
		next: func(one *letter) func() {
			i := <-turn
			one.write(b.number.Add(1), i%answerers, b.crowd[i].INS)
			return func() { b.got[i].Add(1) }
		},
	}
	if _, err := job.run(ctx); err != nil {
		return courier{}, err
	}
	d := desk{bridge: b, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: pageClients}}}
	for i := range correspondents {
		var page struct{ Items []struct{ ID string } }
		if err := b.get(ctx, b.crowd[i].Token, "/inbox?limit=1", &page); err != nil || len(page.Items) == 0 {
			return courier{}, errors.Join(err, errors.New("the newest conversation of a correspondent is not there"))
		}
		d.conversations = append(d.conversations, page.Items[0].ID)
	}
	watch, err := watchMailboxes(b.ready.OperatorMaildirs, l.answererList())
	return courier{l.peers[0], watch, func(session, of int) submitter { return &poster{d, session, of} }}, err
}

// desk is where replies are posted.
type desk struct {
	*bridge
	client        *http.Client
	conversations []string // by correspondent
}

// poster is a session that posts replies of correspondents of its own, each in his turn.
type poster struct {
	desk
	next, step int
}

// submit posts one reply of about 4 kB.
func (p *poster) submit(ctx context.Context, number uint64) error {
	i := p.next
	p.next = (p.next + p.step) % correspondents
	body := fmt.Appendf(nil, `{"text":"%s%010d\n%s"}`, arrivalMark, number, strings.Repeat(`Merci, ceci est une ligne de texte comme un patient en ecrit.\n`, 55))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.ready.HTTP+"/api/v1/inbox/"+p.conversations[i]+"/replies", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+p.crowd[i].Token)
	r.Header.Set("Content-Type", "application/json")
	res, err := p.client.Do(r)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s: %s", res.Status, answer)
	}
	return err
}

func (p *poster) close() error { return nil }

// postfixCourier submits by SMTP.
func (l *lab) postfixCourier(p *peer) (courier, error) {
	watch, err := watchMailboxes(l.sink.dir, l.answererList())
	way := post{"patient-" + markSender + "@mesure.mssante.fr", "medecin-" + markSender + "@" + l.bridge.domain()}
	return courier{p, watch, func(int, int) submitter { return &relayed{peer: p, letter: newLetter(way, small, 0)} }}, err
}

// relayed is a session that hands letters to a mail server, on a connection that stays.
type relayed struct {
	peer   *peer
	letter *letter
	wire   *wire
}

func (r *relayed) submit(_ context.Context, number uint64) (err error) {
	if r.wire == nil {
		if r.wire, err = dial(r.peer.address, r.peer.tls); err != nil {
			return err
		}
	}
	r.letter.write(number, int(number%answerers), "")
	_, _, err = r.wire.send(r.letter)
	return err
}

func (r *relayed) close() error {
	if r.wire == nil {
		return nil
	}
	return r.wire.quit()
}
