package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	runtime.LockOSThread() // children are started from this thread and end with it; see start
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures and prints the tables to out; progress goes to notes.
func run(ctx context.Context, args []string, out, notes io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "short cells, to see that everything works; the figures are rough")
	program := flags.String("bridge", "", "the built mesbridge; empty: build it")
	only := flags.String("only", "", "measure only what has this text in its name: a row of the intake, or another measurement")
	dir := flags.String("dir", os.TempDir(), "directory on the disk to measure; the full run needs some 15 GB in it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p := full()
	if *quick {
		p = short()
	}
	p.only = *only
	l, err := openLab(ctx, p, *dir, *program, notes)
	if err != nil {
		return errors.Join(err, l.close())
	}
	report, err := l.measureAll(ctx)
	if err = errors.Join(err, l.close()); err != nil {
		return err
	}
	return report.print(out)
}
