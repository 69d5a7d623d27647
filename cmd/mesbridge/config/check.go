package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"mesbridge/rules"
)

// leastMessage is the smallest size limit that is allowed: any operator may send 10 MB (O165).
const leastMessage = 10_000_000

// mostMessage is the limit of Mon espace santé, 25 MB (D19, O78).
const mostMessage = 26_214_400

// check returns every fault of the settings by themselves, joined.
func (c Config) check() error {
	errs := c.faults()
	errs = append(errs, c.roleFault(), c.keyCheckFault(), c.domainFault(), c.contactFault())
	errs = append(errs, c.Redis.faults("redis.")...)
	errs = append(errs, c.Listen.faults()...)
	errs = append(errs, c.Store.faults(c.Environment)...)
	errs = append(errs, c.Limits.faults()...)
	errs = append(errs, c.mutualTLSFaults()...)
	errs = append(errs, c.trustFaults()...)
	errs = append(errs, c.Directory.FHIR.faults(c.Environment)...)
	errs = append(errs, c.Mail.faults()...)
	errs = append(errs, c.Scan.faults()...)
	errs = append(errs, c.Retention.faults()...)
	errs = append(errs, c.Windows.faults()...)
	errs = append(errs, mailboxFaults(c.Mailboxes)...)
	errs = append(errs, c.Enrolment.faults()...)
	errs = append(errs, c.Delivery.faults()...)
	errs = append(errs, c.Webhooks.faults()...)
	errs = append(errs, urlFault("publicURL", c.PublicURL, c.Environment))
	if c.Journal.SealEvery < time.Second || c.Journal.SealEvery > 24*time.Hour {
		errs = append(errs, errors.New("journal.sealEvery: write a time from 1s to 24h (O157)"))
	}
	errs = append(errs, c.Patients.faults("patients")...)
	errs = append(errs, c.Professionals.faults("professionals")...)
	errs = append(errs, c.structureFaults()...)
	return errors.Join(append(errs, c.Notifications.faults()...)...)
}

// roleFault refuses the roles that later versions bring (D1).
func (c Config) roleFault() error {
	if c.Role == Relay || c.Role == Simulator {
		return fmt.Errorf("role: %s is not offered by this version; write hosted (D1)", c.Role)
	}
	return nil
}

func (c Config) keyCheckFault() error {
	if c.Environment == Production && !c.INSKeyCheck {
		return errors.New("insKeyCheck: the key of a matricule is always checked in production; write true (D20)")
	}
	return nil
}

func (c Config) domainFault() error {
	if d, err := idna.Lookup.ToASCII(c.CitizenDomain); err != nil || d != c.CitizenDomain || !strings.Contains(d, ".") {
		return errors.New("citizenDomain: write a domain name in lower case, such as patient.mssante.fr (D2)")
	}
	return nil
}

func (c Config) contactFault() error {
	if c.Contact == "" {
		return nil
	}
	if _, err := rules.ParseAddress(c.Contact); err != nil {
		return errors.New("contact: write an e-mail address, such as accessibilite@exemple.fr (I216)")
	}
	return nil
}

func (l Listen) faults() []error {
	return []error{addressFault("listen.http", l.HTTP), addressFault("listen.smtp", l.SMTP), addressFault("listen.ops", l.Ops)}
}

func (l Limits) faults() []error {
	var errs []error
	if l.MaxMessageBytes < leastMessage || l.MaxMessageBytes > mostMessage {
		errs = append(errs, fmt.Errorf("limits.maxMessageBytes: write a number of octets from %d to %d (D19)", leastMessage, mostMessage))
	}
	if l.QuotaBytes < 0 || l.QuotaBytes > 0 && l.QuotaBytes < l.MaxMessageBytes {
		errs = append(errs, errors.New("limits.quotaBytes: write at least maxMessageBytes, or 0 for no limit (D19)"))
	}
	if l.MaxReplyBytes < 1 || l.MaxReplyBytes > l.MaxMessageBytes {
		errs = append(errs, errors.New("limits.maxReplyBytes: write a number of octets from 1 to maxMessageBytes (D19)"))
	}
	if l.APIPerMinute < 0 {
		errs = append(errs, errors.New("limits.apiPerMinute: write a number from 0"))
	}
	if l.LoginsPerMinute < 0 {
		errs = append(errs, errors.New("limits.loginsPerMinute: write a number from 0"))
	}
	if l.TokensPerMinute < 0 {
		errs = append(errs, errors.New("limits.tokensPerMinute: write a number from 0"))
	}
	if l.VerdictsPerHour < 0 {
		errs = append(errs, errors.New("limits.verdictsPerHour: write a number from 0 (D29)"))
	}
	return errs
}

// mutualTLSFaults asks for the whole of a listener with mutual TLS, or nothing of it.
func (c Config) mutualTLSFaults() []error {
	m := c.OAuth.MutualTLS
	if c.Listen.MutualTLS == "" {
		if m != (MutualTLS{}) {
			return []error{errors.New("oauth.mutualTLS: there is no such listener; write its address as listen.mutualTLS")}
		}
		return nil
	}
	errs := []error{addressFault("listen.mutualTLS", c.Listen.MutualTLS), urlFault("oauth.mutualTLS.url", m.URL, c.Environment)}
	if u, err := url.Parse(m.URL); err == nil && m.URL != "" && (u.Scheme != "https" || u.Path != "") {
		errs = append(errs, errors.New("oauth.mutualTLS.url: write an https URL without a path or a slash at the end"))
	}
	if m.URL == "" || m.Certificate == "" || m.Key == "" {
		errs = append(errs, errors.New("oauth.mutualTLS: with listen.mutualTLS, write url, certificate and key (RFC 8705)"))
	}
	return errs
}

// mostWindow is the longest reply window, in days: what lasts longer is none.
const mostWindow = 3650

func (w Windows) faults() []error {
	var errs []error
	for mailbox, days := range w.Mailboxes {
		if _, err := rules.ParseAddress(mailbox); err != nil {
			errs = append(errs, errors.New("replyWindows.mailboxes: write addresses of mailboxes"))
		}
		if days < 1 || days > mostWindow {
			errs = append(errs, fmt.Errorf("replyWindows.mailboxes: write a number of days from 1 to %d (D8)", mostWindow))
		}
	}
	if w.AfterAnswerDays < 1 || w.AfterAnswerDays > mostWindow {
		errs = append(errs, fmt.Errorf("replyWindows.afterAnswerDays: write a number of days from 1 to %d (D8)", mostWindow))
	}
	return errs
}

// mailboxFaults names entries by their place, for an address is nothing to print.
func mailboxFaults(all []Mailbox) []error {
	var errs []error
	seen := map[string]bool{}
	for i, m := range all {
		fault := func(what string) { errs = append(errs, fmt.Errorf("mailboxes[%d]: %s (I119)", i, what)) }
		a, err := rules.ParseAddress(m.Address)
		switch {
		case err != nil:
			fault("address: write the address of a mailbox")
		case seen[a.Canonical()]:
			fault("address: the mailbox is there twice; name everybody who is responsible in one entry")
		}
		seen[a.Canonical()] = true
		if k := rules.MailboxKind(m.Kind); k != rules.Organisational && k != rules.Practice {
			fault("kind: write ORG or CAB; a personal mailbox has no users beside its holder, an application's is given to a client")
		}
		if m.FINESS != "" && !isFINESS(m.FINESS) {
			fault("finess: write the nine characters of the structure's FINESS")
		}
		if len(m.Responsible) == 0 {
			fault("responsible: name somebody; without him nobody can list users")
		}
		for _, p := range m.Responsible {
			if p.ID == "" || p.Name == "" {
				fault("responsible: write id, the national identifier, and name, which is shown to the users")
			}
		}
	}
	return errs
}

// mostEnrolment is how long a code may wait at most, in days: it is worth an account.
const mostEnrolment = 30

func (e Enrolment) faults() []error {
	var errs []error
	if e.Days < 1 || e.Days > mostEnrolment {
		errs = append(errs, fmt.Errorf("enrolment.days: write a number of days from 1 to %d (D26)", mostEnrolment))
	}
	for i, p := range e.Officers {
		if p.ID == "" || p.Name == "" {
			errs = append(errs, fmt.Errorf("enrolment.officers[%d]: write id, the national identifier, and name (D26)", i))
		}
	}
	return errs
}

func (m Mail) faults() []error {
	var errs []error
	for name, n := range map[string]int{"perMinute": m.PerMinute, "perSender": m.PerSender, "senderBurst": m.SenderBurst} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("mail.%s: write a number of messages, or 0 for no limit (D35)", name))
		}
	}
	if m.PerSender > 0 && m.SenderBurst == 0 {
		errs = append(errs, errors.New("mail.senderBurst: write at least 1 beside perSender (D35)"))
	}
	return errs
}

func (s Scan) faults() []error {
	var errs []error
	if s.Clamd != "" && !strings.HasPrefix(s.Clamd, "/") {
		errs = append(errs, addressFault("scan.clamd", s.Clamd))
	}
	if s.Timeout < time.Second {
		errs = append(errs, errors.New("scan.timeout: write a duration of a second or more, such as 30s"))
	}
	return errs
}

func (d Delivery) faults() []error {
	least, most := int64(rules.LeastGiveUpAfter.Hours()), int64(rules.MostGiveUpAfter.Hours())
	if d.GiveUpHours < least || d.GiveUpHours > most {
		return []error{fmt.Errorf("delivery.giveUpHours: write a number of hours from %d to %d (O87)", least, most)}
	}
	return nil
}

func (m Mailer) faults() []error {
	if m.SmartHost == "" {
		return nil
	}
	errs := []error{addressFault("notifications.smartHost", m.SmartHost)}
	if _, err := rules.ParseAddress(m.From); err != nil {
		errs = append(errs, errors.New("notifications.from: write the address that notifications come from"))
	}
	return errs
}

// addressFault asks for HOST:PORT; an empty host means every interface.
func addressFault(name, address string) error {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return fmt.Errorf("%s: write HOST:PORT, such as 127.0.0.1:8080", name)
	}
	return nil
}

// urlFault asks for an https URL of another machine; in environment test, plain http and this machine
// will do. An empty URL is told elsewhere, or allowed.
func urlFault(name, text string, env Environment) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s: write a URL, such as https://exemple.fr", name)
	case u.Scheme != "https" && (env == Production || u.Scheme != "http"):
		return fmt.Errorf("%s: write an https URL", name)
	case env == Production && loopback(u.Hostname()):
		return fmt.Errorf("%s: this machine's own address is for demonstrations; write the public one (D26)", name)
	}
	return nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
