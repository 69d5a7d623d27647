package bridge

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mesbridge/bridge/trust"
	"mesbridge/conversations"
)

// Rates bound how many messages are taken in a minute, by one process (D35, O169). A limit of 0 is none.
type Rates struct {
	OperatorPerMinute int // of one certificate holder; as many at once
	SenderPerMinute   int // of one mailbox, by the envelope
	SenderBurst       int // of one mailbox at once
}

// meters count the messages of operators and senders. It is safe for concurrent use.
type meters struct {
	rates Rates

	mu        sync.Mutex
	operators keyed[meter]
	senders   keyed[meter]
}

// meter is a bucket of tokens. A full one is as good as new.
type meter struct{ *rate.Limiter }

func (m meter) idle(now time.Time) bool { return m.TokensAt(now) >= float64(m.Burst()) }

// take counts a message, or says which limit it exceeds. A sender that is held up does not use up what his
// operator may send.
func (m *meters) take(operator trust.DN, sender conversations.Address, now time.Time) reason {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !sender.IsZero() && !under(&m.senders, sender.Canonical(), m.rates.SenderPerMinute, m.rates.SenderBurst, now) {
		return reasonSenderRate
	}
	if !under(&m.operators, string(operator), m.rates.OperatorPerMinute, m.rates.OperatorPerMinute, now) {
		return reasonOperatorRate
	}
	return ""
}

// under counts one message, if that stays under a limit.
func under(meters *keyed[meter], key string, perMinute, burst int, now time.Time) bool {
	if perMinute == 0 {
		return true
	}
	m, ok := meters.of(key, now, func() meter {
		return meter{rate.NewLimiter(rate.Limit(float64(perMinute)/time.Minute.Seconds()), max(burst, 1))}
	})
	return !ok || m.AllowN(now, 1)
}
