package webhook

import (
	"net/netip"
	"testing"
)

// Addresses that a receiver may have, and those that lead to where the bridge stands or to nowhere (RFC 6890).
func TestGuard_permits(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2001:4860:4860::8888": true, "64:ff9b::808:808": true, "::ffff:8.8.8.8": true,
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "::ffff:127.0.0.1": false, "::127.0.0.1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false,
		"10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fd00::1": false,
		"fec0::1": false, "100.64.0.1": false, "192.0.0.8": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false,
		"224.0.0.1": false, "ff02::1": false, "240.0.0.1": false, "255.255.255.255": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false,
		"2002:7f00:1::": false, "2002:a01:203::": false, "2002:808:808::1": true, "2001::1": false, "2001:db8::1": false, "100::1": false, "192.88.99.1": false,
	} {
		if got := (guard{}).permits(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	own := guard{allowed: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}}
	for address, want := range map[string]bool{"10.20.3.4": true, "::ffff:10.20.3.4": true, "10.21.0.1": false, "127.0.0.1": false} {
		if got := own.permits(netip.MustParseAddr(address)); got != want {
			t.Errorf("allowed network, %s: %v", address, got)
		}
	}
	if (guard{}).control("tcp", "no address", nil) == nil {
		t.Error("what is no address is called")
	}
}
