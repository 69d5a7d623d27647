package objects_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/conversations/objects"
	"mesbridge/conversations/objects/objectstest"
)

func put(t *testing.T, b *objects.Bucket, key, text string) {
	t.Helper()
	if err := b.Put(t.Context(), key, objects.NewContent([]byte(text))); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, b *objects.Bucket, key string) string {
	t.Helper()
	text, err := b.Read(t.Context(), key, 1<<20)
	if errors.Is(err, objects.ErrNotFound) {
		return "-"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func keys(t *testing.T, b *objects.Bucket, prefix string) (all []string) {
	t.Helper()
	err := b.List(t.Context(), prefix, func(o objects.Object) (bool, error) {
		all = append(all, o.Key)
		if time.Since(o.At) > time.Hour {
			t.Errorf("%s was put at %v", o.Key, o.At)
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPut_neverReplaces(t *testing.T) {
	t.Parallel()
	b := objectstest.Start(t).Open(t)
	put(t, b, "a/1", "one")
	put(t, b, "a/1", "one") // as a repeated call
	if err := b.Put(t.Context(), "a/1", objects.NewContent([]byte("two"))); !errors.Is(err, objects.ErrTaken) {
		t.Errorf("another object: %v", err)
	}
	put(t, b, "a/empty", "")
	if got := get(t, b, "a/1") + get(t, b, "a/empty") + get(t, b, "a/none"); got != "one-" {
		t.Errorf("got %q", got)
	}
	bad := objects.NewContent([]byte("three"))
	bad.SHA256[0] ^= 1
	if err := b.Put(t.Context(), "a/3", bad); err == nil || get(t, b, "a/3") != "-" {
		t.Errorf("bytes that changed on the way: %v", err)
	}
	if _, err := b.Read(t.Context(), "a/1", 2); err == nil {
		t.Error("an object of three bytes passed for a small one of two")
	}
}

func TestPut_race_hasOneWinner(t *testing.T) {
	t.Parallel()
	b := objectstest.Start(t).Open(t)
	for round := range 5 {
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				switch err := b.Put(t.Context(), fmt.Sprint("r/", round), objects.NewContent([]byte(fmt.Sprint(i)))); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, objects.ErrTaken):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d of 12 writers won", won.Load())
		}
	}
}

// TestRemove_everyVersion: what is taken away is not in the server's files either (O197).
func TestRemove_everyVersion(t *testing.T) {
	t.Parallel()
	for _, versions := range []bool{false, true} {
		s := objectstest.Start(t)
		if versions {
			s.EnableVersions(t)
		}
		b := s.Open(t)
		for _, key := range []string{"k/a", "k/a2", "k/b/1", "k/b/2", "k/c"} {
			put(t, b, key, "marker of "+key)
		}
		if versions { // as an operator's own tools may
			s.Hide(t, "k/a")
		}
		for range 2 {
			if err := errors.Join(b.Remove(t.Context(), "k/a"), b.RemoveAll(t.Context(), "k/b/")); err != nil {
				t.Fatal(err)
			}
		}
		if got := keys(t, b, "k/"); !slices.Equal(got, []string{"k/a2", "k/c"}) {
			t.Errorf("left: %v", got)
		}
		if n := s.Holds(t, "marker of k/b"); n != 0 {
			t.Errorf("%d files of the server hold what was removed", n)
		}
		if n := s.Holds(t, "marker of k/a"); n != 1 { // k/a2
			t.Errorf("%d files of the server hold the one that stays", n)
		}
		if b.RemoveAll(t.Context(), "k") == nil {
			t.Error("a prefix without its slash was taken")
		}
	}
}

func TestList_manyPages(t *testing.T) {
	t.Parallel()
	s := objectstest.Start(t)
	b := s.Open(t)
	const n = 1100 // a page has 1000
	if err := os.Mkdir(filepath.Join(s.Dir, "l"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n { // the server's objects are files
		if err := os.WriteFile(filepath.Join(s.Dir, "l", fmt.Sprintf("%04d", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if all := keys(t, b, "l/"); len(all) != n || !slices.IsSorted(all) {
		t.Errorf("%d objects listed", len(all))
	}
	seen := 0
	why := errors.New("why not")
	err := b.List(t.Context(), "l/", func(objects.Object) (bool, error) { seen++; return seen < 10, nil })
	if again := b.List(t.Context(), "l/", func(objects.Object) (bool, error) { return true, why }); err != nil || seen != 10 || !errors.Is(again, why) {
		t.Errorf("%v, %d seen, %v", err, seen, again)
	}
}

func TestOpen_tellsWhatToDo(t *testing.T) {
	t.Parallel()
	s := objectstest.Start(t)
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	always := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `<ListVersionsResult></ListVersionsResult>`)
		}
	}))
	t.Cleanup(always.Close)
	for name, try := range map[string]struct {
		change func(*objects.Options)
		want   error
	}{
		"no bucket":       {func(o *objects.Options) { o.Bucket = "nowhere" }, objects.ErrNoBucket},
		"no conditions":   {func(o *objects.Options) { o.Endpoint = always.URL }, objects.ErrUnconditional},
		"no credentials":  {func(o *objects.Options) { o.Credentials = file("aws_secret_access_key = geheim") }, objects.ErrCredentials},
		"bad credentials": {func(o *objects.Options) { o.Credentials = file("[default]\ngeheim") }, objects.ErrCredentials},
		"not there":       {func(o *objects.Options) { o.Credentials = "/nonexistent" }, objects.ErrCredentials},
		"bad CA":          {func(o *objects.Options) { o.CA = file("no certificate") }, objects.ErrCA},
		"refused": {func(o *objects.Options) {
			o.Credentials = file("[default]\naws_access_key_id = x\naws_secret_access_key = geheim\n")
		}, nil},
		"bad URL": {func(o *objects.Options) { o.Endpoint = "nowhere" }, nil},
	} {
		o := s.Options()
		try.change(&o)
		_, err := objects.Open(t.Context(), o)
		if err == nil || try.want != nil && !errors.Is(err, try.want) || strings.Contains(fmt.Sprint(err), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// openBetween opens a bucket through a go-between that can spoil calls.
func openBetween(t *testing.T) (*objects.Bucket, *objectstest.Between, objects.Options) {
	t.Helper()
	s := objectstest.Start(t)
	between := s.Between(t)
	o := s.Options()
	o.Endpoint = between.Endpoint
	b, err := objects.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b, between, o
}

// TestFaults_areErrors: D17. What the server does not confirm is not there, and a lost answer is no loss.
func TestFaults_areErrors(t *testing.T) {
	t.Parallel()
	b, between, o := openBetween(t)
	between.Set(objectstest.Deaf(http.MethodPut))
	put(t, b, "f/lost-answer", "text")
	var refused atomic.Int32
	between.Set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if refused.Add(1) <= 2 {
			objectstest.Down(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
	put(t, b, "f/twice-refused", "text")
	large := strings.Repeat("text ", 100_000)
	put(t, b, "f/large", large)
	between.Set(objectstest.Cut(100_000))
	if text, err := b.Read(t.Context(), "f/large", 1<<20); err == nil {
		t.Errorf("%d bytes of %d pass for the object", len(text), len(large))
	}
	o.Timeout = 500 * time.Millisecond
	between.Set(nil)
	hasty, err := objects.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]objectstest.Fault{"down": objectstest.Down, "silent": objectstest.Silent} {
		between.Set(fault)
		var all sync.WaitGroup
		for call, do := range map[string]func() error{
			"put":    func() error { return hasty.Put(t.Context(), "f/"+name, objects.NewContent([]byte("text"))) },
			"remove": func() error { return hasty.Remove(t.Context(), "f/large") },
			"list": func() error {
				return hasty.List(t.Context(), "f/", func(objects.Object) (bool, error) { return true, nil })
			},
			"ping": func() error { return hasty.Ping(t.Context()) },
			"get":  func() error { _, err := hasty.Get(t.Context(), "f/large"); return err },
		} {
			all.Go(func() {
				err := do()
				if err == nil || errors.Is(err, objects.ErrNotFound) || errors.Is(err, objects.ErrTaken) || errors.Is(err, objects.ErrNoBucket) {
					t.Errorf("%s of a server that is %s: %v", call, name, err)
				}
			})
		}
		all.Wait()
	}
	between.Set(nil)
	if get(t, b, "f/large") != large || get(t, b, "f/down") != "-" {
		t.Error("afterwards not all is as before")
	}
}

func TestCalls_whoLeaves_isHeard(t *testing.T) {
	t.Parallel()
	b, between, _ := openBetween(t)
	between.Set(objectstest.Silent)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.Put(ctx, "c/1", objects.NewContent(bytes.Repeat([]byte("x"), 1<<20))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller who left: %v", err)
	}
	between.Set(nil)
	if got := get(t, b, "c/1"); got != "-" {
		t.Errorf("%d bytes are there", len(got))
	}
}
