package tests

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations/journal"
	"mesbridge/conversations/objects/objectstest"
	"mesbridge/conversations/redisstore/redistest"
)

// bridges are two bridges on one Redis Cluster.
type bridges struct {
	t      *testing.T
	nodes  *redistest.Nodes
	common string
	dirs   []string
	flags  []string
}

// startCluster starts three masters with a replica each, which refuse writes without it, and nothing else yet.
func startCluster(t *testing.T, program string) *bridges {
	t.Helper()
	b := &bridges{t: t, nodes: redistest.StartNodes(t, program, 3, 1, "--min-replicas-to-write", "1"), common: t.TempDir()}
	b.dirs = []string{t.TempDir(), t.TempDir()}
	bucket := objectstest.Start(t)
	b.flags = []string{"--common", b.common, "--s3", bucket.Endpoint + "/" + objectstest.Bucket, "--s3-credentials", bucket.Credentials}
	return b
}

// start starts one of the bridges, with more flags.
func (b *bridges) start(n int, more ...string) *demo {
	b.t.Helper()
	redis := "redis-cluster://" + strings.Join(b.nodes.Addrs(), ",") + "?replicas=1&bridges=2"
	return startDemoOn(b.t, b.dirs[n], redis, append(slices.Clip(b.flags), more...)...)
}

// TestCluster_story tells the story with mail at one bridge and the patient at the other: what the one
// acknowledged, the other shows.
func TestCluster_story(t *testing.T) {
	t.Parallel()
	b := startCluster(t, "")
	mail := b.start(0)
	tellStory(t, mail, b.start(1), func() *demo { return b.start(0) })
}

func TestCluster_storyOnValkey(t *testing.T) {
	t.Parallel()
	b := startCluster(t, redistest.Valkey(t))
	mail := b.start(0)
	tellStory(t, mail, b.start(1), func() *demo { return b.start(0) })
}

// TestCluster_masterAndBridgeKilled: under load through both bridges a master is killed, its replica promoted
// and the killed node brought back as a replica; then a bridge is killed and started again. Afterwards every
// acknowledged write is there once, both bridges show the same, every reply arrived, and both journals hold
// the same chains.
func TestCluster_masterAndBridgeKilled(t *testing.T) {
	t.Parallel()
	rounds := 1
	if os.Getenv("SOAK") != "" {
		rounds = 20
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("%d rounds, seed %d", rounds, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	b := startCluster(t, "")
	crowd := filepath.Join(t.TempDir(), "crowd.json")
	l := newLoad(t, b.start(0, "--patients", "24", "--patients-file", crowd), b.start(1), crowd)
	l.open()
	for range rounds {
		stop := l.run()
		wait(random, 2*time.Second)
		b.killMaster(l, random)
		wait(random, 2*time.Second)
		victim := random.IntN(2)
		l.bridge(victim).kill()
		l.kills++
		wait(random, 3*time.Second)
		l.replace(victim, b.start(victim))
		wait(random, 2*time.Second)
		stop()
	}
	l.check()
	b.checkJournals(l.bridge(0), l.bridge(1))
}

// wait lets the load go on for a second or more, a seeded time, which picks the moment of the next kill.
func wait(random *rand.Rand, most time.Duration) {
	<-time.After(time.Second + time.Duration(random.Int64N(int64(most-time.Second))))
}

// killMaster kills one of the masters, waits for its replica to take over, and brings the node back.
func (b *bridges) killMaster(l *load, random *rand.Rand) {
	b.t.Helper()
	masters := b.nodes.Masters(b.t)
	victim := masters[random.IntN(len(masters))]
	began := time.Now()
	victim.Kill()
	await(b.t, "promotion of a replica", func() bool { return len(b.nodes.Masters(b.t)) == 3 })
	promoted := time.Since(began)
	wait(random, 2*time.Second) // its patients can be read, not written for
	b.nodes.Continue(b.t, victim)
	b.nodes.AwaitWhole(b.t, 3, 1)
	b.t.Logf("master killed: promoted after %v, whole again after %v, %d tries refused so far", promoted.Round(time.Millisecond),
		time.Since(began).Round(time.Millisecond), l.refused.Load())
}

// checkJournals stops both bridges and compares their archives: each is intact, and where both sealed a chain
// up to the same entry, it is the same chain.
func (b *bridges) checkJournals(running ...*demo) {
	b.t.Helper()
	for _, d := range running {
		d.stop()
	}
	b.start(0).stop() // takes over what the other wrote last
	b.start(1).stop()
	var heads [2]map[string]chainHead
	for n, dir := range b.dirs {
		if code, text := mesbridge(b.t, "audit", "verify", "--data", dir); code != 0 {
			b.t.Errorf("journal of bridge %d: %s", n, text)
		}
		heads[n] = lastManifest(b.t, filepath.Join(dir, "store", "journal"))
	}
	same, entries := 0, uint64(0)
	for name, head := range heads[0] {
		other := heads[1][name]
		switch {
		case name == journal.Own, name == journal.Technical: // what each did for itself
		case head.Last != other.Last:
			b.t.Errorf("chain %s ends at %d in one journal, at %d in the other", name, head.Last, other.Last)
		case head.Head != other.Head:
			b.t.Errorf("chain %s differs between the journals", name)
		default:
			same, entries = same+1, entries+head.Last
		}
	}
	b.t.Logf("%d chains of %d entries are the same in both journals", same, entries)
}

// chainHead is where a chain ends in a manifest.
type chainHead struct {
	Chain string `json:"chain"`
	Last  uint64 `json:"last"`
	Head  string `json:"head"`
}

// lastManifest reads the chains of the newest manifest of an archive.
func lastManifest(t *testing.T, dir string) map[string]chainHead {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.manifest"))
	if err != nil || len(files) == 0 {
		t.Fatalf("manifests in %s: %v", dir, err)
	}
	slices.Sort(files)
	content, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Chains []chainHead `json:"chains"`
	}
	line, _, _ := strings.Cut(string(content), "\n")
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatal(err)
	}
	heads := map[string]chainHead{}
	for _, c := range m.Chains {
		heads[c.Chain] = c
	}
	return heads
}
