package tests

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk mounts a file system of a few megabytes for the length of the test.
func smallDisk(t *testing.T, megabytes int) (dir string, resize func(megabytes int)) {
	t.Helper()
	dir = t.TempDir()
	size := func(n int) string { return fmt.Sprintf("size=%dm", n) }
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, size(megabytes))
	if errors.Is(err, syscall.EPERM) {
		t.Skip("a full disk is not tried: mounting a small one needs root; conversations/localdb and bodies try it with a file system of their own")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir, func(n int) {
		t.Helper()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, size(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDisk_full: when the disk of the data directory fills up, every message is refused for now or taken for
// good. In the end the bridge cannot write its journal: it says so and ends with 1. With room again, all
// that was acknowledged is there, once.
func TestDisk_full(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	dir, resize := smallDisk(t, 160)
	d := startDemoOn(t, dir, "unix://"+r.door)
	doctor, patient := d.Professionals[0].Mailboxes[0], d.Patients[0]
	taken := map[string]bool{}
	lane := &crashLane{t: t, live: d, box: doctor, who: d.operatorOf(doctor), patient: crashCaller{address: patient.Address}}
	answers := map[string]int{}
	for n, size := range fillers() {
		subject := fmt.Sprintf("Envoi %d", n)
		got := lane.post(note(doctor, patient.Address, subject, strings.Repeat("une ligne d'un dossier\r\n", size/24), "Message-ID: <"+subject[6:]+"@operator.test>"))
		taken[subject] = got.kind == answerYes
		answers[fmt.Sprintf("%d %.9s", got.kind, got.text)]++
		if got.kind == answerWrong || got.kind == answerNo {
			t.Errorf("%s is answered %q", subject, got.text)
		}
		if hasEnded(d) {
			break
		}
	}
	t.Logf("answers %v", answers)
	select {
	case err := <-d.ended:
		d.ended <- err
		if d.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(d.output.String(), "local database failed") {
			t.Errorf("it ends with %v and says\n%s", err, d.output)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("the bridge goes on without a disk\n%s", d.output)
	}
	lane.hangUp()
	resize(600)
	d = startDemoOn(t, dir, "unix://"+r.door)
	count := map[string]int{}
	for _, line := range everyConversation(d.as(t, patient.Token)) {
		count[line.Subject]++
	}
	for subject, yes := range taken {
		if n := count[subject]; n > 1 || yes && n != 1 {
			t.Errorf("%q was acknowledged: %v; it is there %d times", subject, yes, n)
		}
	}
	d.accepted(t, doctor, patient.Address, note(doctor, patient.Address, "Après", "x"))
	if got := (&faults{t: t, d: d}).status(d.Ops+"/readyz", ""); got != http.StatusOK {
		t.Errorf("readyz answers %d", got)
	}
}

// fillers are sizes of messages: large ones until the disk is nearly full, then small ones to its end.
func fillers() (sizes []int) {
	for range 12 {
		sizes = append(sizes, 8<<20)
	}
	for range 40 {
		sizes = append(sizes, 1<<20)
	}
	for range 1000 {
		sizes = append(sizes, 40<<10)
	}
	return sizes
}

// hasEnded reports whether a bridge ended by itself.
func hasEnded(d *demo) bool {
	select {
	case err := <-d.ended:
		d.ended <- err
		return true
	default:
		return false
	}
}
