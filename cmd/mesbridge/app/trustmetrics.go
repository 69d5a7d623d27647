package app

import (
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/revocation"
)

// trustSpace is what the bridge keeps of the trust space beside identity and lists.
type trustSpace struct {
	revocation   *revocation.Checker
	renewal      trust.Renewal
	alarms       *alarm.Board
	trustMetrics *trustMetrics
}

// trustMetrics counts what happens in the trust space. No label names a person, a domain or a peer.
type trustMetrics struct {
	refreshes *prometheus.CounterVec // outcome: those of trust.Outcome
	questions *prometheus.CounterVec // kind: crl, ocsp; outcome: success, failed
	peers     *prometheus.CounterVec // direction: inbound, outbound; fault: those of trust.Fault, none
	hosts     *prometheus.CounterVec // named: yes, no
	renewals  *prometheus.CounterVec // outcome: success, refused
}

func newTrustMetrics() *trustMetrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	return &trustMetrics{
		refreshes: counter("mesbridge_white_list_refreshes_total", "Attempts to have a newer white list.", "outcome"),
		questions: counter("mesbridge_revocation_questions_total", "Questions to the network about withdrawn certificates.", "kind", "outcome"),
		peers:     counter("mesbridge_peers_total", "Certificates of other operators that were judged.", "direction", "fault"),
		hosts:     counter("mesbridge_peer_host_names_total", "Servers by whether their certificate names the host of the MX.", "named"),
		renewals:  counter("mesbridge_own_certificate_checks_total", "Looks at the files of our own certificate.", "outcome"),
	}
}

func (m *trustMetrics) register(r prometheus.Registerer) error {
	var errs []error
	for _, c := range []prometheus.Collector{m.refreshes, m.questions, m.peers, m.hosts, m.renewals} {
		errs = append(errs, r.Register(c))
	}
	return errors.Join(errs...)
}

func (m *trustMetrics) refreshed(o trust.Outcome) { m.refreshes.WithLabelValues(string(o)).Inc() }

func (m *trustMetrics) asked(kind string, err error) {
	outcome := "success"
	if err != nil {
		outcome = "failed"
	}
	m.questions.WithLabelValues(kind, outcome).Inc()
}

// peerObserver counts peers, and raises the alarm about names of hosts (D23).
type peerObserver struct{ a *App }

// Judged implements trust.Observer.
func (o peerObserver) Judged(d trust.Direction, f trust.Fault) {
	if f == "" {
		f = "none"
	}
	o.a.trustMetrics.peers.WithLabelValues(string(d), string(f)).Inc()
}

// HostName implements trust.Observer.
func (o peerObserver) HostName(host string, named bool) {
	if named {
		o.a.trustMetrics.hosts.WithLabelValues("yes").Inc()
		o.a.alarms.Clear(alarm.HostName, host)
		return
	}
	o.a.trustMetrics.hosts.WithLabelValues("no").Inc()
	o.a.alarms.Raise(alarm.HostName, host, slog.LevelWarn, "the certificate of this server names another host")
}

// trustCollector reads the state of the trust space when metrics are asked for, so that no value is old.
type trustCollector struct{ a *App }

// gauges of the trust space. Instants are Unix times in seconds.
func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements prometheus.Collector. The metrics have no fixed set of labels, so none is announced.
func (trustCollector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (t trustCollector) Collect(out chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	list := t.a.lists.InService()
	send(gauge("mesbridge_white_list_generated_seconds", "Date of the white list in service."), float64(list.Generated().Unix()))
	send(gauge("mesbridge_white_list_confirmed_seconds", "When the white list in service was last confirmed."), float64(t.a.lists.Confirmed().Unix()))
	send(gauge("mesbridge_white_list_entries", "Entries of the white list in service."), float64(list.Entries()))
	freshness := t.a.lists.Freshness()
	for _, f := range []trust.Freshness{trust.Fresh, trust.Aging, trust.Critical, trust.Stale} {
		send(gauge("mesbridge_white_list_freshness", "Step of O16 that the white list is in: 1.", "step"), truth(f == freshness), string(f))
	}
	send(gauge("mesbridge_own_certificate_end_seconds", "When our certificate ends."), float64(t.a.identity.Certificate().NotAfter.Unix()))
	newest := map[string]*revocation.List{}
	for _, l := range t.a.revocation.Lists() {
		if old := newest[l.Authority]; old == nil || l.Until.After(old.Until) {
			newest[l.Authority] = l
		}
	}
	for authority, l := range newest {
		send(gauge("mesbridge_revocation_list_end_seconds", "When the newest revocation list of an authority ends.", "authority"), float64(l.Until.Unix()), authority)
		send(gauge("mesbridge_revocation_list_entries", "Certificates that the newest list of an authority withdraws.", "authority"), float64(l.Entries()), authority)
	}
	t.alarms(send)
}

// alarms tells each kind, also those that are quiet, so that a rule can be written before the first one.
func (t trustCollector) alarms(send func(*prometheus.Desc, float64, ...string)) {
	count := map[alarm.Name]int{}
	for _, a := range t.a.alarms.Active() {
		count[a.Name]++
	}
	for _, name := range alarm.Names() {
		send(gauge("mesbridge_alarms", "Alarms of the trust space that hold, by kind.", "alarm"), float64(count[name]), string(name))
	}
}

// truth is 1 or 0.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
