package oauth

import (
	"context"
	_ "embed" // the script is kept as a file

	"github.com/redis/go-redis/v9"
)

//go:embed end_everything.lua
var endEverythingSource string

// EndEverywhere ends every browser session of a person, told by kind, subject and who vouches (FINESS), every code and every token that a client holds in
// that person's name, those of this browser included. A person calls it who lost a device; an
// administrator, for somebody who left; the bridge, for a patient whose account closed (R148). It fails with
// ErrUnavailable; then it is to be repeated. Short-cut tokens, which nobody logged in for, stay.
func (s *Server) EndEverywhere(ctx context.Context, who Identity) error {
	err := s.endEverything.Run(ctx, s.store.redis, []string{personKey(who)}).Err()
	if err != nil {
		return unavailable("end everything", err)
	}
	return nil
}

// remember notes in the person's set what EndEverywhere must find.
func remember(ctx context.Context, p redis.Pipeliner, who Identity, key string) {
	person := personKey(who)
	p.SAdd(ctx, person, key)
	p.PExpire(ctx, person, grantLife)
}

// joinPerson is the step that notes a code or a grant; applications act in their own name and have none.
func joinPerson(who Identity, key string) []step {
	if who.Kind == Application {
		return nil
	}
	return []step{{key: personKey(who), verb: stepJoin, value: key, keep: grantLife}}
}
