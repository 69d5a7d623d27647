package xdm

import (
	"crypto/sha1" //nolint:gosec // the hash that XDS metadata announces (R98): a check of wholeness, not of trust
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
)

// Content is what an attachment holds.
type Content struct {
	Documents []Document
	Patients  []Patient // whose they are: each patientId of the metadata, and each recordTarget (D31)
	Skipped   int       // files of the archive that must not be opened (encrypted, or named outside of it)
}

// Documents reads what the attachment holds, in the order of its metadata. It fails with ErrNotDocument,
// ErrUnreadable or ErrTooLarge; what was read until then is returned too.
func (f *File) Documents() (Content, error) {
	switch {
	case f.bytes.full:
		return Content{}, ErrTooLarge
	case !f.isArchive():
		return f.single()
	}
	a, err := f.archive()
	if err != nil {
		return Content{}, err
	}
	all, patients, err := f.described(a)
	c := Content{Patients: patients, Skipped: a.skipped}
	for _, l := range all {
		d, patients, docErr := f.document(a, l)
		c.Documents, c.Patients = append(c.Documents, d), append(c.Patients, patients...)
		if docErr != nil {
			return c, docErr
		}
	}
	return c, err
}

// single reads a document that is attached by itself.
func (f *File) single() (Content, error) {
	doc, err := f.cda(f.bytes.reader()).read()
	c := Content{Patients: doc.Patients}
	switch {
	case err == nil && doc.SelfPresenting:
		err = ErrNotDocument
	case !errors.Is(err, ErrNotDocument):
		c.Documents = []Document{{CDA: &doc, Broken: err != nil, Bytes: f.bytes.size, Integrity: Unverified, Media: doc.Media}}
	}
	return c, err
}

// located is a document of an archive with the folder of the metadata that describes it.
type located struct {
	Entry
	folder string
}

// path returns the folded path of the document. A URI that leads out of its folder leads nowhere.
func (l located) path() string {
	name, inside := foldPath(l.URI)
	if !inside {
		return ""
	}
	return path.Join(l.folder, name)
}

// isXML reports whether the document may be a CDA.
func (l located) isXML() bool { return KindOf(l.URI, l.MimeType) == KindXML }

// described reads all metadata of an archive: its documents, in a fixed order, and whose they are. It fails
// with ErrNotDocument when there is none.
func (f *File) described(a *archive) (all []located, patients []Patient, err error) {
	folders := a.submissions()
	if len(folders) == 0 {
		return nil, nil, ErrNotDocument
	}
	for _, folder := range folders {
		s, err := f.submission(a, folder)
		patients = append(patients, s.Patient)
		for _, e := range s.Entries {
			all, patients = append(all, located{e, folder}), append(patients, e.Patient)
		}
		if err == nil && len(all) > f.message.reader.limits.MaxDocuments {
			err = ErrTooLarge
		}
		if err != nil {
			return all, known(patients), err
		}
	}
	return all, known(patients), nil
}

// known leaves out places that name no patient.
func known(patients []Patient) []Patient {
	return slices.DeleteFunc(patients, func(p Patient) bool { return len(p) == 0 })
}

// submission reads the metadata of a folder.
func (f *File) submission(a *archive, folder string) (Submission, error) {
	r, err := a.open(path.Join(folder, metadataName))
	if err != nil {
		return Submission{}, err
	}
	defer func() { _ = r.Close() }() // reading has told what there is to tell
	return readMetadata(r, f.message.reader.limits, f.message.reader.zone, &f.message.budget)
}

// document reads one document of an archive and whose it is. It fails with ErrTooLarge alone, when the budget
// of the message is spent: then nothing further can be read. What exceeds a limit of its own is broken.
func (f *File) document(a *archive, l located) (Document, []Patient, error) {
	d := Document{Entry: &l.Entry, Integrity: Missing}
	r, err := a.open(l.path())
	if err != nil {
		return d, nil, nil //nolint:nilerr // told by Missing
	}
	defer func() { _ = r.Close() }()
	sum, whole := sha1.New(), newContent(nil) //nolint:gosec // see the import
	in := io.TeeReader(r, io.MultiWriter(sum, whole))
	var doc CDA
	if l.isXML() {
		doc, err = f.cda(in).read()
		if !errors.Is(err, ErrNotDocument) && !doc.SelfPresenting {
			d.CDA, d.Broken = &doc, err != nil
		}
	}
	if _, err := io.Copy(io.Discard, in); err != nil { // the rest, for the hash
		if errors.Is(err, ErrTooLarge) {
			return d, doc.Patients, err
		}
		return d, doc.Patients, nil // damaged in compression: told by Missing
	}
	d.Bytes, d.Integrity = whole.bytes, l.judge(whole.bytes, sum.Sum(nil))
	if d.Integrity == Altered {
		return d, doc.Patients, nil
	}
	if m, ok := whole.media(l.MimeType); ok && d.CDA == nil {
		m.Primary = true
		d.Media = []Media{m}
	} else {
		d.Media = doc.Media
	}
	return d, doc.Patients, nil
}

// Patients lists whose the documents are: the patientId of each metadata, and each recordTarget of each CDA
// (D31). Of the documents it reads no more than the header. What cannot be read is left out; the error,
// ErrNotDocument, ErrUnreadable or ErrTooLarge, is there for the trace.
func (f *File) Patients() ([]Patient, error) {
	switch {
	case f.bytes.full:
		return nil, ErrTooLarge
	case !f.isArchive():
		doc, err := f.header(f.bytes.reader())
		return doc.Patients, err
	}
	a, err := f.archive()
	if err != nil {
		return nil, err
	}
	all, patients, err := f.described(a)
	for _, l := range all {
		if !l.isXML() {
			continue
		}
		doc, docErr := f.recordTargets(a, l)
		patients, err = append(patients, doc...), errors.Join(err, docErr)
	}
	return patients, err
}

// recordTargets reads whose one document of an archive is.
func (f *File) recordTargets(a *archive, l located) ([]Patient, error) {
	r, err := a.open(l.path())
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	doc, err := f.header(r)
	if errors.Is(err, ErrNotDocument) { // XML of another kind belongs to nobody
		err = nil
	}
	return doc.Patients, err
}

// header reads the header of a document.
func (f *File) header(r io.Reader) (CDA, error) {
	limit := f.message.reader.limits.MaxHeaderBytes
	c := f.cda(&bounded{r: r, limit: limit, budget: &budget{octets: limit}})
	c.header = true
	return c.read()
}

// Fetch writes an embedded file of a document to out: document counts from 0 in the order of Documents, media
// is the Index of the file. out gets at most 26 MB. It fails with ErrNoMedia, with an error of Documents, or with that of out.
func (f *File) Fetch(document, media int, out io.Writer) error {
	if !f.isArchive() {
		if document != 0 {
			return ErrNoMedia
		}
		return f.cda(f.bytes.reader()).fetch(media, out)
	}
	a, err := f.archive()
	if err != nil {
		return err
	}
	all, _, err := f.described(a)
	if document < 0 || document >= len(all) {
		return errors.Join(err, ErrNoMedia)
	}
	return f.fetch(a, all[document], media, out)
}

// fetch writes an embedded file of one document of an archive, or the document itself.
func (f *File) fetch(a *archive, l located, media int, out io.Writer) error {
	r, err := a.open(l.path())
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	if l.isXML() {
		return f.cda(r).fetch(media, out)
	}
	if media != 0 {
		return ErrNoMedia
	}
	if _, err := io.Copy(newContent(out), r); err != nil {
		return fmt.Errorf("expand a document: %w", err)
	}
	return nil
}
