package config

import (
	"errors"
	"net/url"
	"strings"
	"time"
)

// Store says where the bytes of messages and the data keys are kept.
type Store struct {
	Kind        StoreKind     `yaml:"kind" oneOf:"local s3" doc:"local: in dataDir. s3: in a bucket, for several bridges on one redis; each still needs a dataDir of its own, for its journal."`
	Endpoint    string        `yaml:"endpoint" doc:"URL of the S3 server, without a path. The settings from here on are those of kind s3."`
	Bucket      string        `yaml:"bucket" doc:"Bucket, of this installation alone. It is there already; the bridge neither makes it nor sets its rules."`
	Region      string        `yaml:"region" doc:"Region that requests are signed for."`
	PathStyle   bool          `yaml:"pathStyle" may:"empty" doc:"The bucket stands in the path of a URL, not in its host: most servers other than Amazon's."`
	Credentials SecretFile    `yaml:"credentials" may:"empty" doc:"Access key, as AWS tools write it: a section [default] with aws_access_key_id and aws_secret_access_key."`
	CA          File          `yaml:"ca" may:"empty" doc:"Certificates that the server's must come from, PEM; empty: those of this machine."`
	Timeout     time.Duration `yaml:"timeout" doc:"How long one call may take, its repeats included. Then mail waits (451) and pages say so (503)."`
}

// StoreKind names a kind of store.
type StoreKind string

// Kinds of store.
const (
	LocalStore StoreKind = "local"
	S3Store    StoreKind = "s3"
)

// Limits of Store.Timeout: a message of 25 MB has to fit, and a sender waits ten minutes for its answer.
const (
	leastStoreTimeout = time.Second
	mostStoreTimeout  = 5 * time.Minute
)

func (s Store) faults(env Environment) []error {
	if s.Kind != S3Store {
		return nil
	}
	var errs []error
	for name, value := range map[string]string{
		"endpoint": s.Endpoint, "bucket": s.Bucket, "region": s.Region, "credentials": string(s.Credentials),
	} {
		if value == "" {
			errs = append(errs, errors.New("store."+name+" is missing: kind s3 needs it"))
		}
	}
	errs = append(errs, urlFault("store.endpoint", s.Endpoint, env))
	if u, err := url.Parse(s.Endpoint); err == nil && strings.Trim(u.Path, "/") != "" {
		errs = append(errs, errors.New("store.endpoint: write it without a path; the bucket is a setting of its own"))
	}
	if s.Timeout < leastStoreTimeout || s.Timeout > mostStoreTimeout {
		errs = append(errs, errors.New("store.timeout: write a time from 1s to 5m"))
	}
	return errs
}
