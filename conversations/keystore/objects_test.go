package keystore

import (
	"errors"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/objects"
	"mesbridge/conversations/objects/objectstest"
)

// objectKeys opens the keys of a server as a process of its own, which tells told.
func objectKeys(t *testing.T, bucket *objects.Bucket, told func(conversations.PatientID), now *time.Time) *Store {
	t.Helper()
	s, err := OpenObjects(t.Context(), bucket, peers{told: told}, master, func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestErase_tellsTheOthers: the process that erases has the others forget. One that was not reached forgets by
// itself, and until then nobody makes a new key: what was sealed with the old one would be lost.
func TestErase_tellsTheOthers(t *testing.T) {
	t.Parallel()
	server, now := objectstest.Start(t), start
	server.EnableVersions(t)
	var told []conversations.PatientID
	a := objectKeys(t, server.Open(t), func(p conversations.PatientID) { told = append(told, p) }, &now)
	b := objectKeys(t, server.Open(t), nil, &now)
	key := make1(t, a, patient, ins)
	if make1(t, b, patient, ins) != key {
		t.Fatal("two processes have two keys")
	}
	value, err := server.Open(t).Read(t.Context(), object(keyPrefix, patient), maxObject)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Erase(t.Context(), patient); err != nil || len(told) != 1 || told[0] != patient {
		t.Fatalf("Erase: %v, told %v", err, told)
	}
	if n := server.Holds(t, string(value[headBytes:headBytes+wrappedBytes])); n != 0 {
		t.Errorf("%d files of the server hold the wrapped key", n)
	}
	if _, err := a.Create(t.Context(), patient, ins); !errors.Is(err, ErrErasedJustNow) {
		t.Fatalf("a new key while the old one may be remembered: %v", err)
	}
	now = start.Add(keepFor)
	if _, _, err := b.Key(t.Context(), patient); !errors.Is(err, conversations.ErrNotFound) {
		t.Errorf("after its time the other process says %v", err)
	}
	now = start.Add(quarantine)
	if fresh := make1(t, b, patient, ins); fresh == key || fresh != make1(t, a, patient, ins) {
		t.Error("afterwards the two have not one new key")
	}
}

// TestKey_serverFails: D17. A server that does not answer is not one without the key.
func TestKey_serverFails(t *testing.T) {
	t.Parallel()
	server, now := objectstest.Start(t), start
	between := server.Between(t)
	o := server.Options()
	o.Endpoint, o.Timeout = between.Endpoint, time.Second
	bucket, err := objects.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := objectKeys(t, bucket, nil, &now)
	between.Set(objectstest.Down)
	for range 2 {
		if _, err := s.Create(t.Context(), patient, ins); err == nil || errors.Is(err, conversations.ErrNotFound) {
			t.Errorf("Create: %v", err)
		}
		if _, _, err := s.Key(t.Context(), patient); err == nil || errors.Is(err, conversations.ErrNotFound) {
			t.Errorf("Key: %v", err)
		}
		if err := s.Erase(t.Context(), patient); err == nil {
			t.Error("Erase says that it did")
		}
		between.Set(objectstest.Silent)
	}
	between.Set(nil)
	key := make1(t, s, patient, ins)
	between.Set(objectstest.Down)
	if got, _, err := s.Key(t.Context(), patient); err != nil || got != key {
		t.Errorf("a key in memory: %v", err)
	}
}
