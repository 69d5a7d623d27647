package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
	"mesbridge/conversations/bodies"
	"mesbridge/conversations/keystore"
	"mesbridge/conversations/objects"
)

// bodyStore are the bodies, wherever they are.
type bodyStore interface {
	conversations.Bodies
	Collect(ctx context.Context, before time.Time, known bodies.Known) (removed int, err error)
}

// openBucket opens the bucket, where the settings name one.
func (a *App) openBucket(ctx context.Context) error {
	s := a.Config.Store
	if s.Kind != config.S3Store {
		return nil
	}
	var err error
	a.bucket, err = objects.Open(ctx, objects.Options{
		Endpoint: s.Endpoint, Bucket: s.Bucket, Region: s.Region, PathStyle: s.PathStyle,
		Credentials: string(s.Credentials), CA: string(s.CA), Timeout: s.Timeout,
	})
	switch {
	case errors.Is(err, objects.ErrCredentials), errors.Is(err, objects.ErrCA), errors.Is(err, objects.ErrNoBucket):
		return SettingsError{fmt.Errorf("open the bucket of store: %w", err)}
	case err != nil:
		return fmt.Errorf("open the bucket of store: %w", err)
	}
	return nil
}

// keyStore opens the data keys, wherever they are.
func (a *App) keyStore(ctx context.Context, master keystore.MasterKey) (*keystore.Store, error) {
	if a.bucket == nil {
		return keystore.Open(ctx, a.local, master, time.Now)
	}
	var peers keystore.Peers
	if a.store != nil { // a command that only reads has none
		peers = a.store
	}
	return keystore.OpenObjects(ctx, a.bucket, peers, master, time.Now)
}

// openBodies opens the bodies, wherever they are.
func (a *App) openBodies() (bodyStore, error) {
	if a.bucket == nil {
		return bodies.Open(a.local, time.Now)
	}
	return bodies.OpenObjects(a.bucket, a.local, time.Now, rand.Reader)
}

// reachBucket reports whether the bucket, where there is one, answers.
func (a *App) reachBucket(ctx context.Context) error {
	if a.bucket == nil {
		return nil
	}
	return a.bucket.Ping(ctx)
}
