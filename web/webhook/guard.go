package webhook

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// errAddress means that a name leads to a network that calls do not go to.
var errAddress = errors.New("an address of a network that is not called")

// guard says which addresses may be called: those of the internet, and those of the networks allowed.
type guard struct{ allowed []netip.Prefix }

// control judges an address when the connection to it is made, after the name was resolved: a name that answers
// otherwise the next time changes nothing.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !g.permits(at.Addr()) {
		return errAddress
	}
	return nil
}

// permits reports whether an address may be called.
func (g guard) permits(a netip.Addr) bool {
	if a = a.WithZone("").Unmap(); g.names(a) {
		return true
	}
	if !public(a) {
		return false
	}
	inner, embedded := inside(a)
	return !embedded || public(inner)
}

// names reports whether the settings allow the network of an address.
func (g guard) names(a netip.Addr) bool {
	return slices.ContainsFunc(g.allowed, func(p netip.Prefix) bool { return p.Contains(a) })
}

// public reports whether an address is of the internet, by the registries of special addresses (RFC 6890).
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() { // neither loopback, link-local, multicast, nor unspecified
		return false
	}
	return !slices.ContainsFunc(special(), func(p netip.Prefix) bool { return p.Contains(a) })
}

// special are the networks of RFC 6890 and its registries that are of no use on the internet and that net/netip does
// not tell.
func special() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),       // this network (RFC 791)
		netip.MustParsePrefix("100.64.0.0/10"),   // shared by carriers (RFC 6598)
		netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments (RFC 6890)
		netip.MustParsePrefix("192.0.2.0/24"),    // documentation (RFC 5737)
		netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays, ended (RFC 7526)
		netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks (RFC 2544)
		netip.MustParsePrefix("198.51.100.0/24"), // documentation
		netip.MustParsePrefix("203.0.113.0/24"),  // documentation
		netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast (RFC 1112)
		netip.MustParsePrefix("::/96"),           // IPv4 in IPv6, ended (RFC 4291)
		netip.MustParsePrefix("64:ff9b:1::/48"),  // translation inside of a network (RFC 8215)
		netip.MustParsePrefix("100::/64"),        // discard (RFC 6666)
		netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo among them
		netip.MustParsePrefix("2001:db8::/32"),   // documentation (RFC 3849)
		netip.MustParsePrefix("3fff::/20"),       // documentation (RFC 9637)
		netip.MustParsePrefix("5f00::/16"),       // segment routing (RFC 9602)
		netip.MustParsePrefix("fec0::/10"),       // site-local, ended (RFC 3879)
	}
}

// inside returns the IPv4 address that an IPv6 address stands for: by NAT64 (RFC 6052) or 6to4 (RFC 3056).
func inside(a netip.Addr) (netip.Addr, bool) {
	if a.Is4() {
		return netip.Addr{}, false
	}
	b := a.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case netip.MustParsePrefix("2002::/16").Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}
