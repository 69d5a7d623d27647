package redisstore_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/conversations/storetest"
)

func TestContract_miniredis(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) conversations.Store {
		store, _ := openMini(t)
		return store
	})
}

func TestContract_redisServer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	storetest.Run(t, emptied(server))
}

// A real cluster refuses a script with keys of two slots, which one server does not.
func TestContract_redisCluster(t *testing.T) {
	t.Parallel()
	server := redistest.StartCluster(t)
	storetest.Run(t, emptied(server))
}

// Three masters with a replica each: keys on several nodes, every write held by a replica.
func TestContract_threeMastersThreeReplicas(t *testing.T) {
	t.Parallel()
	storetest.Run(t, onNodes(t, redistest.StartNodes(t, "", 3, 1)))
}

func TestContract_valkey(t *testing.T) {
	t.Parallel()
	storetest.Run(t, emptied(redistest.StartProgram(t, redistest.Valkey(t))))
}

func TestContract_valkeyCluster(t *testing.T) {
	t.Parallel()
	storetest.Run(t, onNodes(t, redistest.StartNodes(t, redistest.Valkey(t), 3, 1)))
}

// onNodes opens stores, as one of several bridges, on a cluster whose keys are removed before.
func onNodes(t *testing.T, nodes *redistest.Nodes) func(t *testing.T) conversations.Store {
	t.Helper()
	client := nodes.Client(t, 1)
	return func(t *testing.T) conversations.Store {
		nodes.Flush(t)
		return redisstore.New(client, redisstore.Options{Bridge: "a", Now: noon, Replicated: true})
	}
}

// emptied opens stores on a server whose keys are removed before.
func emptied(server *redistest.Server) func(t *testing.T) conversations.Store {
	return func(t *testing.T) conversations.Store {
		client := server.Client(t)
		flush(t, client)
		return redisstore.New(client, redisstore.Options{})
	}
}

func flush(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

// openMini opens a store on a miniredis of its own.
func openMini(t *testing.T) (*redisstore.Store, *miniredis.Miniredis) {
	t.Helper()
	mini := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: mini.Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return redisstore.New(client, redisstore.Options{}), mini
}

// A patient, and a time, for the tests of this package.
const patient conversations.PatientID = "7f00000000000000000000000000a11c"

func noon() time.Time { return time.Date(2025, time.March, 3, 12, 0, 0, 0, time.UTC) }

// simple returns a commit of a first change with one effect that is due, and an entry of its own.
func simple(operation string) conversations.Commit {
	return conversations.Commit{
		Operation: operation, Answer: []byte("answer"), Patient: []byte("record"), Entry: []byte("entry" + rand.Text()), Now: noon(),
		IDs: []conversations.ID{"7fconv"},
		Effects: []conversations.Effect{{
			ID: "7feffect", Kind: conversations.EffectNotify, Patient: patient, At: noon(), CreatedAt: noon(),
		}},
	}
}
