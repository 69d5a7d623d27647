package oauth

import (
	"context"
	"errors"
)

// vouching tells whether a structure still vouches for a person: see Config.Vouched.
type vouching func(ctx context.Context, who Identity) (bool, error)

// check passes everybody whom no structure vouches for. Somebody taken off a structure's list is nobody from then on
// (D26): it fails with ErrUnauthenticated, and with ErrUnavailable when the list cannot be read.
func (v vouching) check(ctx context.Context, who Identity) error {
	if who.Provider == "" {
		return nil
	}
	if v == nil {
		return ErrUnauthenticated // the settings have no structure any more
	}
	listed, err := v(ctx, who)
	switch {
	case err != nil:
		return errors.Join(ErrUnavailable, err)
	case !listed:
		return ErrUnauthenticated
	}
	return nil
}

// upstreamKey is the key of the provider through which the person logged in.
func (i Identity) upstreamKey() string {
	if i.Provider != "" {
		return i.Provider
	}
	return string(i.Kind)
}
