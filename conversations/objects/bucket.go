package objects

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Errors of a bucket. The texts of the last four are for whoever starts the program.
var (
	ErrNotFound      = errors.New("no such object")
	ErrTaken         = errors.New("another object has that key")
	ErrNoBucket      = errors.New("the bucket does not exist: make it, or name another one")
	ErrUnconditional = errors.New("the server replaces objects that it should leave alone (it does not know If-None-Match): use one with conditional writes")
	ErrCredentials   = errors.New("the file of credentials must hold a [default] section with aws_access_key_id and aws_secret_access_key")
	ErrCA            = errors.New("the CA file of the object store must hold certificates, PEM")
)

// Options say where the bucket is.
type Options struct {
	Endpoint    string // URL of the server, without a path
	Bucket      string
	Region      string
	PathStyle   bool          // the bucket stands in the path of a URL, not in its host
	Credentials string        // file of credentials, in the form of AWS tools, section default
	CA          string        // file of the certificates to trust, PEM; empty: the machine's
	Timeout     time.Duration // limit of one call, its repeats included; of a download, for each part that comes
}

// Limits of the connections.
const (
	maxTries  = 5  // of one call, with waits of up to a second between them
	keepIdle  = 64 // connections: as many as sessions that write at once
	dialLimit = 10 * time.Second
)

// Bucket is an open bucket. It is safe for concurrent use.
type Bucket struct {
	client  *minio.Client
	core    minio.Core
	name    string
	timeout time.Duration
}

// Open returns the bucket after it has seen that the server answers, lets us write and honours conditions.
func Open(ctx context.Context, o Options) (*Bucket, error) {
	b, err := newBucket(o)
	if err != nil {
		return nil, err
	}
	if err := b.Ping(ctx); err != nil {
		return nil, err
	}
	return b, b.probe(ctx)
}

// newBucket makes the client, without a call.
func newBucket(o Options) (*Bucket, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" {
		return nil, errors.New("the endpoint of the object store is not a URL")
	}
	keys := credentials.NewFileAWSCredentials(o.Credentials, "default")
	if v, err := keys.GetWithContext(nil); err != nil || v.AccessKeyID == "" || v.SecretAccessKey == "" {
		return nil, ErrCredentials // not the cause, which could quote the file
	}
	transport, err := transport(o, u.Scheme == "https")
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupDNS
	if o.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds: keys, Secure: u.Scheme == "https", Transport: transport, Region: o.Region, BucketLookup: lookup,
		TrailingHeaders: true, // checksums are sent with each object
		MaxRetries:      maxTries,
	})
	if err != nil {
		return nil, fmt.Errorf("make client of the object store: %w", err)
	}
	return &Bucket{client: client, core: minio.Core{Client: client}, name: o.Bucket, timeout: o.Timeout}, nil
}

// transport is the library's, with our limits and certificates.
func transport(o Options, secure bool) (*http.Transport, error) {
	t, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("make client of the object store: %w", err)
	}
	t.MaxIdleConnsPerHost = keepIdle
	t.TLSHandshakeTimeout = dialLimit
	t.ResponseHeaderTimeout = o.Timeout
	if o.CA == "" {
		return t, nil
	}
	text, err := os.ReadFile(o.CA)
	if err != nil {
		return nil, fmt.Errorf("read the CA of the object store: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, ErrCA
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t, nil
}

// limit bounds one call.
func (b *Bucket) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, b.timeout, errSlow)
}

var errSlow = errors.New("the object store did not answer in time")

// Ping reports whether the server answers and has the bucket.
func (b *Bucket) Ping(ctx context.Context) error {
	ctx, cancel := b.limit(ctx)
	defer cancel()
	there, err := b.client.BucketExists(ctx, b.name)
	switch {
	case err != nil:
		return fmt.Errorf("reach the object store: %w", told(ctx, err))
	case !there:
		return ErrNoBucket
	}
	return nil
}

// probe writes an object, writes another one under its key, which must be refused, and removes it.
func (b *Bucket) probe(ctx context.Context) error {
	key := "probe/" + rand.Text()
	first, second := []byte("first"), []byte("second")
	if err := b.Put(ctx, key, NewContent(first)); err != nil {
		return fmt.Errorf("try the object store: %w", err)
	}
	err := b.Put(ctx, key, NewContent(second))
	if again := b.Remove(ctx, key); again != nil {
		return fmt.Errorf("try the object store: %w", again)
	}
	switch {
	case err == nil:
		return ErrUnconditional
	case !errors.Is(err, ErrTaken):
		return fmt.Errorf("try the object store: %w", err)
	}
	return nil
}

// told gives the reason of a failure: that it took too long, when it did.
func told(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		return errors.Join(cause, err)
	}
	return err
}

// code is the code of the server's answer, "" when it gave none.
func code(err error) string {
	var r minio.ErrorResponse
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}
