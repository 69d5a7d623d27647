package app

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/retention"
	"mesbridge/web"
)

//go:embed remember_answer.lua
var rememberAnswerSource string

// answers is the web.Idempotency of a bridge. What it keeps is opaque and sealed by web.
type answers struct {
	client   redis.UniversalClient
	remember *redis.Script
}

func newAnswers(client redis.UniversalClient) *answers {
	return &answers{client: client, remember: redis.NewScript(rememberAnswerSource)}
}

// Remember claims id for body and keeps the first answer; see web.Idempotency. A repeat by go-redis
// after a lost connection changes nothing.
func (a *answers) Remember(ctx context.Context, id string, body [32]byte, answer []byte) ([]byte, error) {
	if len(id) < 2 {
		return nil, errors.New("remember answer: id too short")
	}
	key := "{i" + id[:2] + "}:answer:" + id
	reply, err := a.remember.Run(ctx, a.client, []string{key}, body[:], answer, retention.AnswerFor.Milliseconds()).Slice()
	if err != nil {
		return nil, fmt.Errorf("remember answer: %w", err)
	}
	if len(reply) == 2 {
		status, isStatus := reply[0].(int64)
		kept, isText := reply[1].(string)
		switch {
		case isStatus && status == 0:
			return nil, web.ErrOtherBody
		case isStatus && isText && kept == "":
			return nil, nil
		case isStatus && isText:
			return []byte(kept), nil
		}
	}
	return nil, errors.New("remember answer: unknown reply")
}
