package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"gopkg.in/yaml.v3"
)

// Load reads and checks a file. The error joins every fault, one line each.
func Load(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("open configuration: %w", err)
	}
	defer func() { _ = f.Close() }()
	return Read(f)
}

// Read reads and checks settings. Files that they name are not looked at; see [Config.CheckFiles].
func Read(r io.Reader) (Config, error) {
	file, err := io.ReadAll(r)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c := Default()
	d := yaml.NewDecoder(bytes.NewReader(file))
	d.KnownFields(true)
	err = d.Decode(&c)
	if errors.Is(err, io.EOF) { // an empty file: everything needed is missing
		err = nil
	}
	var faults *yaml.TypeError
	switch {
	case errors.As(err, &faults):
		err = plainFaults(faults.Errors)
	case err != nil:
		return Config{}, fmt.Errorf("read configuration: %w", err)
	default:
		if again := d.Decode(&yaml.Node{}); !errors.Is(again, io.EOF) {
			err = errors.New("the file holds more than one document; keep one")
		}
	}
	return c, errors.Join(err, c.check(), controllersPeriods(c.Role, file))
}

var unknownField = regexp.MustCompile(`^(line \d+): field (\S+) not found in type \S+$`)

// plainFaults turns the decoder's lines into sentences for whoever wrote the file.
func plainFaults(lines []string) error {
	errs := make([]error, len(lines))
	for i, l := range lines {
		if m := unknownField.FindStringSubmatch(l); m != nil {
			l = fmt.Sprintf("%s: there is no setting %s here; see mesbridge config example", m[1], m[2])
		}
		errs[i] = errors.New(l)
	}
	return errors.Join(errs...)
}
