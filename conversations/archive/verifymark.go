package archive

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
)

// purge checks the mark and the image of an archive, and returns the first round to check. The chains go on
// from the manifest that the mark names. A mark that is not good leaves every round that is missing to be
// found.
func (v *verifier) purge(anchor *Anchor) (first uint64, err error) {
	names, err := fs.Glob(v.files, "*."+kindMark)
	if err != nil || len(names) == 0 {
		return 1, err
	}
	name := names[len(names)-1]
	mark, _, err := newestMark(v.files, v.key)
	if err != nil {
		v.find(name, "altered: %v", err)
		return 1, nil
	}
	v.report.Mark = mark
	if mark.Base.Round == 0 {
		return 1, nil
	}
	if err := v.image(mark.Base); err != nil {
		return 0, err
	}
	m, err := mark.Base.baseManifest(v.files, v.key)
	if err != nil {
		v.find(fileName(mark.Base.Round, kindManifest), "altered or missing: %v", err)
		v.chains = nil
		return mark.Base.Round + 1, nil
	}
	v.chains, v.before = m.Chains, mark.Base.Manifest
	v.report.Last, v.report.Hash = m, mark.Base.Manifest.String()
	if anchor != nil && anchor.Number == m.Number && anchor.Manifest != v.report.Hash {
		v.find(fileName(m.Number, kindManifest), "is not the manifest %d that is known from elsewhere", m.Number)
	}
	return m.Number + 1, nil
}

// image checks that the image is the one that was signed for.
func (v *verifier) image(b Base) error {
	name := fileName(b.Round, kindImage)
	f, err := v.open(name)
	if f == nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if n != b.Image.Bytes || digest(sum.Sum(nil)) != b.Image.SHA256 {
		v.find(name, "altered: %d bytes with another hash than the %d bytes that were signed for", n, b.Image.Bytes)
	}
	return nil
}
