package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/demo"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations/rebuild"
)

// place says whose data a command looks at: those of a bridge by its settings, or of a demonstration.
type place struct {
	Config string `type:"path" xor:"place" required:"" placeholder:"FILE" help:"Configuration file of the bridge."`
	Data   string `type:"path" xor:"place" required:"" placeholder:"DIR" help:"Directory of a demonstration."`
}

// settings reads the settings.
func (p place) settings() (config.Config, error) {
	if p.Config == "" {
		return demo.Settings(p.Data), nil
	}
	settings, err := config.Load(p.Config)
	if err != nil {
		return config.Config{}, usageError{err}
	}
	return settings, nil
}

// options takes the data directory, which no bridge may use.
func (p place) options(settings config.Config, s streams) (app.Options, error) {
	lock, err := redisserver.LockDir(settings.DataDir)
	if err != nil {
		return app.Options{}, err
	}
	return app.Options{Config: settings, Log: newLog(config.Log{Format: "text", Level: "warn"}, s.err), Lock: lock}, nil
}

type rebuildCommand struct {
	place
	Redis        string   `placeholder:"URL" help:"Server to write into, instead of the one of the settings."`
	With         []string `type:"path" placeholder:"DIR" help:"Data directory of another bridge on the same redis, which must not run either; for each of them."`
	DiscardNewer bool     `help:"Go back to the journal though redis holds more. What came since is lost."`
}

// Run makes the state again. It tells how far it is every second or so.
func (c rebuildCommand) Run(ctx context.Context, s streams) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	if c.Redis != "" {
		if settings.Redis, err = config.ParseRedis(c.Redis); err != nil {
			return usageError{fmt.Errorf("--redis: %w", err)}
		}
	}
	o, err := c.options(settings, s)
	if err != nil {
		return err
	}
	a, err := app.OpenForRebuild(ctx, o)
	if err != nil {
		return err
	}
	for _, dir := range c.With {
		if err := a.Beside(ctx, dir); err != nil {
			return errors.Join(err, a.Stop())
		}
	}
	began, told := time.Now(), time.Now()
	sum, err := a.Rebuild(ctx, c.DiscardNewer, func(sum rebuild.Summary) {
		if now := time.Now(); now.Sub(told) >= time.Second {
			told = now
			fmt.Fprintf(s.err, "mesbridge: note: %d of 256 shards, %d entries, %d patients\n", sum.Shards, sum.Entries, sum.Patients)
		}
	})
	if err = errors.Join(err, a.Stop()); err != nil {
		return fmt.Errorf("%w; the bridge refuses to serve what is not whole: run mesbridge rebuild again", err)
	}
	fmt.Fprintf(s.out, "rebuilt in %s: %d entries, %d patients, %d of them erased, %d effects due again, %d entries lost unanswered; start the bridge\n",
		time.Since(began).Round(time.Millisecond), sum.Entries, sum.Patients, sum.Erased, sum.Effects, sum.Lost)
	return nil
}
