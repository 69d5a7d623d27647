package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// Sizes of TestMemory, in octets: the largest message that is taken (D19), and what reading it may take.
const (
	largestMessage = 26_214_400
	mostMemory     = 64 << 20
)

// repeated reads a head and then a text again and again, up to the size of the largest message.
func repeated(head, text string) io.Reader {
	text = strings.Repeat(text, 1+4096/len(text))
	return io.LimitReader(io.MultiReader(strings.NewReader(head), &endless{text: text}), largestMessage)
}

type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (n int, _ error) {
	n = copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// TestMemory_isBoundedWhateverComes reads messages of the largest size (D19), each made to fill the
// memory in its own way, for display and for each attachment.
func TestMemory_isBoundedWhateverComes(t *testing.T) { // not parallel: it measures the heap
	const mixed = "From: <a@v.fr>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	const page = "From: <a@v.fr>\r\nContent-Type: text/html\r\n\r\n"
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 57)) + "\r\n"
	for name, m := range map[string][2]string{
		"document":            {mixed + "--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", line},
		"picture in the text": {mixed + "--b\r\nContent-Type: image/png\r\nContent-ID: <x>\r\nContent-Transfer-Encoding: base64\r\n\r\n", line},
		"text":                {"From: <a@v.fr>\r\n\r\n", "Une ligne de texte, avec des accents: \xe9\xe8.\r\n"},
		"text in UTF-7":       {"From: <a@v.fr>\r\nContent-Type: text/plain; charset=utf-7; format=flowed\r\n\r\n", ">+AOkA6Q- \r\n"},
		"text, one line":      {"From: <a@v.fr>\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", "=E9"},
		"damaged text":        {"From: <a@v.fr>\r\nContent-Transfer-Encoding: base64\r\n\r\n", "AAAA*"},
		"parts of text":       {mixed, "--b\r\n\r\nUne partie.\r\n"},
		"files":               {mixed, "--b\r\nContent-Type: application/pdf; name=\"" + strings.Repeat("n", 900) + "\"\r\n\r\nx\r\n"},
		"no boundary comes":   {mixed, "Rien ne sépare ces lignes.\r\n"},
		"almost boundaries":   {mixed, "--b" + strings.Repeat("x", 500) + "\r\n"},
		"header":              {"From: <a@v.fr>\r\n", "X-Field: value\r\n"},
		"header line":         {"From: <a@v.fr>\r\nSubject: ", "=?utf-8?Q?x?= "},
		"header of a part":    {mixed + "--b\r\n", "X-Field: value\r\n"},
		"tags":                {page, "<b>x</b>"},
		"empty tags":          {page, "<br>"},
		"attributes":          {page, "<i a=b c=d e=f>"},
		"tables":              {page, "<table><td>"},
		"links":               {page, "<a href=http://a>"},
		"pictures":            {page, "<img src=cid:x>"},
		"tangle":              {page + "<p><b a=1><b a=2><b a=3><b a=4><b a=5><b a=6><b a=7><b a=8></p>", "<p>x"},
		"entities":            {page, "&lt;&amp;"},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCodec(DefaultLimits())
			var files int
			most := mostHeap(t, func() {
				v, err := c.View(repeated(m[0], m[1]))
				if err != nil {
					t.Fatal(err)
				}
				files = len(v.Attachments)
			})
			for _, index := range []int{0, files - 1} {
				if files > 0 {
					most = max(most, mostHeap(t, func() {
						if err := c.Part(repeated(m[0], m[1]), index, io.Discard); err != nil {
							t.Fatal(err)
						}
					}))
				}
			}
			if t.Logf("%s: %d files, %d kB", name, files, most>>10); most > mostMemory {
				t.Errorf("reading took %d octets of memory, more than %d", most, mostMemory)
			}
		})
	}
}

// mostHeap runs something and returns the most that the heap grew by meanwhile, in octets, looked at a
// thousand times a second.
func mostHeap(t *testing.T, run func()) uint64 {
	t.Helper()
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	heap := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := heap()
	most := before
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				most = max(most, heap())
			}
		}
	}()
	run()
	close(stop)
	<-stopped
	return max(most, heap()) - before
}
