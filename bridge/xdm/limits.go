package xdm

import "errors"

// Limits bound what the documents of one message may cost. The zero value allows nothing; start from
// [DefaultLimits].
type Limits struct {
	MaxFileBytes     int64 // of an attachment, decoded; larger ones are not read
	MaxReadings      int   // files in memory at once, in the whole process
	MaxEntries       int   // files in an archive
	MaxNameBytes     int   // of the name of a file in an archive
	MaxExpandedBytes int64 // of all files of an archive, as its directory announces (O171)
	MaxRatio         int64 // expanded to compressed octets, of a file of more than a megabyte
	MaxReadBytes     int64 // expanded octets that are read for one message, each time it is read
	MaxElements      int   // XML elements that are read for one message, each time it is read
	MaxHeaderBytes   int64 // octets of a document up to the end of its CDA header
	MaxMetadataBytes int64 // of one METADATA.XML
	MaxDepth         int   // XML elements inside one another
	MaxDocuments     int   // documents of one archive
}

// DefaultLimits are far above what clinical software sends: archives of some tens of documents and some
// megabytes, CDA headers of some 60 kB and 6 000 elements in a rich document. MaxFileBytes is the limit of
// a message (D19), so that four readings hold at most 105 MB; MaxReadBytes and MaxElements keep one
// reading around a second.
func DefaultLimits() Limits {
	return Limits{
		MaxFileBytes: 26_214_400, MaxReadings: 4,
		MaxEntries: 1000, MaxNameBytes: 512, MaxExpandedBytes: 500_000_000, MaxRatio: 250,
		MaxReadBytes: 128 << 20, MaxElements: 1_000_000,
		MaxHeaderBytes: 4 << 20, MaxMetadataBytes: 8 << 20, MaxDepth: 200, MaxDocuments: 200,
	}
}

// Bounds of what is kept of one document. What exceeds them is left out.
const (
	maxToken    = 256 << 10 // octets of one XML tag, comment or wanted text
	maxText     = 1000      // octets of a title or name
	maxPersons  = 20        // authors; identifiers of a patient
	maxSections = 200
	maxMedia    = 20 // files embedded in one document
)

// Errors of this package. Their texts hold nothing of the file.
var (
	// ErrNotDocument means that a file is something else: a ZIP without METADATA.XML, or XML that is no
	// CDA. It is an ordinary attachment.
	ErrNotDocument = errors.New("not a health document")
	// ErrUnreadable means that a file is one of ours but its form is broken or ambiguous.
	ErrUnreadable = errors.New("health document not readable")
	// ErrTooLarge means that reading it would exceed the limits.
	ErrTooLarge = errors.New("health document exceeds the limits of reading")
	// ErrNoMedia means that there is no embedded file under the index asked for.
	ErrNoMedia = errors.New("no such embedded file")
)
