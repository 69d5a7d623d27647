package objectstest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mesbridge/conversations/objects"
	"mesbridge/conversations/servertest"
)

// Names of the server's one bucket and of its one user.
const (
	Bucket = "mesbridge"
	Region = "us-east-1"
	user   = "test"
	secret = "test-secret"
)

// Server is one S3 server of a test. It ends with the test.
type Server struct {
	Endpoint    string // URL
	Credentials string // file
	Dir         string // where the bucket's objects are files

	addr    string
	old     string // directory of old versions
	process servertest.Process
}

// Start runs a server with an empty bucket. Its objects have versions once somebody asks for them.
func Start(t testing.TB) *Server {
	t.Helper()
	dir := t.TempDir()
	s := &Server{
		Dir: filepath.Join(dir, "data", Bucket), Credentials: filepath.Join(dir, "credentials"), addr: freeAddr(t), old: filepath.Join(dir, "old"),
	}
	s.Endpoint = "http://" + s.addr
	for _, d := range []string{s.Dir, s.old} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", user, secret)
	if err := os.WriteFile(s.Credentials, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	t.Cleanup(s.Kill)
	return s
}

// Options are those of the server's bucket, for a client with short patience.
func (s *Server) Options() objects.Options {
	return objects.Options{
		Endpoint: s.Endpoint, Bucket: Bucket, Region: Region, PathStyle: true, Credentials: s.Credentials, Timeout: 20 * time.Second,
	}
}

// Open opens the server's bucket.
func (s *Server) Open(t testing.TB) *objects.Bucket {
	t.Helper()
	b, err := objects.Open(t.Context(), s.Options())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Kill ends the server with SIGKILL and waits for its end.
func (s *Server) Kill() { s.process.Kill() }

// Restart kills the server and runs it again on the same files and the same port.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Kill()
	s.run(t)
}

// Program finds versitygw, in the path or where go install puts it.
func Program() (string, error) {
	if path, err := exec.LookPath("versitygw"); err == nil {
		return path, nil
	}
	out, err := exec.Command("go", "env", "GOPATH").Output() //nolint:noctx // it answers at once
	if err != nil {
		return "", fmt.Errorf("find GOPATH: %w", err)
	}
	path := filepath.Join(string(out[:len(out)-1]), "bin", "versitygw")
	_, err = os.Stat(path)
	return path, err
}

// run starts the process and waits until it answers.
func (s *Server) run(t testing.TB) {
	t.Helper()
	program, err := Program()
	if err != nil {
		t.Fatal("versitygw is missing: install it (.ci/setup test)")
	}
	cmd := exec.Command(program, "--quiet", "--port", s.addr, "posix", "--versioning-dir", s.old, filepath.Dir(s.Dir)) //nolint:gosec,noctx // a test's server, ended by Kill
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+user, "ROOT_SECRET_KEY="+secret)                                 //nolint:forbidigo // the server's own, beside ours
	s.process.Start(t, cmd, s.answers, func() string { return "it keeps no log" })
}

// answers reports whether the server answers anything.
func (s *Server) answers(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint, nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return true
}

// freeAddr returns a loopback address whose port was free a moment ago.
func freeAddr(t testing.TB) string {
	t.Helper()
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
