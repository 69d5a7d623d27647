package redisserver

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrLocked means that another process holds the data directory.
var ErrLocked = errors.New("another bridge is running on this data directory; stop it, or choose another directory")

// DirLock holds a data directory for this process until Unlock, or until the process ends.
type DirLock struct{ dir *os.File }

// LockDir takes the exclusive lock of a data directory that exists. It does not wait: ErrLocked tells
// that another process has it. The lock is the kernel's, so nothing is left over after a crash.
func LockDir(dir string) (*DirLock, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	return &DirLock{dir: f}, nil
}

// Unlock gives the directory back.
func (l *DirLock) Unlock() error {
	if err := l.dir.Close(); err != nil {
		return fmt.Errorf("unlock data directory: %w", err)
	}
	return nil
}
