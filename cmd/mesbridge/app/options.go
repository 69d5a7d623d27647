package app

import (
	"log/slog"
	"net"

	"mesbridge/bridge/delivery"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/oauth"
	"mesbridge/rules"
)

// Options are what a bridge is made of.
type Options struct {
	Config config.Config
	Log    *slog.Logger

	// Lock is the lock of the data directory, which the caller took before anything else. It becomes
	// the bridge's and is given back last.
	Lock *redisserver.DirLock
	// Listeners are open already, so that whoever asked for a free port knows it. They become the
	// bridge's.
	Listeners Listeners

	// Demonstration holds what only the demonstration has; nil in production.
	Demonstration *Demonstration
}

// Listeners are where the bridge listens.
type Listeners struct {
	HTTP, SMTP, Ops net.Listener
	MutualTLS       net.Listener // nil: there is none
}

// Close closes those that are open.
func (l Listeners) Close() {
	for _, one := range []net.Listener{l.HTTP, l.SMTP, l.Ops, l.MutualTLS} {
		if one != nil {
			_ = one.Close() // nothing was accepted
		}
	}
}

// Demonstration is what the demonstration adds or replaces.
type Demonstration struct {
	Servers   delivery.Static    // where the operators' servers are, instead of the DNS
	Clients   []oauth.Client     // OAuth clients of the clinics
	Addresses delivery.Addresses // private addresses of the patients
	// Applications tells which mailboxes those clients may act for.
	Applications map[string][]rules.Address
	// EmbeddedRedis starts the in-process stand-in where there is no redis-server; nothing then
	// survives.
	EmbeddedRedis bool
}
