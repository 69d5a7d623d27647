package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// readyLimit bounds one check of readiness.
const readyLimit = 2 * time.Second

// startOperations serves health and metrics.
func (a *App) startOperations(context.Context) error {
	for _, c := range []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := a.metrics.Register(c); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	server := &http.Server{
		Handler: a.operations(), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	a.serve("operations", func() error {
		if err := server.Serve(a.Listeners.Ops); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	a.onStop("operations", 5*time.Second, server.Shutdown)
	return nil
}

// probed is ready, with the reason of a no in the log.
func (a *App) probed(ctx context.Context) error {
	err := a.ready(ctx)
	if err != nil {
		a.Log.WarnContext(ctx, "not ready", "error", err)
	}
	return err
}

// ready reports whether a message could be accepted and committed now.
func (a *App) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	if err := a.local.Err(); err != nil {
		return err
	}
	if _, err := a.lists.Current(); err != nil {
		return fmt.Errorf("white list: %w", err)
	}
	if err := a.reachBucket(ctx); err != nil {
		return err
	}
	if err := behind(ctx, a.trail, a.store.Heads); err != nil {
		return err
	}
	return a.store.Ping(ctx)
}
