package main

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/emersion/go-smtp"
	"github.com/redis/go-redis/v9"
)

// script writes a record and a place in a list: the least by which a message could be found again.
const script = `redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[1])
return 1`

// record stands for what would be known of a message.
var record = string(bytes.Repeat([]byte{'r'}, 200))

// depot is where messages go.
type depot struct {
	log     *groupLog
	client  *redis.Client
	script  *redis.Script
	buffers sync.Pool
	number  atomic.Int64
}

// keep makes one message durable.
func (d *depot) keep(to string, r io.Reader) error {
	buf, ok := d.buffers.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	defer d.buffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(r); err != nil {
		return err
	}
	if err := d.log.append(buf.Bytes()); err != nil {
		return err
	}
	id := strconv.FormatInt(d.number.Add(1), 10)
	return d.script.Run(context.Background(), d.client, []string{"msgs:" + to, "inbox:" + to}, id, record).Err()
}

// session is one connection.
type session struct {
	depot *depot
	to    string
}

// Mail begins a transaction.
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes any recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

// Data answers when bytes and record are durable.
func (s *session) Data(r io.Reader) error { return s.depot.keep(s.to, r) }

// Reset has nothing to drop.
func (s *session) Reset() {}

// Logout has nothing to give back.
func (s *session) Logout() error { return nil }
