package config

import (
	"fmt"
	"net/netip"
)

// Webhooks says where receivers of events may be.
type Webhooks struct {
	Networks []string `yaml:"networks" doc:"Networks of your own, such as 10.20.0.0/16, whose receivers may be called. Without one, only addresses of the internet are: a receiver cannot have the bridge call machines beside it."`
	CA       File     `yaml:"ca" may:"empty" doc:"Certificates that those of receivers must come from, PEM; empty: those of this machine."`
}

// Allowed are the networks.
func (w Webhooks) Allowed() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range w.Networks {
		if p, err := netip.ParsePrefix(text); err == nil { // settings are checked before
			all = append(all, p)
		}
	}
	return all
}

func (w Webhooks) faults() []error {
	var errs []error
	for i, text := range w.Networks {
		if p, err := netip.ParsePrefix(text); err != nil || p != p.Masked() {
			errs = append(errs, fmt.Errorf("webhooks.networks[%d]: write a network, such as 10.20.0.0/16", i))
		}
	}
	return errs
}
