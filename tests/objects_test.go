package tests

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mesbridge/conversations/objects/objectstest"
)

// TestS3_keepsMessagesAndKeys: with a bucket, no byte of a message or of a data key is on the bridge's disk;
// the bridge finds both again, also when redis has to be made again from the journal; an erased patient
// leaves nothing in the bucket.
func TestS3_keepsMessagesAndKeys(t *testing.T) {
	t.Parallel()
	server := objectstest.Start(t)
	server.EnableVersions(t)
	r := startRedis(t)
	dir := t.TempDir()
	d := startDemoOn(t, dir, "unix://"+r.door, onS3(server)...)
	f := faults{t: t, d: d, redis: r}
	f.serves("small")
	doctor, patient := d.Professionals[0].Mailboxes[0], d.Patients[0].Address
	large := note(doctor, patient, "large", strings.Repeat("un texte long et lisible\r\n", 20_000))
	if got := d.send(t, d.operatorOf(doctor), doctor, []string{patient}, large); !strings.HasPrefix(got, "250") {
		t.Fatal(got)
	}
	f.taken = append(f.taken, "large")
	if n := len(filesUnder(t, filepath.Join(server.Dir, "bodies"))); n != len(f.taken) {
		t.Errorf("%d bodies in the bucket, %d messages were taken", n, len(f.taken))
	}
	if n := len(filesUnder(t, filepath.Join(server.Dir, "keys"))); n < len(d.Patients)-1 {
		t.Errorf("%d keys in the bucket for %d patients", n, len(d.Patients))
	}
	if server.Holds(t, "texte long") != 0 {
		t.Error("the bucket holds clear text")
	}
	if left := filesUnder(t, filepath.Join(dir, "store", "bodies")); len(left) != 0 {
		t.Errorf("bodies on the bridge's disk: %v", left)
	}
	d.stop()
	r.kill()
	r.become("")
	r.run()
	if code, text := mesbridge(t, "rebuild", "--data", dir, "--redis", "unix://"+r.door); code != 0 {
		t.Fatalf("rebuild ends with %d:\n%s", code, text)
	}
	f.d = startDemoOn(t, dir, "unix://"+r.door) // the directory remembers the bucket
	f.serves("after a rebuild")
	f.whole()
	me := f.d.as(t, f.d.Patients[0].Token)
	if shown := me.open(me.about("large").ID); len(shown.Messages) != 1 || !strings.Contains(shown.Messages[0].Text, "texte long") {
		t.Error("the large message cannot be read")
	}
}

// TestS3_faults: a server that is down or that hangs is a "not now" (451, 503), and nothing is lost (D17).
func TestS3_faults(t *testing.T) {
	t.Parallel()
	server := objectstest.Start(t)
	d := startDemo(t, t.TempDir(), onS3(server)...)
	f := faults{t: t, d: d}
	f.serves("before")
	conversation := d.as(t, d.Patients[0].Token).about("before").ID
	server.Kill()
	for range 2 {
		if got := f.try("while the server is down"); !strings.HasPrefix(got, "451 4.3.0") {
			t.Errorf("a message is answered %q", got)
		}
	}
	if got := f.status(d.Ops+"/readyz", ""); got != http.StatusServiceUnavailable {
		t.Errorf("readyz answers %d", got)
	}
	if got := f.status(d.HTTP+"/api/v1/inbox/"+conversation, d.Patients[0].Token); got != http.StatusServiceUnavailable {
		t.Errorf("a conversation whose messages cannot be read answers %d", got)
	}
	server.Restart(t)
	f.recovers("the server is up again")
	f.whole()

	for _, path := range filesUnder(t, filepath.Join(server.Dir, "bodies")) { // as a fault of the server would
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.Clone(content)
		content[len(content)-1] ^= 1
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.status(d.HTTP+"/api/v1/inbox/"+conversation, d.Patients[0].Token); got != http.StatusServiceUnavailable {
		t.Errorf("an altered message answers %d", got)
	}
}

// TestS3_dataDirectoryIsLost: the journal is in the bucket too, so that a bridge without one goes on with the
// same redis: what redis has forgotten it takes from there.
func TestS3_dataDirectoryIsLost(t *testing.T) {
	t.Parallel()
	server, r, dir := objectstest.Start(t), startRedis(t), t.TempDir()
	d := startDemoOn(t, dir, "unix://"+r.door, onS3(server)...)
	f := faults{t: t, d: d, redis: r}
	f.serves("first")
	f.serves("second")
	d.stop() // seals, and copies what is sealed
	code, text := mesbridge(t, "audit", "verify", "--data", dir, "--bucket")
	if code != 0 || !strings.Contains(text, "intact: ") {
		t.Fatalf("audit verify of the bucket ends with %d:\n%s", code, text)
	}
	loseJournal(t, dir)
	f.d = startDemoOn(t, dir, "unix://"+r.door)
	f.serves("third")
	f.whole()
	f.d.stop()
	code, text = mesbridge(t, "audit", "verify", "--data", dir, "--bucket")
	if code != 0 || strings.Count(text, "intact: ") != 2 {
		t.Errorf("audit verify of both archives ends with %d:\n%s", code, text)
	}
	loseJournal(t, dir)
	r.kill()
	r.become("")
	r.run()
	if code, text = mesbridge(t, "rebuild", "--data", dir, "--redis", "unix://"+r.door); code != 0 {
		t.Fatalf("rebuild from the bucket ends with %d:\n%s", code, text)
	}
	f.d = startDemoOn(t, dir, "unix://"+r.door)
	f.whole()
	f.d.stop()
	segments, err := filepath.Glob(filepath.Join(server.Dir, "journal", "*", "0000000001.segment"))
	if err != nil || len(segments) != 3 {
		t.Fatalf("first rounds in the bucket: %v, %v", segments, err)
	}
	if err := os.Truncate(segments[0], 100); err != nil {
		t.Fatal(err)
	}
	if code, text = mesbridge(t, "audit", "verify", "--data", dir, "--bucket"); code != 1 || !strings.Contains(text, "0000000001.segment") {
		t.Errorf("audit verify of an altered copy ends with %d:\n%s", code, text)
	}
}

// loseJournal removes what a bridge keeps, but for its signing key.
func loseJournal(t *testing.T, dir string) {
	t.Helper()
	for _, lost := range []string{"local", "journal", "bodies"} {
		if err := os.RemoveAll(filepath.Join(dir, "store", lost)); err != nil {
			t.Fatal(err)
		}
	}
}

// onS3 are the flags of a demonstration that keeps messages and keys on a server.
func onS3(s *objectstest.Server) []string {
	return []string{"--s3", s.Endpoint + "/" + objectstest.Bucket, "--s3-credentials", s.Credentials}
}

// filesUnder lists the files of a directory and those below it.
func filesUnder(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
