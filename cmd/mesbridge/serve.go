package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/redisserver"
)

type serveCommand struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration file; see mesbridge config example."`
}

// Run serves until ctx ends. Nothing is opened before the whole configuration is accepted.
func (c serveCommand) Run(ctx context.Context, s streams) error {
	settings, err := config.Load(c.Config)
	if err != nil {
		return usageError{err}
	}
	if err = errors.Join(settings.CheckFiles()...); err != nil {
		return usageError{err}
	}
	log := newLog(settings.Log, s.err)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // before anybody can know that it serves: unheard, the signal ends the process
	defer signal.Stop(hangup)
	a, err := start(ctx, settings, log)
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return nil // told to end while it started
	case errors.As(err, new(app.SettingsError)):
		return usageError{err}
	case err != nil:
		return err
	}
	log.InfoContext(ctx, "serving", "http", a.Listeners.HTTP.Addr().String(), "smtp", a.Listeners.SMTP.Addr().String(),
		"ops", a.Listeners.Ops.Addr().String(), "version", version())
	err = wait(ctx, a, hangup)
	log.InfoContext(ctx, "stopping")
	return errors.Join(err, a.Stop())
}

// wait returns when ctx has ended, or with what failed. Meanwhile a hangup asks for everything of the trust
// space again.
func wait(ctx context.Context, a *app.App, hangup <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-a.Failed():
			return err
		case <-hangup:
			a.Refresh()
		}
	}
}

// start takes the data directory and starts the bridge on it.
func start(ctx context.Context, settings config.Config, log *slog.Logger) (*app.App, error) {
	if err := os.MkdirAll(settings.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	lock, err := redisserver.LockDir(settings.DataDir)
	if err != nil {
		return nil, err
	}
	listeners, err := app.Listen(ctx, settings.Listen)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return app.Start(ctx, app.Options{Config: settings, Log: log, Lock: lock, Listeners: listeners})
}

// newLog makes the technical log.
func newLog(c config.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // the settings allow known names only
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
