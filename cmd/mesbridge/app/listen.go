package app

import (
	"context"
	"errors"
	"fmt"
	"net"

	"mesbridge/cmd/mesbridge/config"
)

// Listen opens the listeners, or none of them. That with mutual TLS is there when its address is.
func Listen(ctx context.Context, c config.Listen) (Listeners, error) {
	var l Listeners
	var errs []error
	for _, one := range []struct {
		name, address string
		into          *net.Listener
	}{{"http", c.HTTP, &l.HTTP}, {"smtp", c.SMTP, &l.SMTP}, {"ops", c.Ops, &l.Ops}, {"mutualTLS", c.MutualTLS, &l.MutualTLS}} {
		if one.into == &l.MutualTLS && one.address == "" {
			continue
		}
		opened, err := (&net.ListenConfig{}).Listen(ctx, "tcp", one.address)
		if err != nil {
			errs = append(errs, fmt.Errorf("listen for %s: %w; choose another address, port 0 is any free one", one.name, err))
			continue
		}
		*one.into = opened
	}
	if err := errors.Join(errs...); err != nil {
		l.Close()
		return Listeners{}, err
	}
	return l, nil
}
