package tests

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// tryToSend sends a message over a connection of its own and reports whether it was acknowledged. Unlike
// send it takes a lost connection for what it is under a kill: no answer.
func (d *demo) tryToSend(from, to, message string) bool {
	conf, err := d.clientTLS(d.operatorOf(from))
	if err != nil {
		return false
	}
	conn, err := net.DialTimeout("tcp", d.SMTP, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	client, err := smtp.NewClientStartTLS(conn, conf)
	if err != nil {
		return false
	}
	return client.SendMail(from, []string{to}, strings.NewReader(message)) == nil
}

// clientTLS is the client side of mutual TLS with a credential.
func (d *demo) clientTLS(who credential) (*tls.Config, error) {
	ca, err := os.ReadFile(d.PKI.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	host, _, err := net.SplitHostPort(d.SMTP)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12}
	if who.Cert != "" {
		cert, err := tls.LoadX509KeyPair(who.Cert, who.Key)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}

// tryToReply posts a reply and reports whether it was acknowledged.
func (d *demo) tryToReply(conversation, token, text string) bool {
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return false
	}
	r, err := http.NewRequest(http.MethodPost, d.HTTP+"/api/v1/inbox/"+conversation+"/replies", bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 10 * time.Second}
	res, err := client.Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode == http.StatusCreated
}
