package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/demo"
)

type demoCommand struct {
	Data  string            `default:"demo-data" type:"path" placeholder:"DIR" help:"Directory of everything that is kept; demo-data in the current directory when left out."`
	HTTP  string            `default:"127.0.0.1:8080" name:"http" placeholder:"ADDR" help:"Pages and API (${default}; port 0: any free one)."`
	SMTP  string            `default:"127.0.0.1:2525" name:"smtp" placeholder:"ADDR" help:"Mail (${default})."`
	Ops   string            `default:"127.0.0.1:9090" placeholder:"ADDR" help:"Health and metrics (${default})."`
	MTLS  string            `default:"127.0.0.1:0" name:"mtls" placeholder:"ADDR" help:"API and tokens for software that shows a certificate (${default}: any free port)."`
	MLLP  string            `name:"mllp" placeholder:"ADDR" help:"Hospital messages; accepted, not offered by this version."`
	Redis string            `default:"managed" placeholder:"URL" help:"Server of somebody else's, such as unix:///PATH, or a cluster: redis-cluster://HOST:PORT,HOST:PORT?bridges=2; ${default}: one of our own."`
	Share string            `name:"common" type:"path" placeholder:"DIR" help:"Directory of what several demonstrations on one redis and bucket share: certificates, keys, tokens, mailboxes of operators; that of --data when left out. Start them one after the other."`
	S3    string            `name:"s3" placeholder:"URL" help:"Keep messages and data keys in a bucket of an S3 server: http://HOST:PORT/BUCKET. The directory remembers it."`
	S3Key string            `name:"s3-credentials" type:"path" placeholder:"FILE" help:"Access key of that server, as AWS tools write it."`
	Ready string            `type:"path" placeholder:"FILE" help:"File to write when everything accepts, for scripts."`
	Crowd int               `default:"0" name:"patients" placeholder:"N" help:"Make N more active patients, for measurements."`
	List  string            `name:"patients-file" type:"path" placeholder:"FILE" help:"File to write these patients into, the first with tokens, before the ready file."`
	Route map[string]string `name:"route" placeholder:"DOMAIN=ADDR" help:"Server that takes the replies for an operator's domain instead of the simulated one; it must show that operator's certificate."`
	Past  bool              `help:"Begin with some weeks of exchanges and hospital stays to look at; a directory that has its own keeps them alone."`
	Adult string            `name:"majority" placeholder:"INSTANT" help:"When the minors of the cast come of age, as 2033-01-15T00:00:00+01:00; in some years when left out."`
	Log   string            `default:"warn" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"Least level of the technical log, on standard error (${default})."`
}

// Run runs the demonstration until ctx ends.
func (c demoCommand) Run(ctx context.Context, s streams) error {
	var faults []error
	for flag, address := range map[string]string{"http": c.HTTP, "smtp": c.SMTP, "ops": c.Ops, "mtls": c.MTLS} {
		if !onLoopback(address) {
			faults = append(faults, fmt.Errorf("--%s: the demonstration stays on this machine; write 127.0.0.1:PORT", flag))
		}
	}
	for domain, address := range c.Route {
		if !onLoopback(address) {
			faults = append(faults, fmt.Errorf("--route: the demonstration stays on this machine; write %s=127.0.0.1:PORT", domain))
		}
	}
	if c.Crowd < 0 || c.Crowd > demo.MaxCrowd {
		faults = append(faults, fmt.Errorf("--patients: write a number from 0 to %d", demo.MaxCrowd))
	}
	var majority time.Time
	if c.Adult != "" {
		instant, err := time.Parse(time.RFC3339, c.Adult)
		if err != nil {
			faults = append(faults, errors.New("--majority: write an instant with its offset, such as 2033-01-15T00:00:00+01:00"))
		}
		majority = instant
	}
	at, err := config.ParseRedis(c.Redis)
	if err != nil {
		faults = append(faults, fmt.Errorf("--redis: %w", err))
	}
	where, err := c.store()
	if err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return demo.Run(ctx, demo.Options{
		Data: c.Data, Listen: config.Listen{HTTP: c.HTTP, SMTP: c.SMTP, Ops: c.Ops, MutualTLS: c.MTLS}, Ready: c.Ready, Out: s.out, Redis: at, Store: where, Common: c.Share,
		Majority: majority, Past: c.Past, Crowd: c.Crowd, CrowdFile: c.List, Routes: c.Route,
		Log: newLog(config.Log{Format: "text", Level: c.Log}, s.err),
	})
}

// store reads where messages and keys go; the zero Store when nothing is said.
func (c demoCommand) store() (config.Store, error) {
	if c.S3 == "" {
		return config.Store{}, nil
	}
	u, err := url.Parse(c.S3)
	bucket := ""
	if err == nil {
		bucket = strings.Trim(u.Path, "/")
	}
	if bucket == "" || u.Host == "" || c.S3Key == "" {
		return config.Store{}, errors.New("--s3: write http://HOST:PORT/BUCKET, and give --s3-credentials")
	}
	s := config.Default().Store
	s.Kind, s.Endpoint, s.Bucket, s.Region, s.PathStyle = config.S3Store, u.Scheme+"://"+u.Host, bucket, "us-east-1", true
	s.Credentials = config.SecretFile(c.S3Key)
	return s, nil
}

// onLoopback reports whether an address is one of this machine alone.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
