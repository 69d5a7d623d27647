package web

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
)

// callsPeriod is the period of the limit of calls: it begins with the first call of a caller.
const callsPeriod = time.Minute

// limitCalls counts a call of the API and refuses one too many. Every answer tells the limit and what is left of
// it (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4). All tokens of one caller count together; a call
// without a valid token is answered before. Where calls cannot be counted they are not answered either (D17): the
// tokens lie in the same place.
func (a *App) limitCalls(c *fiber.Ctx, who Principal) error {
	most := a.cfg.APIPerMinute
	if most <= 0 {
		return nil
	}
	caller := hex.EncodeToString(a.keyed("calls of", string(who.Kind), who.ID, string(who.Patient))[:16])
	calls, left, err := a.deps.Calls.Count(c.UserContext(), caller, callsPeriod)
	if err != nil {
		return unavailable(fmt.Errorf("count a call: %w", err))
	}
	seconds := strconv.FormatInt(int64(math.Ceil(max(left, 0).Seconds())), 10)
	c.Set("RateLimit-Policy", fmt.Sprintf(`"api";q=%d;w=%d`, most, int(callsPeriod.Seconds())))
	c.Set("RateLimit", fmt.Sprintf(`"api";r=%d;t=%s`, max(most-calls, 0), seconds))
	if calls > most {
		return &problem{status: http.StatusTooManyRequests, code: code(conversations.KindRateLimited), wait: left}
	}
	return nil
}
