package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ory/fosite"
)

// Limits bound how often somebody may ask. The zero value bounds nothing.
type Limits struct {
	// LoginsPerMinute counts logins that begin from one source; 0: any number.
	LoginsPerMinute int
	// TokensPerMinute counts requests for tokens, of one source and, beside that, of one client that proved
	// who it is; 0: any number. A public client proves nothing, so that nobody can use up its share.
	TokensPerMinute int
	// Count counts one use of a key, 32 hexadecimal digits, for all processes together, and returns how many
	// there were in the period that the first of them began, and how long that still lasts. Without it
	// nothing is bounded.
	Count func(ctx context.Context, key string, period time.Duration) (uses int, left time.Duration, err error)
}

// limitPeriod is the period of the limits.
const limitPeriod = time.Minute

// The uses that are counted, each with counters of its own.
const (
	useLogin  = "login from"
	useSource = "tokens from"
	useClient = "tokens of"
)

// tooMany refuses a use above its limit.
type tooMany struct{ wait time.Duration }

func (t tooMany) Error() string { return "too many requests" }

// retryAfter is the value of the header field of that name, in seconds.
func (t tooMany) retryAfter() string {
	return strconv.Itoa(int(math.Ceil(max(t.wait, time.Second).Seconds())))
}

// errTooMany is how clients are told. OAuth has no code of its own for it; the status says what is meant (RFC
// 6585 section 4).
var errTooMany = &fosite.RFC6749Error{
	ErrorField: "temporarily_unavailable", DescriptionField: "Too many requests; come back after the seconds of 'Retry-After'.",
	CodeField: http.StatusTooManyRequests,
}

// within counts one use by who and fails with tooMany when it is one too many in a minute, and with
// ErrUnavailable when uses cannot be counted (D17). An empty who is not counted: nobody else may pay for him.
func (s *Server) within(ctx context.Context, use string, most int, who string) error {
	if most <= 0 || s.limits.Count == nil || who == "" {
		return nil
	}
	mac := hmac.New(sha256.New, s.store.seal.master) // a source is personal
	_, _ = fmt.Fprintf(mac, "mesbridge oauth limit %s %s", use, who)
	uses, left, err := s.limits.Count(ctx, hex.EncodeToString(mac.Sum(nil)[:16]), limitPeriod)
	switch {
	case err != nil:
		return unavailable("count a request", err)
	case uses > most:
		return tooMany{left}
	}
	return nil
}

// sourceOf names where a request comes from: its address, or its network of 64 bits, which is what one
// subscriber has of IPv6. Behind the reverse proxy of this machine that is the last address the proxy wrote in
// X-Forwarded-For; what stands before it may be anybody's invention. Empty when the proxy wrote none.
func sourceOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	if at.IsLoopback() && r.TLS == nil {
		all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if at, err = netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err != nil {
			return ""
		}
	}
	at = at.Unmap().WithZone("")
	if at.Is4() {
		return at.String()
	}
	network, err := at.Prefix(64)
	if err != nil {
		return ""
	}
	return network.String()
}
