package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/emersion/go-milter"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "milter:", err)
		os.Exit(1)
	}
}

// run filters until the process is ended, after writing its address to out.
func run(out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("open a port: %w", err)
	}
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return errors.Join(fmt.Errorf("tell the address: %w", err), l.Close())
	}
	server := milter.Server{NewMilter: func() milter.Milter { return milter.NoOpMilter{} }}
	return server.Serve(l)
}
