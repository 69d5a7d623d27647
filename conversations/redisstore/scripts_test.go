package redisstore

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// scriptFiles reads every script of this folder.
func scriptFiles(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(os.DirFS("."), "*.lua")
	if err != nil || len(names) == 0 {
		t.Fatalf("scripts: %v, %v", names, err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// The header of a script (design.md): name and purpose, KEYS, ARGV, results, when it writes.
func TestScripts_headers(t *testing.T) {
	t.Parallel()
	for name, text := range scriptFiles(t) {
		header := regexp.MustCompile(`\A-- ` + regexp.QuoteMeta(name) +
			`: (?s:.*)\n-- KEYS  1 (?s:.*)\n-- ARGV  1 (?s:.*)\n-- Gives (?s:.*)\n-- Writes `)
		if !header.MatchString(text) {
			t.Errorf("%s has not the header that scripts have", name)
		}
	}
}

// A script builds no key, reads no clock and draws no lots: a cluster could not run it, or a replica
// would differ. It uses nothing that miniredis lacks.
func TestScripts_useOnlyWhatTheyAreGiven(t *testing.T) {
	t.Parallel()
	key := regexp.MustCompile(`redis\.call\((?:'\w+'|[^,]+), (\w+)`)
	for name, text := range scriptFiles(t) {
		for _, banned := range []string{"'TIME'", "math.random", "cjson", "cmsgpack", "struct.", "bit.", "#!lua", "'{"} {
			if strings.Contains(text, banned) {
				t.Errorf("%s uses %s", name, banned)
			}
		}
		for _, m := range key.FindAllStringSubmatch(text, -1) {
			if m[1] != "KEYS" && m[1] != "key" { // key: the parameter of values, which is given KEYS
				t.Errorf("%s calls on %q, want KEYS", name, m[1])
			}
		}
	}
}

// Every key of one patient is in the slot of the patient's shard, whatever the id.
func TestKeys_ofAPatient_haveOneHashTag(t *testing.T) {
	t.Parallel()
	for shard := range shardCount {
		p := conversations.PatientID(shardName(shard) + "{}:*0000000000000000000000000000")
		want := "{s" + shardName(shard) + "}:"
		for _, key := range commitKeys(p) {
			if !strings.HasPrefix(key, want) {
				t.Errorf("key %q does not begin with %q", key, want)
			}
		}
		if n := shardNumber(shardName(shard)); n != shard {
			t.Errorf("shard %d has number %d", shard, n)
		}
	}
}
