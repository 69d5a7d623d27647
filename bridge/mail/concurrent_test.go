package mail

import (
	"bytes"
	"reflect"
	"sync"
	"testing"
)

// TestCodec_isSafeForConcurrentUse: one Codec serves all requests. The race detector is what tells.
func TestCodec_isSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	c := NewCodec(DefaultLimits())
	raw := wire("From: <a@v.fr>\nContent-Type: text/html\n\n<p>x <a href='https://x.example'>y</a></p>\n")
	want, err := c.View(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := c.View(bytes.NewReader(raw))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v (%v), want %+v", got, err, want)
			}
		})
	}
	all.Wait()
}
