package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"slices"
	"strings"
)

// Host is one server that takes mail for a domain.
type Host struct {
	Name    string // as the MX names it: for SNI, and compared with the certificate for a warning
	Address string // host:port to connect to
	// Preference of its MX record: the lowest are tried first, in an order of chance among equal ones.
	Preference uint16
}

// Resolver finds the servers of a domain. Its answers are not trusted: the certificate decides (O92).
type Resolver interface {
	// Hosts lists the servers that take mail for domain, at least one. It fails with ErrNoMail when the domain takes none for good; any other error may pass.
	Hosts(ctx context.Context, domain string) ([]Host, error)
}

// ErrNoMail means that a domain takes no mail: it does not exist, or says so (RFC 7505).
var ErrNoMail = errors.New("the domain takes no mail")

// SMTPPort is where operators take mail (O57).
const SMTPPort = "25"

// DNS finds servers by MX records (O91).
type DNS struct {
	Resolver *net.Resolver
}

// Hosts follows RFC 5321 section 5.1: the hosts of the MX records; the domain itself only when it has none. A null MX (RFC 7505) is ErrNoMail, and so is a domain that has
// neither MX nor address records.
func (d DNS) Hosts(ctx context.Context, domain string) ([]Host, error) {
	records, err := d.Resolver.LookupMX(ctx, domain+".") // rooted: never tried below a search domain
	switch {
	case len(records) > 0:
		if hosts := hostsOf(records); len(hosts) > 0 {
			return hosts, nil
		}
		return nil, ErrNoMail // a null MX
	case !notFound(err):
		return nil, fmt.Errorf("look up MX: %w", err)
	}
	if _, err := d.Resolver.LookupIPAddr(ctx, domain+"."); err != nil {
		if notFound(err) {
			return nil, ErrNoMail
		}
		return nil, fmt.Errorf("look up address: %w", err)
	}
	return []Host{{Name: domain, Address: net.JoinHostPort(domain, SMTPPort)}}, nil
}

// hostsOf lists the hosts of MX records. A null MX beside others, which RFC 7505 section 3 forbids, says nothing.
func hostsOf(records []*net.MX) []Host {
	hosts := make([]Host, 0, len(records))
	for _, r := range records {
		if name := strings.TrimSuffix(r.Host, "."); name != "" {
			hosts = append(hosts, Host{Name: name, Address: net.JoinHostPort(name, SMTPPort), Preference: r.Pref})
		}
	}
	return hosts
}

// inOrder puts hosts in the order in which an attempt tries them: by preference, equal ones in an order that
// is a function of the turn alone, so that load spreads and a run can be told again (RFC 5321 section 5.1).
func inOrder(hosts []Host, turn string) []Host {
	chance := func(h Host) uint64 {
		sum := fnv.New64a()
		_, _ = io.WriteString(sum, turn+"\x00"+h.Name+"\x00"+h.Address)
		return sum.Sum64()
	}
	ordered := slices.Clone(hosts)
	slices.SortStableFunc(ordered, func(a, b Host) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), cmp.Compare(chance(a), chance(b)))
	})
	return ordered
}

// notFound tells an answer that there is nothing from a question that was not answered.
func notFound(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

// Static is a fixed table from domain, in lower case, to its servers, for the demonstration and for
// an operator that is not reached through the DNS.
type Static map[string][]Host

// Hosts looks the domain up in the table; one that is not there takes no mail.
func (s Static) Hosts(_ context.Context, domain string) ([]Host, error) {
	if h := s[domain]; len(h) > 0 {
		return h, nil
	}
	return nil, ErrNoMail
}
