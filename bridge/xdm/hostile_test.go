package xdm

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/xdm/xdmtest"
)

// TestArchive_hostile refuses or bounds every archive that is made to do harm (O171).
func TestArchive_hostile(t *testing.T) {
	t.Parallel()
	d := xdmtest.Sample()
	meta := xdmtest.File{Name: xdmtest.Folder + "METADATA.XML", Content: xdmtest.Metadata(d.Entry("DOC0001.XML"))}
	doc := xdmtest.File{Name: xdmtest.Folder + "DOC0001.XML", Content: d.CDA()}
	with := func(more ...xdmtest.File) []byte {
		return xdmtest.Zip(t, append([]xdmtest.File{meta, doc}, more...)...)
	}
	good := with()
	for name, c := range map[string]struct {
		raw       []byte
		err       error
		documents int
		skipped   int
	}{
		"good":                    {good, nil, 1, 0},
		"nothing":                 {nil, ErrNotDocument, 0, 0},
		"no archive":              {[]byte("PK\x03\x04 but no more"), ErrNotDocument, 0, 0},
		"ordinary archive":        {xdmtest.Zip(t, doc), ErrNotDocument, 0, 0},
		"nested archive":          {xdmtest.Zip(t, xdmtest.File{Name: "IHE_XDM.ZIP", Content: good}), ErrNotDocument, 0, 0},
		"traversal":               {with(xdmtest.File{Name: "../../etc/cron.d/x"}), nil, 1, 1},
		"traversal inside":        {with(xdmtest.File{Name: "IHE_XDM/../../x"}), nil, 1, 1},
		"absolute":                {with(xdmtest.File{Name: "/etc/passwd"}), nil, 1, 1},
		"backslashes":             {with(xdmtest.File{Name: `..\..\x`}, xdmtest.File{Name: `C:\x`}), nil, 1, 2},
		"control characters":      {with(xdmtest.File{Name: "a\nb"}), nil, 1, 1},
		"same name twice":         {with(doc), ErrUnreadable, 0, 0},
		"same name in lower case": {with(xdmtest.File{Name: strings.ToLower(meta.Name)}), ErrUnreadable, 0, 0},
		"encrypted metadata":      {encrypt(good), ErrNotDocument, 0, 2},
		"too many files":          {manyFiles(t, 1001), ErrTooLarge, 0, 0},
		"as many as allowed":      {manyFiles(t, 1000), ErrNotDocument, 0, 0},
		"long name":               {with(xdmtest.File{Name: strings.Repeat("x", 600)}), ErrTooLarge, 0, 0},
		"ratio":                   {with(xdmtest.File{Name: "ZEROS", Content: make([]byte, 5<<20)}), ErrTooLarge, 0, 0},
		"overlapping":             {overlapping(200, 1<<20), ErrUnreadable, 0, 0},
		"quoted":                  {quoted(3), ErrUnreadable, 0, 0},
		"zip64":                   {zip64(good), ErrUnreadable, 0, 0},
		"something before":        {append(bytes.Clone(good[:30]), good...), ErrUnreadable, 0, 0},
		"something behind":        {append(bytes.Clone(good), "more"...), ErrUnreadable, 0, 0},
		"another count":           {patch(good, endAt(good)+8, 1, 0, 1, 0), ErrUnreadable, 0, 0},
		"cut":                     {good[:len(good)-30], ErrNotDocument, 0, 0},
		"data damaged":            {damage(good, doc.Name), nil, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, c.raw).Documents()
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("%v, want %v", err, c.err)
			}
			if len(got.Documents) != c.documents || got.Skipped != c.skipped {
				t.Errorf("%d documents, %d skipped", len(got.Documents), got.Skipped)
			}
			if _, err := read(t, c.raw).Patients(); c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("patients: %v", err)
			}
		})
	}
}

// encrypt marks every file as encrypted.
func encrypt(raw []byte) []byte {
	raw = bytes.Clone(raw)
	for _, s := range []struct {
		signature string
		at        int
	}{{"PK\x03\x04", 6}, {"PK\x01\x02", 8}} {
		for i := 0; ; {
			n := bytes.Index(raw[i:], []byte(s.signature))
			if n < 0 {
				break
			}
			raw[i+n+s.at] |= 1
			i += n + 4
		}
	}
	return raw
}

func endAt(raw []byte) int { return bytes.LastIndex(raw, endSignature) }

func patch(raw []byte, at int, b ...byte) []byte {
	raw = bytes.Clone(raw)
	copy(raw[at:], b)
	return raw
}

// damage changes octets in the middle of a file.
func damage(raw []byte, name string) []byte {
	at := bytes.Index(raw, []byte(name)) + len(name)
	return patch(raw, at+200, 0xFF, 0x00, 0xFF, 0x00)
}

// zip64 puts a zip64 locator before the end of the directory.
func zip64(raw []byte) []byte {
	end := endAt(raw)
	out := append(bytes.Clone(raw[:end]), locatorSignature...)
	out = append(out, make([]byte, locatorBytes-4)...)
	tail := bytes.Clone(raw[end:])
	binary.LittleEndian.PutUint32(tail[12:], binary.LittleEndian.Uint32(tail[12:])+locatorBytes)
	return append(out, tail...)
}

// manyFiles is an archive of n empty files.
func manyFiles(tb testing.TB, n int) []byte {
	tb.Helper()
	files := make([]xdmtest.File, n)
	for i := range files {
		files[i].Name = fmt.Sprintf("F%d", i)
	}
	return xdmtest.Zip(tb, files...)
}

// overlapping is an archive whose directory names the same compressed octets n times.
func overlapping(n, size int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.CreateHeader(&zip.FileHeader{Name: "A0000", Method: zip.Deflate})
	for i := range size {
		_, _ = w.Write([]byte{byte(i * i >> 3)}) // not too regular, for the ratio
	}
	_ = z.Close()
	raw := b.Bytes()
	end := endAt(raw)
	at := int(binary.LittleEndian.Uint32(raw[end+16:]))
	entry := raw[at:end]
	out := bytes.Clone(raw[:at])
	for i := range n {
		next := bytes.Clone(entry)
		copy(next[headerBytes:], fmt.Sprintf("A%04d", i))
		out = append(out, next...)
	}
	tail := bytes.Clone(raw[end:])
	for _, at := range []int{8, 10} {
		binary.LittleEndian.PutUint16(tail[at:], uint16(n))
	}
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*len(entry)))
	return append(out, tail...)
}

// quoted is an archive in which each file quotes the local headers of the files behind it in a stored block
// of its deflate stream, and so has their content too: few octets, many expansions.
func quoted(n int) []byte {
	kernel := []byte{0x01, 5, 0, 0xFA, 0xFF, 'h', 'e', 'l', 'l', 'o'} // one final stored block
	plain := []byte("hello")
	type file struct {
		header, quote, content []byte
	}
	var files []file
	rest, content := kernel, plain
	for i := n - 1; i >= 0; i-- {
		name := fmt.Sprintf("Q%d", i)
		h := make([]byte, localBytes, localBytes+len(name))
		copy(h, "PK\x03\x04\x14\x00\x00\x00\x08\x00")
		binary.LittleEndian.PutUint32(h[14:], crc32.ChecksumIEEE(content))
		binary.LittleEndian.PutUint32(h[18:], uint32(len(rest)))
		binary.LittleEndian.PutUint32(h[22:], uint32(len(content)))
		binary.LittleEndian.PutUint16(h[26:], uint16(len(name)))
		h = append(h, name...)
		files = append([]file{{header: h, content: content}}, files...)
		quote := []byte{0x00, byte(len(h)), 0, ^byte(len(h)), 0xFF} // a stored block that is not final
		rest = append(append(quote, h...), rest...)
		content = append(bytes.Clone(h), content...)
		files[0].quote = quote
	}
	out := rest[len(files[0].quote):] // the first header is quoted by nobody
	var directory []byte
	at := 0
	for _, f := range files {
		e := make([]byte, headerBytes)
		copy(e, "PK\x01\x02\x14\x00")
		copy(e[6:], f.header[4:localBytes-2])
		binary.LittleEndian.PutUint16(e[28:], uint16(len(f.header)-localBytes))
		binary.LittleEndian.PutUint32(e[42:], uint32(at))
		directory = append(append(directory, e...), f.header[localBytes:]...)
		at += len(f.header) + 5
	}
	end := make([]byte, endBytes)
	copy(end, endSignature)
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(directory)))
	binary.LittleEndian.PutUint32(end[16:], uint32(len(out)))
	return append(append(out, directory...), end...)
}

// TestQuoted_isABomb makes sure that the archive of the test above is what it is said to be.
func TestQuoted_isABomb(t *testing.T) {
	t.Parallel()
	raw := quoted(3)
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil || len(z.File) != 3 {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || !bytes.HasSuffix(b, []byte("hello")) {
			t.Errorf("%s: %q, %v", f.Name, b, err)
		}
	}
}

// TestXML_hostile reads no entity, no depth and no length that costs more than it is worth.
func TestXML_hostile(t *testing.T) {
	t.Parallel()
	const open, shut = `<ClinicalDocument xmlns="urn:hl7-org:v3"><title>T</title>`, `</ClinicalDocument>`
	laughs := `<!DOCTYPE ClinicalDocument [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	for name, c := range map[string]struct {
		raw string
		err error
	}{
		"good":                  {open + shut, nil},
		"billion laughs":        {laughs + open + "<a>&b;</a>" + shut, ErrUnreadable},
		"external entity":       {`<!DOCTYPE ClinicalDocument SYSTEM "file:///etc/passwd">` + open + shut, ErrUnreadable},
		"declaration of others": {laughs + "<lolz>&b;</lolz>", ErrNotDocument},
		"undeclared entity":     {`<ClinicalDocument xmlns="urn:hl7-org:v3"><title>&b;</title></ClinicalDocument>`, ErrUnreadable},
		"entity nobody reads":   {open + "<text>&b;</text>" + shut, nil},
		"long entity":           {open + "<author>&" + strings.Repeat("a", 1<<20) + ";</author>" + shut, nil},
		"deep":                  {open + strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000) + shut, ErrTooLarge},
		"many attributes":       {open + "<a " + strings.Repeat(`b="" `, 200_000) + "/>" + shut, ErrTooLarge},
		"long attribute":        {open + `<a b="` + strings.Repeat("x", 1<<20) + `"/>` + shut, ErrTooLarge},
		"long comment":          {open + "<!--" + strings.Repeat("x", 1<<20) + "-->" + shut, ErrTooLarge},
		"long title":            {`<ClinicalDocument xmlns="urn:hl7-org:v3"><title>` + strings.Repeat("x", 200<<10) + "</title>" + shut, nil},
		"longer title":          {`<ClinicalDocument xmlns="urn:hl7-org:v3"><title>` + strings.Repeat("x", 1<<20) + "</title>" + shut, ErrTooLarge},
		"long text":             {open + "<text>" + strings.Repeat("x", 4<<20) + "</text>" + shut, nil},
		"many elements":         {open + strings.Repeat("<a/>", 1_000_001) + shut, ErrTooLarge},
		"not ended":             {open, ErrUnreadable},
		"wrongly ended":         {open + "<a></b>" + shut, ErrUnreadable},
		"no xml":                {"\x00\x01\x02", ErrNotDocument},
		"nothing":               {"", ErrNotDocument},
		"another namespace":     {"<ClinicalDocument/>", ErrNotDocument},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, []byte(c.raw)).Documents()
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("%v, want %v", err, c.err)
			}
			if len(got.Documents) == 1 && (got.Documents[0].Broken != (c.err != nil) || len(got.Documents[0].Title()) > maxText) {
				t.Errorf("broken %v, title of %d", got.Documents[0].Broken, len(got.Documents[0].Title()))
			}
		})
	}
}

// TestMetadata_hostile does the same for METADATA.XML.
func TestMetadata_hostile(t *testing.T) {
	t.Parallel()
	good := string(xdmtest.Metadata(xdmtest.Sample().Entry("A.XML")))
	object := good[strings.Index(good, "<rim:ExtrinsicObject"):strings.Index(good, "<rim:RegistryPackage")]
	for name, c := range map[string]struct {
		raw string
		err error
	}{
		"good":           {good, nil},
		"empty list":     {`<SubmitObjectsRequest><RegistryObjectList/></SubmitObjectsRequest>`, nil},
		"billion laughs": {`<!DOCTYPE a [<!ENTITY b "lol">]>` + good[strings.Index(good, "<lcm"):], ErrUnreadable},
		"many documents": {strings.Replace(good, object, strings.Repeat(object, 201), 1), ErrTooLarge},
		"deep":           {strings.Repeat("<a>", 10_000), ErrTooLarge},
		"deep slot":      {`<a><ExtrinsicObject>` + strings.Repeat("<Name>", 10_000), ErrTooLarge},
		"no xml":         {"PK", ErrUnreadable},
		"nothing":        {"", ErrUnreadable},
		"cut":            {good[:len(good)/2], ErrUnreadable},
	} {
		b := &budget{octets: 1 << 30, elements: 1 << 20}
		if _, err := readMetadata(strings.NewReader(c.raw), DefaultLimits(), time.UTC, b); !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
	}
}

// TestBudget_manyReferences_endReading bounds the reading of one file under many names.
func TestBudget_manyReferences_endReading(t *testing.T) {
	t.Parallel()
	d := xdmtest.Sample()
	d.PDF = append(xdmtest.PDF("x"), make([]byte, 200<<10)...)
	e := d.Entry("DOC0001.XML")
	entries := []xdmtest.Entry{e, e, e, e, e}
	l := DefaultLimits()
	l.MaxReadBytes = int64(3 * len(e.Content))
	raw := xdmtest.Zip(t, xdmtest.File{Name: xdmtest.Folder + "METADATA.XML", Content: xdmtest.Metadata(entries...)},
		xdmtest.File{Name: xdmtest.Folder + "DOC0001.XML", Content: e.Content, Store: true})
	c, err := readWith(t, l, raw).Documents()
	if !errors.Is(err, ErrTooLarge) || len(c.Documents) != 3 || len(c.Documents[0].Media) != 1 || len(c.Documents[2].Media) != 0 {
		t.Errorf("%d documents, %v", len(c.Documents), err)
	}
}

// TestMemory_largestFile_isBounded holds the promise of Limits: reading the largest attachment keeps little
// beside the attachment.
func TestMemory_largestFile_isBounded(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	d := xdmtest.Sample()
	d.PDF = append(xdmtest.PDF("x"), make([]byte, 18<<20)...)
	raw := d.CDA() // some 25 MB of text
	f := read(t, raw)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c, err := f.Documents()
	runtime.ReadMemStats(&after)
	if err != nil || len(c.Documents[0].Media) != 1 || c.Documents[0].Media[0].Bytes != int64(len(d.PDF)) {
		t.Fatalf("%+v, %v", c, err)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("%d octets allocated for a document of %d", taken, len(raw))
	}
}

// TestFile_tooLarge_keepsNothing drops what is larger than a message can be.
func TestFile_tooLarge_keepsNothing(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.MaxFileBytes = 100 << 10
	f := readWith(t, l, make([]byte, 100<<10+1))
	if f.bytes.chunks != nil {
		t.Error("something is kept")
	}
	if _, err := f.Documents(); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	if _, err := f.Patients(); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// TestMessage_places_areGivenBack waits when all places are taken and goes on when one is free.
func TestMessage_places_areGivenBack(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.MaxReadings = 1
	r := reader(t, l)
	first, second := r.Message(), r.Message()
	first.Begin()
	again := first.Begin() // takes the place of the one before
	done := make(chan struct{})
	go func() {
		second.Begin()
		second.Close()
		close(done)
	}()
	select {
	case <-done:
		t.Fatal("two files at once")
	default:
	}
	again.Close()
	again.Close() // once more changes nothing
	<-done
	first.Close()
}

// TestSpool_reads as a reader of the same octets does.
func TestSpool_reads(t *testing.T) {
	t.Parallel()
	raw := make([]byte, 3*chunkBytes+17)
	for i := range raw {
		raw[i] = byte(i * 31)
	}
	s := spool{limit: int64(len(raw))}
	for rest := raw; len(rest) > 0; {
		n := min(len(rest), 9973)
		_, _ = s.Write(rest[:n])
		rest = rest[n:]
	}
	want := bytes.NewReader(raw)
	for _, off := range []int64{0, 1, chunkBytes - 1, chunkBytes, 2*chunkBytes + 5, int64(len(raw)) - 1, int64(len(raw))} {
		for _, n := range []int{0, 1, 100, chunkBytes, 2 * chunkBytes} {
			a, b := make([]byte, n), make([]byte, n)
			an, aerr := s.ReadAt(a, off)
			bn, berr := want.ReadAt(b, off)
			if an != bn || !bytes.Equal(a, b) || n > 0 && !errors.Is(aerr, berr) {
				t.Errorf("%d at %d: %d %v, want %d %v", n, off, an, aerr, bn, berr)
			}
		}
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mediaType string
		want            Kind
	}{
		{"IHE_XDM.ZIP", "application/octet-stream", KindArchive},
		{"ihe_xdm.zip", "application/zip", KindArchive},
		{"a", "application/x-zip-compressed", KindArchive},
		{"doc.XML", "application/octet-stream", KindXML},
		{"a", "text/xml", KindXML},
		{"a.pdf", "application/pdf", KindNone},
		{"", "", KindNone},
	} {
		if got := KindOf(c.name, c.mediaType); got != c.want {
			t.Errorf("%s %s: %d", c.name, c.mediaType, got)
		}
	}
}
