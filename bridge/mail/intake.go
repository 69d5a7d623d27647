package mail

import (
	"crypto/sha256"
	"hash"
	"io"
)

// Intake looks at a message while its octets pass during SMTP DATA: it checks line ends and limits,
// reads the header, counts and hashes. It keeps the current header block and at most 64 kB of text,
// whatever the size of the message. It is not safe for concurrent use.
type Intake struct {
	ends  lineEnds
	walk  *walker
	facts Facts
	err   error

	all     hash.Hash // of every octet
	lasting hash.Hash // from the first lasting field on; all itself when no trace field stands above
	hashed  int64     // octets of the message that lasting has taken or must not take

	tally  tally
	leaf   *content
	sample *sample
}

// NewIntake returns an Intake for one message.
func NewIntake(limits Limits) *Intake {
	in := &Intake{all: sha256.New(), tally: tally{limit: limits.MaxTextBytes}}
	in.walk = newWalker(limits, true, in)
	return in
}

// Write takes the next octets, in chunks of any size. It fails with one of this package's errors as
// soon as it is known, and then for good; the rest of the message need not be written.
func (in *Intake) Write(p []byte) (int, error) {
	if in.err != nil {
		return 0, in.err
	}
	in.err = in.take(p)
	if in.err != nil {
		return 0, in.err
	}
	return len(p), nil
}

func (in *Intake) take(p []byte) error {
	if err := in.ends.check(p); err != nil {
		return err
	}
	in.facts.Bytes += int64(len(p))
	in.all.Write(p)
	if _, err := in.walk.Write(p); err != nil {
		return err
	}
	in.hashLasting(p)
	return nil
}

// hashLasting takes the octets of p, the last chunk, that the header block did not hold.
func (in *Intake) hashLasting(p []byte) {
	if in.lasting != nil && in.lasting != in.all {
		in.lasting.Write(p[max(0, int64(len(p))-(in.facts.Bytes-in.hashed)):])
	}
	in.hashed = in.facts.Bytes
}

// Close ends the message and returns what was found. The facts are filled in as far as the message
// was read also when there is an error.
func (in *Intake) Close() (Facts, error) {
	if in.err == nil {
		in.err = in.ends.close()
	}
	if in.err == nil {
		in.err = in.walk.Close()
	}
	if in.err != nil {
		return in.facts, in.err
	}
	in.facts.Attachments = in.tally.offered
	in.all.Sum(in.facts.SHA256[:0])
	in.lasting.Sum(in.facts.Digest[:0])
	return in.facts, nil
}

// header implements visitor.
func (in *Intake) header(block []byte, fields []field, _ bool) error {
	from := firstLasting(fields, block)
	in.lasting = in.all
	if from > 0 {
		in.lasting = sha256.New()
		in.lasting.Write(block[from:])
	}
	in.hashed = int64(len(block))
	return in.facts.readHeader(fields)
}

// begin implements visitor. Attachments are not looked into.
func (in *Intake) begin(l *leaf) io.Writer {
	if l.role == roleFile {
		in.facts.Documents = in.facts.Documents || l.mayBeDocument()
		in.leaf = &content{leaf: l}
		return nil
	}
	in.sample = nil
	if in.facts.HasText {
		in.leaf = newContent(l, nil)
		return in.leaf
	}
	in.sample = &sample{leaf: l, room: in.tally.room(l)}
	in.leaf = newContent(l, in.sample)
	return in.leaf
}

// end implements visitor.
func (in *Intake) end() error {
	if err := in.leaf.close(); err != nil {
		return err
	}
	in.tally.judge(in.leaf)
	if in.sample != nil && in.sample.hasText() {
		in.facts.HasText = true
	}
	in.sample = nil
	return nil
}

// drop implements visitor.
func (in *Intake) drop() { in.sample = nil }

// maxSample is how much decoded text is looked at to tell whether it is blank, in octets. Text that
// is longer is taken for not blank.
const maxSample = 64 << 10

// sample looks whether the decoded text of a leaf is more than blanks, as far as it is shown.
type sample struct {
	leaf   *leaf
	room   int64 // octets that are shown
	octets []byte
	sure   bool // it is
}

func (s *sample) Write(p []byte) (int, error) {
	n := len(p)
	p = p[:min(int64(n), s.room)]
	s.room -= int64(len(p))
	if !s.sure {
		s.sure = s.leaf.role == rolePlain && visibleASCII(p) || len(s.octets)+len(p) > maxSample
		s.octets = append(s.octets, p...)
	}
	return n, nil
}

// hasText tells the result at the end of the leaf.
func (s *sample) hasText() bool {
	if s.sure || len(s.octets) == 0 {
		return s.sure
	}
	if s.leaf.role == roleHTML {
		source, _ := htmlSource(s.octets, s.leaf)
		p, _ := readHTML(source, &pictures{}) // on an error the text is still there
		return cleanText(p.text) != ""
	}
	text, _ := toUTF8(s.octets, s.leaf.params.token("charset"))
	return cleanText(text) != ""
}

// visibleASCII reports whether p holds an octet that is a visible character in almost every charset.
func visibleASCII(p []byte) bool {
	for _, c := range p {
		if c > ' ' && c < 0x7f {
			return true
		}
	}
	return false
}
