package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// probe writes and syncs 4 kB, to see in which mood the disk is: only runs of one mood compare.
type probe struct {
	file  *os.File
	block [4 << 10]byte
	all   []time.Duration
}

func openProbe(dir string) (*probe, error) {
	f, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		return nil, err
	}
	return &probe{file: f}, nil
}

// take makes some probes; an error of the disk shows at the peers too.
func (p *probe) take() error {
	for range 20 {
		begun := time.Now()
		if _, err := p.file.WriteAt(p.block[:], 0); err != nil {
			return fmt.Errorf("probe the disk: %w", err)
		}
		if err := unix.Fdatasync(int(p.file.Fd())); err != nil {
			return fmt.Errorf("probe the disk: %w", err)
		}
		p.all = append(p.all, time.Since(begun))
	}
	return nil
}

// String tells the distribution so far.
func (p *probe) String() string {
	return fmt.Sprintf("write+fdatasync of 4 kB: p50 %.2f ms, p90 %.2f ms, p99 %.2f ms (%d probes over the run)",
		milliseconds(quantile(p.all, .5)), milliseconds(quantile(p.all, .9)), milliseconds(quantile(p.all, .99)), len(p.all))
}

func (p *probe) close() error { return errors.Join(p.file.Close()) }
