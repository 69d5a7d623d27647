package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestWriteExample_isAccepted(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteExample(&b); err != nil {
		t.Fatal(err)
	}
	c, err := Read(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("the example is refused: %v", err)
	}
	// Every file of the example is absent here, and nothing else is wrong with them.
	for _, fault := range c.CheckFiles() {
		if !errors.Is(fault, fs.ErrNotExist) {
			t.Error(fault)
		}
	}
	for _, s := range settings("", reflect.ValueOf(c)) {
		if doc := s.tag.Get("doc"); doc == "" {
			t.Errorf("setting %s has no doc tag", s.name)
		}
		if s.value.IsZero() && s.tag.Get("may") != "empty" {
			t.Errorf("setting %s is empty in the example", s.name)
		}
	}
}

func TestRead_emptyFile_namesEverySettingThatIsNeeded(t *testing.T) {
	t.Parallel()
	_, err := Read(strings.NewReader(""))
	if err == nil {
		t.Fatal("an empty file is accepted")
	}
	for _, name := range []string{
		"dataDir", "publicURL", "smtp.hostname", "smtp.certificate", "smtp.key", "smtp.ca",
		"whiteList: write either", "whiteList.signerRoots", "keys.master", "keys.patientHash", "oauth.secret", "oauth.signingKey",
		"patients.issuer", "patients.clientID", "patients.clientSecret", "professionals.issuer", "professionals.clientSecret",
	} {
		if !strings.Contains(err.Error(), "\n"+name) && !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s is not named", name)
		}
	}
}

func TestRead_unknownKeys_areAllRefused(t *testing.T) {
	t.Parallel()
	_, err := Read(strings.NewReader("rol: hosted\nlisten:\n  http: 127.0.0.1:1\n  imap: 127.0.0.1:2\n"))
	for _, want := range []string{"line 1: there is no setting rol here", "line 4: there is no setting imap here"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v\nwants %q", err, want)
		}
	}
}

// TestRead_faults changes one setting of the example at a time.
func TestRead_faults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, yaml, want string }{
		{"role of a later version D1", "role: relay", "role: relay is not offered"},
		{"other role of a later version D1", "role: simulator", "role: simulator is not offered"},
		{"unknown role", "role: host", "role: write one of hosted, relay, simulator"},
		{"key check off in production D20", "insKeyCheck: false", "insKeyCheck: the key of a matricule"},
		{"citizen domain D2", "citizenDomain: Patient.mssante.fr", "citizenDomain: write a domain name"},
		{"archive cut short O113", "retention: {archiveYears: 9}", "retention.archiveYears: write a number from 10"},
		{"traces kept for no time D16", "retention: {functionalYears: 0}", "retention.functionalYears: write a number from 1"},
		{"technical traces too long D16", "retention: {functionalYears: 1, technicalDays: 366}", "retention.technicalDays: write a number up to 365"},
		{"redis", "redis: {server: 'localhost:6379'}", "redis.server: write managed"},
		{"relative socket", "redis: {server: 'unix://redis.sock'}", "redis.server: write managed"},
		{"cluster that waits for nobody D17", "redis: {nodes: ['a:1', 'b:1']}", "redis.replicas: write a number from 1"},
		{"node without port", "redis: {nodes: [a], replicas: 1}", "redis.nodes: write HOST:PORT"},
		{"our own server has no replica", "redis: {replicas: 1}", "redis.replicas: a server of our own"},
		{"two bridges on our own server", "redis: {bridges: 2}", "redis.bridges: write a number"},
		{"no wait", "redis: {waitTimeout: 0s}", "redis.waitTimeout: write a time"},
		{"certificate without key", "redis: {ca: /c, certificate: /c}", "redis.certificate: write certificate and key"},
		{"store of no kind", "store: {kind: nfs}", "store.kind: write one of local, s3"},
		{"store in clear", "store: {kind: s3, endpoint: 'http://s3.fr', bucket: b, region: r, credentials: /c}", "store.endpoint: write an https URL"},
		{"store without its key", "store: {kind: s3, endpoint: 'https://s3.fr', bucket: b, region: r}", "store.credentials is missing"},
		{"bucket in the URL", "store: {kind: s3, endpoint: 'https://s3.fr/b', bucket: b, region: r, credentials: /c}", "store.endpoint: write it without a path"},
		{"impatient store", "store: {kind: s3, endpoint: 'https://s3.fr', bucket: b, region: r, credentials: /c, timeout: 1ms}", "store.timeout: write a time"},
		{"listener without port", "listen: {http: 127.0.0.1, smtp: ':25', ops: ':9'}", "listen.http: write HOST:PORT"},
		{"message limit D19", "limits: {maxMessageBytes: 30000000, maxReplyBytes: 10000000}", "limits.maxMessageBytes"},
		{"message limit O165", "limits: {maxMessageBytes: 9999999, maxReplyBytes: 1000}", "limits.maxMessageBytes"},
		{"reply over message D19", "limits: {maxMessageBytes: 20000000, maxReplyBytes: 20000001}", "limits.maxReplyBytes"},
		{"mailbox without an address I119", "mailboxes: [{address: nobody, kind: ORG, responsible: [{id: '8', name: A}]}]", "mailboxes[0]: address"},
		{"mailbox of a kind without users I119", "mailboxes: [{address: a@b.mssante.fr, kind: PER, responsible: [{id: '8', name: A}]}]", "mailboxes[0]: kind"},
		{"mailbox without responsible I119", "mailboxes: [{address: a@b.mssante.fr, kind: CAB}]", "mailboxes[0]: responsible"},
		{"mailbox of nobody I119", "mailboxes: [{address: a@b.mssante.fr, kind: CAB, responsible: [{id: '8'}]}]", "mailboxes[0]: responsible"},
		{"window without days D8", "replyWindows: {mailboxes: {a@b.mssante.fr: 0}}", "replyWindows.mailboxes"},
		{"window of no mailbox D8", "replyWindows: {mailboxes: {nobody: 3}}", "replyWindows.mailboxes"},
		{"no time for an answer D8", "replyWindows: {afterAnswerDays: 0}", "replyWindows.afterAnswerDays"},
		{"calls", "limits: {apiPerMinute: -1}", "limits.apiPerMinute"},
		{"logins", "limits: {loginsPerMinute: -1}", "limits.loginsPerMinute"},
		{"tokens", "limits: {tokensPerMinute: -1}", "limits.tokensPerMinute"},
		{"mutual TLS without a listener", "oauth: {secret: /s, signingKey: /k, mutualTLS: {url: 'https://m.fr', certificate: /c, key: /k}}\nlisten: {mutualTLS: ''}", "oauth.mutualTLS: there is no such listener"},
		{"mutual TLS without a certificate", "listen: {mutualTLS: ':8443'}\noauth: {secret: /s, signingKey: /k, mutualTLS: {url: 'https://m.fr'}}", "oauth.mutualTLS: with listen.mutualTLS, write url, certificate and key"},
		{"mutual TLS without a port", "listen: {mutualTLS: m.fr}\noauth: {secret: /s, signingKey: /k, mutualTLS: {url: 'https://m.fr', certificate: /c, key: /k}}", "listen.mutualTLS: write HOST:PORT"},
		{
			"mutual TLS under a path", "listen: {mutualTLS: ':8443'}\noauth: {secret: /s, signingKey: /k, mutualTLS: {url: 'https://m.fr/x', certificate: /c, key: /k}}",
			"oauth.mutualTLS.url: write an https URL without a path",
		},
		{"verdicts D29", "limits: {verdictsPerHour: -1}", "limits.verdictsPerHour"},
		{"no reply at all", "limits: {maxMessageBytes: 20000000, maxReplyBytes: 0}", "limits.maxReplyBytes"},
		{"public URL in clear", "publicURL: http://exemple.fr", "publicURL: write an https URL"},
		{"contact that is no address", "contact: par téléphone", "contact: write an e-mail address"},
		{"public URL with a query", "publicURL: https://exemple.fr?a", "publicURL: write a URL"},
		{
			"level of a provider I71",
			"patients: {issuer: 'https://a.fr', clientID: a, clientSecret: /s, level: high}", "patients.level: write one of eidas1",
		},
		{
			"demonstration provider D26",
			"patients: {issuer: 'http://127.0.0.1:9000', clientID: a, clientSecret: /s}",
			"patients.issuer: write an https URL",
		},
		{
			"demonstration provider behind TLS D26",
			"patients: {issuer: 'https://localhost:9000', clientID: a, clientSecret: /s}",
			"patients.issuer: this machine's own address",
		},
		{"list from nowhere", "whiteList: {signerRoots: /s}", "whiteList: write either url"},
		{"list from two places", "whiteList: {signerRoots: /s, file: /l, url: 'https://a.fr/l', roots: /r}", "whiteList: write either url"},
		{"list in clear", "whiteList: {signerRoots: /s, url: 'http://a.fr/l', roots: /r}", "whiteList.url: write an https URL"},
		{"roots of the system O11", "whiteList: {signerRoots: /s, url: 'https://a.fr/l'}", "whiteList.roots is missing"},
		{"delays O16", "whiteList: {signerRoots: /s, file: /l, warnAfter: 80h}", "whiteList: write delays"},
		{"list asked for too often", "whiteList: {signerRoots: /s, file: /l, every: 1s}", "whiteList: write delays"},
		{"no revocation O51", "smtp: {hostname: a, certificate: /c, key: /k, ca: /a, revocation: {online: false}}", "smtp.revocation.online"},
		{"revocation by ldap", "smtp: {hostname: a, certificate: /c, key: /k, ca: /a, revocation: {urls: ['ldap://a.fr/x']}}", "smtp.revocation.urls: write an https URL"},
		{"notifications", "notifications: {smartHost: relais, from: x}", "notifications.smartHost: write HOST:PORT"},
		{"notifications sender", "notifications: {smartHost: 'relais:25', from: x}", "notifications.from: write the address"},
		{"log", "log: {format: xml, level: info}", "log.format: write one of json, text"},
		{"wrong type", "insKeyCheck: perhaps", "line 1"},
		{"two documents", "role: hosted\n---\nrole: hosted", "more than one document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(strings.NewReader(c.yaml + "\n" + exampleWithout(t, c.yaml)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v\nwants %q", err, c.want)
			}
			if c.name != "two documents" && err != nil && strings.Count(err.Error(), "\n") > 1 {
				t.Errorf("one fault gives several: %v", err)
			}
		})
	}
}

// exampleWithout is the example file without the top-level keys that yaml sets.
func exampleWithout(t *testing.T, settings string) string {
	t.Helper()
	if strings.Contains(settings, "---") {
		return ""
	}
	var b bytes.Buffer
	if err := WriteExample(&b); err != nil {
		t.Fatal(err)
	}
	var all, changed map[string]any
	if err := yaml.Unmarshal(b.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(settings), &changed); err != nil {
		t.Fatal(err)
	}
	for k := range changed {
		delete(all, k)
	}
	rest, err := yaml.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(rest)
}

func TestRead_bucket_isAccepted(t *testing.T) {
	t.Parallel()
	settings := "store: {kind: s3, endpoint: 'https://s3.fr/', bucket: b, region: r, credentials: /c}\n"
	if c, err := Read(strings.NewReader(settings + exampleWithout(t, settings))); err != nil || c.Store.Timeout != Default().Store.Timeout {
		t.Errorf("%v, %v", c.Store, err)
	}
}

func TestRead_testEnvironment_allowsTestData(t *testing.T) {
	t.Parallel()
	settings := "environment: test\ninsKeyCheck: false\npublicURL: http://127.0.0.1:8080\n" // D20
	if _, err := Read(strings.NewReader(settings + exampleWithout(t, settings))); err != nil {
		t.Error(err)
	}
	settings += "patients: {issuer: 'http://127.0.0.1:9000', clientID: a, clientSecret: /s}\n"
	if _, err := Read(strings.NewReader(settings + exampleWithout(t, settings))); err == nil {
		t.Error("the demonstration's provider is accepted (D26)")
	}
}

func TestCheckFiles_secretsThatOthersMayRead_areRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		mode fs.FileMode
		ok   bool
	}{{0o600, true}, {0o400, true}, {0o640, false}, {0o604, false}, {0o620, false}} {
		path := filepath.Join(dir, c.mode.String())
		if err := os.WriteFile(path, []byte("secret"), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		faults := Config{OAuth: OAuth{Secret: SecretFile(path)}}.CheckFiles()
		if (len(faults) == 0) != c.ok {
			t.Errorf("mode %v: %v", c.mode, faults)
		}
		secret, err := SecretFile(path).Read()
		if (err == nil) != c.ok || c.ok && string(secret) != "secret" {
			t.Errorf("mode %v: read %q, %v", c.mode, secret, err)
		}
		for _, f := range faults {
			if !strings.Contains(f.Error(), "oauth.secret: ") || !strings.Contains(f.Error(), "chmod 600") {
				t.Errorf("%v does not say which setting and what to do", f)
			}
		}
	}
}

func TestCheckFiles_namesEachFileThatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := Config{
		SMTP:      SMTP{CA: File(dir), CRLs: []File{"/does/not/exist", "/nor/this"}},
		WhiteList: WhiteList{File: "/not/there/either"},
	}
	faults := errors.Join(c.CheckFiles()...)
	for _, want := range []string{"smtp.ca: ", "is not a file", "smtp.crls: ", "/does/not/exist", "/nor/this", "whiteList.file: "} {
		if !strings.Contains(faults.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, faults)
		}
	}
}

func TestReadKey_form(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"key":          {strings.Repeat("0f", 32), true},
		"with newline": {strings.Repeat("0f", 32) + "\n", true},
		"short":        {strings.Repeat("0f", 31), false},
		"long":         {strings.Repeat("0f", 33), false},
		"not hex":      {strings.Repeat("zz", 32), false},
		"empty":        {"", false},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := SecretFile(path).ReadKey()
		if (err == nil) != c.ok || c.ok && len(key) != keySize {
			t.Errorf("%s: %d octets, %v", name, len(key), err)
		}
		if err != nil && c.text != "" && strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: the error quotes the file", name)
		}
	}
}

// D16: in a role but hosted the controller decides how long things stay; no default decides for him.
func TestRead_controllersPeriods(t *testing.T) {
	t.Parallel()
	read := func(settings string) string {
		_, err := Read(strings.NewReader(settings + "\n" + exampleWithout(t, settings)))
		return err.Error()
	}
	text := read("role: relay\nretention: {archiveYears: 12, functionalYears: 5}")
	for _, p := range (Retention{}).periods() {
		named := p.name == "archiveYears" || p.name == "functionalYears"
		if strings.Contains(text, "retention."+p.name+": the controller decides in role relay") == named {
			t.Errorf("%s: %s", p.name, text)
		}
	}
	if strings.Contains(read("role: simulator"), "controller decides") {
		t.Error("the example names every period, and is refused for one")
	}
}
