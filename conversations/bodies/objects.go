package bodies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/objects"
)

// objectPrefix begins the key of every body in a bucket. What follows spreads them: patient ids are hashes.
const objectPrefix = "bodies/"

// Objects is the engine of [conversations.Bodies] on S3, for bridges that serve one store together: one
// object for each body, the same bytes as a file of [Store]. It is safe for concurrent use.
//
// What is being written and is large stands, sealed, in an unfinished file of the local data directory: the
// server gets it in one request that can be repeated, and has nothing of a writer that gave up.
type Objects struct {
	bucket *objects.Bucket
	marks  marks
	drafts drafts
	sweep  sweep
}

var _ conversations.Bodies = (*Objects)(nil)

// OpenObjects returns the bodies of a bucket. Db is this process's own: it remembers which bodies this process
// put, until Collect has looked at them.
func OpenObjects(bucket *objects.Bucket, db *localdb.DB, now func() time.Time, random io.Reader) (*Objects, error) {
	o := &Objects{bucket: bucket, marks: marks{db, now}, drafts: drafts{db}}
	if err := o.drafts.open(); err != nil {
		return nil, err
	}
	return o, o.sweep.begin(random)
}

// Create starts a body. Nothing is readable before Commit, which fails with [ErrTaken] when the id is
// another body's. Ctx is this call's alone; the bucket's time limit bounds Commit.
func (o *Objects) Create(ctx context.Context, p conversations.PatientID, id conversations.ID, key conversations.DataKey) (conversations.BodyWriter, error) {
	n, err := nameOf(p, id)
	if err != nil {
		return nil, err
	}
	w := &objectWriter{ctx: context.WithoutCancel(ctx), engine: o, name: n, sealed: &draft{drafts: o.drafts, name: n}}
	if w.text, err = sealing(w.sealed, n, key); err != nil {
		return nil, fmt.Errorf("start body: %w", errors.Join(err, w.sealed.drop()))
	}
	return w, nil
}

// Open reads a body from the start, as it comes. It fails with [conversations.ErrNotFound] when there is
// none, and with [ErrAltered], then or while it is read, when it is not what was written. A server that
// breaks off is another error, and the body then is worth another try.
func (o *Objects) Open(ctx context.Context, p conversations.PatientID, id conversations.ID, key conversations.DataKey) (io.ReadCloser, error) {
	n, err := nameOf(p, id)
	if err != nil {
		return nil, conversations.ErrNotFound
	}
	object, err := o.bucket.Get(ctx, n.object())
	switch {
	case errors.Is(err, objects.ErrNotFound):
		return nil, conversations.ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("open body: %w", err)
	}
	body, err := openSealed(object, n, key)
	if err != nil {
		return nil, fmt.Errorf("open body: %w", errors.Join(err, object.Close()))
	}
	return body, nil
}

// Remove deletes bodies with all their versions; those that are not there are no error.
func (o *Objects) Remove(ctx context.Context, p conversations.PatientID, ids ...conversations.ID) error {
	for _, id := range ids {
		n, err := nameOf(p, id)
		if err != nil {
			continue // it never was a body
		}
		if err := o.bucket.Remove(ctx, n.object()); err != nil {
			return fmt.Errorf("remove body: %w", err)
		}
	}
	return nil
}

// RemoveAll deletes every body of a patient with all their versions.
func (o *Objects) RemoveAll(ctx context.Context, p conversations.PatientID) error {
	if !isPatient(p) {
		return fmt.Errorf("remove bodies: %w", errID)
	}
	if err := o.bucket.RemoveAll(ctx, folder(string(p))); err != nil {
		return fmt.Errorf("remove bodies: %w", err)
	}
	return nil
}

// object is the key of the body's object.
func (n name) object() string { return folder(n.patient) + n.body }

// folder is what the keys of one patient's bodies begin with.
func folder(patient string) string { return objectPrefix + patient[:2] + "/" + patient + "/" }
