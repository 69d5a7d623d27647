package xdm

import (
	"io"
	"strings"
	"time"
)

// Reader reads the documents of messages. It is safe for concurrent use; one serves the whole process, for it
// bounds how many files are in memory at once.
type Reader struct {
	limits Limits
	zone   *time.Location
	places chan struct{}
}

// NewReader returns a reader. Times without an offset are times of zone.
func NewReader(l Limits, zone *time.Location) *Reader {
	return &Reader{limits: l, zone: zone, places: make(chan struct{}, l.MaxReadings)}
}

// Kind is what a file may be, by its name and type. An attachment of any kind but KindNone is worth reading;
// its content decides.
type Kind int

// Kinds of attachments.
const (
	KindNone    Kind = iota // no health document
	KindArchive             // a ZIP file, which may be IHE XDM
	KindXML                 // XML, which may be CDA
)

// KindOf tells by the name and the media type of an attachment, in lower case, what it may be.
func KindOf(name, mediaType string) Kind {
	name = strings.ToLower(strings.TrimSpace(name))
	switch mediaType {
	case "application/zip", "application/x-zip-compressed", "application/x-zip":
		return KindArchive
	case "text/xml", "application/xml", "application/hl7-cda+xml", "application/cda+xml", "application/x-hl7-cda-level-one+xml":
		return KindXML
	}
	switch {
	case strings.HasSuffix(name, ".zip"):
		return KindArchive
	case strings.HasSuffix(name, ".xml"):
		return KindXML
	}
	return KindNone
}

// IsXDM reports whether an attachment bears the name of an IHE XDM archive (R96).
func IsXDM(name string) bool { return strings.EqualFold(strings.TrimSpace(name), "IHE_XDM.zip") }

// Message is the reading of the documents of one message. It is not safe for concurrent use.
type Message struct {
	reader *Reader
	budget budget
	file   *File
}

// Message begins to read the documents of a message; end it with Close.
func (r *Reader) Message() *Message {
	return &Message{reader: r, budget: budget{octets: r.limits.MaxReadBytes, elements: r.limits.MaxElements}}
}

// Close gives up the file that is open, if any.
func (m *Message) Close() {
	if m.file != nil {
		m.file.Close()
	}
}

// Begin takes a place and returns an empty file to write an attachment to. It waits while all places are
// taken. The file that was open before, if any, is closed.
func (m *Message) Begin() *File {
	m.Close()
	m.reader.places <- struct{}{}
	m.file = &File{message: m, bytes: spool{limit: m.reader.limits.MaxFileBytes}}
	return m.file
}

// File is an attachment in memory.
type File struct {
	message *Message
	bytes   spool
	closed  bool
}

// Write takes octets of the attachment. It never fails.
func (f *File) Write(p []byte) (int, error) { return f.bytes.Write(p) }

// Close gives the memory and the place back.
func (f *File) Close() {
	if f.closed {
		return
	}
	f.closed, f.bytes.chunks, f.message.file = true, nil, nil
	<-f.message.reader.places
}

// isArchive tells a ZIP file from XML by its first octets.
func (f *File) isArchive() bool {
	var head [2]byte
	_, _ = f.bytes.ReadAt(head[:], 0) // a shorter file is no archive
	return string(head[:]) == "PK"
}

// archive opens the file as a ZIP file.
func (f *File) archive() (*archive, error) {
	return openArchive(&f.bytes, f.bytes.size, f.message.reader.limits, &f.message.budget)
}

// cda returns a reader of a document.
func (f *File) cda(r io.Reader) *cdaReader {
	return newCDAReader(r, f.message.reader.limits, f.message.reader.zone, &f.message.budget)
}
