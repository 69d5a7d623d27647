package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"mesbridge/bridge/delivery"
	"mesbridge/bridge/mail"
	"mesbridge/bridge/scan"
	"mesbridge/bridge/trust"
	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/keystore"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/objects"
	"mesbridge/conversations/redisstore"
	"mesbridge/oauth"
	"mesbridge/oauth/clientfile"
	"mesbridge/web"
)

// App is a running bridge.
type App struct {
	Options
	*parts

	// Conversations and OAuth are there for what the demonstration prepares.
	Conversations *conversations.Service
	OAuth         *oauth.Server
	past          func(now func() time.Time) *conversations.Service // the same conversations by another clock

	redisKind string
	client    redis.UniversalClient
	store     *redisstore.Store
	local     *localdb.DB
	bucket    *objects.Bucket // nil: bodies and keys are local
	keys      *keystore.Store
	trail     *journal.Journal
	marks     marks
	others    []*journal.Journal // of other bridges, for a rebuild
	archive   *archive.Archive
	mirror    *archive.Mirror // nil: there is no bucket
	identity  *trust.Identity
	clientTLS *trust.Identity // judges the certificates of OAuth clients; nil without that listener
	lists     *trust.Store
	trustSpace
	directory  mailboxes
	metrics    *prometheus.Registry
	early      early
	codec      *mail.Codec
	clients    *clientfile.Register
	structures map[string]structure // by key
	web        *web.App
	responder  *delivery.Responder
	scanner    *scan.Scanner // nil: none is configured
}

// Start starts everything in order and returns when all of it serves. When a part cannot start, those
// before it are stopped again, and the error says which part and why. ctx bounds the start alone.
//
// The order is that of what stands on what: a request is accepted only when it can be answered.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{Options: o, parts: newParts(), metrics: prometheus.NewRegistry()}
	a.onStop("data directory", time.Second, func(context.Context) error { return a.Lock.Unlock() })
	for _, step := range []struct {
		name  string
		start func(context.Context) error
	}{
		{"trust space", a.openTrust}, // first, since it changes nothing and refuses what must not start
		{"redis", a.startRedis},
		{"stores", a.openStores},
		{"journal", a.openJournal},
		{"conversations", a.startConversations},
		{"login", a.openLogin},
		{"effects", a.startEffects}, // they end sessions
		{"operations", a.startOperations},
		{"web", a.startWeb},
		{"mutual TLS", a.startMutualTLS},
		{"mail", a.startMail},
	} {
		if err := step.start(ctx); err != nil {
			a.Listeners.Close()
			return nil, errors.Join(fmt.Errorf("start %s: %w", step.name, err), a.Stop())
		}
	}
	return a, nil
}

// SettingsError is a failure to start that only other settings, or other files that they name, can cure.
type SettingsError struct{ Err error }

// Error tells the cause.
func (e SettingsError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e SettingsError) Unwrap() error { return e.Err }

// RedisKind is managed, embedded, or the URL of a server of somebody else's, for the ready file.
func (a *App) RedisKind() string { return a.redisKind }

// Failed gives the first failure after which the bridge cannot go on; the caller then stops it.
func (a *App) Failed() <-chan error { return a.failed }

// Stop stops everything in the reverse order of the start. It returns also when a part that was cut hangs.
func (a *App) Stop() error {
	err := a.stop()
	a.leave()
	return err
}
