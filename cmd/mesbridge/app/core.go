package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"time"
	_ "time/tzdata" // dates in notices are in Paris time, also where the system has no zone files

	"mesbridge/bridge"
	"mesbridge/bridge/delivery"
	"mesbridge/bridge/mail"
	"mesbridge/bridge/scan"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
	"mesbridge/conversations/journal"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// startConversations compares journal and store, and makes the service.
func (a *App) startConversations(ctx context.Context) error {
	c := a.Config
	patientKey, err := c.Keys.PatientHash.ReadKey()
	if err != nil {
		return fmt.Errorf("read the patient hash key: %w", err)
	}
	content, err := a.openBodies()
	if err != nil {
		return fmt.Errorf("open the bodies: %w", err)
	}
	if err := a.compare(ctx); err != nil {
		return err
	}
	a.codec = mail.NewCodec(mail.DefaultLimits())
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return fmt.Errorf("load Paris time: %w", err)
	}
	ports := conversations.Ports{
		Store: a.store, Keys: a.keys, Bodies: content, Journal: a.trail, Acts: a.trail, Directory: book{a}, Mail: a.codec,
		Log: a.Log.With("part", "conversations"), Now: time.Now, Random: rand.Reader, Sessions: a.endSessions,
		Applications: a.applications,
	}
	if c.Scan.Clamd != "" {
		a.scanner = scan.New(c.Scan.Clamd, c.Scan.Timeout, time.Now)
		ports.Scanner = a.scanner
		if err := a.scanner.Ping(ctx); err != nil { // mail waits until it answers
			a.Log.ErrorContext(ctx, "scan.clamd does not answer", "err", err)
		}
	}
	settings := conversations.Settings{
		CitizenDomain: c.CitizenDomain, CheckINSKey: c.INSKeyCheck, MaxReplyBytes: c.Limits.MaxReplyBytes, Quota: c.Limits.QuotaBytes, PatientKey: patientKey,
		HideConfidential: c.Confidential == config.Hidden,
		SoftOpposition:   c.Oppositions == config.Soft, TrashFor: time.Duration(c.Retention.TrashDays) * 24 * time.Hour,
		Periods:          rules.Periods{ArchiveYears: c.Retention.ArchiveYears, SuspensionDays: c.Retention.SuspensionDays},
		FlagWrongPatient: c.Mail.WrongPatient == config.FlagWrongPatient,
		Copies:           c.Mail.Copies,
		TellWebhooks:     true,
		Shared:           sharedMailboxes(c.Mailboxes),
		Officers:         people(c.Enrolment.Officers), EnrolmentFor: time.Duration(c.Enrolment.Days) * 24 * time.Hour,
		Windows: replyWindows(c.Windows), VerdictsPerHour: c.Limits.VerdictsPerHour, ClosingNotice: page.ClosingNotice(paris), LastWords: page.LastWords,
	}
	a.Conversations = conversations.New(settings, ports)
	a.past = func(now func() time.Time) *conversations.Service {
		ports.Now = now
		return conversations.New(settings, ports)
	}
	a.Conversations.Trace(ctx, conversations.Event{Kind: conversations.TraceStart, Actor: conversations.ActorSystem, Code: settingsHash(c)})
	a.early.open(ctx, a.Conversations.Trace)
	a.every("journal", keepEvery, a.keep)
	a.every("seals", c.Journal.SealEvery, a.seal)
	a.onStop("journal", 30*time.Second, func(ctx context.Context) error { // when nothing writes any more
		return errors.Join(a.keep(ctx), a.seal(ctx))
	})
	if a.shared() {
		a.every("bridges", registerEvery, func(ctx context.Context) error { return a.trail.Register(ctx, a.store) })
	}
	a.every("dead bodies", collectEvery, func(ctx context.Context) error { return a.collect(ctx, content) })
	a.every("old traces", sweepEvery, a.sweepTraces)
	return nil
}

// Past returns the conversations of a demonstration by a clock that stands before now: what is done through them
// happened then. Effects are done by the bridge's own workers, at once.
func (a *App) Past(now func() time.Time) (*conversations.Service, error) {
	if a.Demonstration == nil {
		return nil, errors.New("tell a past: only a demonstration has one")
	}
	return a.past(now), nil
}

// sharedMailboxes are the mailboxes with users (I119).
func sharedMailboxes(all []config.Mailbox) []conversations.SharedMailbox {
	list := make([]conversations.SharedMailbox, 0, len(all))
	for _, m := range all {
		a, err := rules.ParseAddress(m.Address)
		if err != nil {
			continue // settings are checked before
		}
		shared := conversations.SharedMailbox{Address: a, Kind: rules.MailboxKind(m.Kind), FINESS: m.FINESS}
		shared.Responsible = people(m.Responsible)
		list = append(list, shared)
	}
	return list
}

// people are persons of the settings.
func people(all []config.Person) []conversations.Person {
	var list []conversations.Person
	for _, p := range all {
		list = append(list, conversations.Person{ID: p.ID, Name: p.Name})
	}
	return list
}

// replyWindows are the windows of the settings, by canonical address (D8).
func replyWindows(w config.Windows) map[string]rules.Window {
	const day = 24 * time.Hour
	all := make(map[string]rules.Window, len(w.Mailboxes))
	for mailbox, days := range w.Mailboxes {
		if a, err := rules.ParseAddress(mailbox); err == nil { // settings are checked before
			all[a.Canonical()] = rules.Window{Length: time.Duration(days) * day, Answer: time.Duration(w.AfterAnswerDays) * day}
		}
	}
	return all
}

// keepEvery is how often the store is told to forget what the journal has: it holds no more than what
// came since.
const keepEvery = 2 * time.Second

// compare takes over what a crash left in the store alone, and refuses a store that is older than the
// journal: nothing that it says could be trusted (D17).
func (a *App) compare(ctx context.Context) error {
	var taken int
	faults, err := a.trail.Compare(ctx, a.store.Heads)
	if err == nil && len(faults) == 0 {
		taken, faults, err = a.catchUp(ctx)
	}
	if err == nil && len(faults) > 0 {
		var filled int
		if filled, err = a.fillMissing(ctx, faults); err == nil && filled > 0 {
			taken, faults, err = a.catchUp(ctx)
			taken += filled
		}
	}
	if err != nil {
		return fmt.Errorf("compare redis with the journal: %w", err)
	}
	if len(faults) > 0 {
		return fmt.Errorf("redis is not what the journal in %s says (%w; %d shards), and nothing was changed: %s",
			a.Config.DataDir, faults[0], len(faults), cure(faults[0]))
	}
	a.marks.journal.Store(a.trail)
	if taken > 0 {
		a.Log.InfoContext(ctx, "journal completed after an unclean end", "entries", taken)
	}
	return nil
}

// cure says what to do about a store that is not what the journal says.
func cure(f journal.Fault) string {
	if f.Trouble == journal.Missing {
		return "this data directory is an old copy, or was away from the other bridges for more than a day; restore its newest copy, or that of another bridge"
	}
	return "redis is an old or empty copy; restore its newest copy, or run mesbridge rebuild"
}

// effectWorkers is how many effects are done at once: most of them wait for another operator.
const effectWorkers = 64

// stopEffects is how long deliveries under way may take when the bridge stops: one whose last octet was
// sent gets ten seconds for its reply. One that is cut is sent again, byte-identical, at the next start.
const stopEffects = 15 * time.Second

// startEffects starts delivery, receipts and notifications.
func (a *App) startEffects(context.Context) error {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return fmt.Errorf("load Paris time: %w", err)
	}
	serving, cancel := context.WithCancel(context.Background())
	client := delivery.NewClient(serving, delivery.Settings{
		Name: a.Config.SMTP.Hostname, TLS: a.identity.ClientConfig, Trust: a.currentList, Resolver: a.servers(),
		GiveUp: time.Duration(a.Config.Delivery.GiveUpHours) * time.Hour, Strict: a.Config.SMTP.Strict,
		AskDelivered: a.Config.Delivery.AskDelivered, Log: a.Log.With("part", "delivery"), Now: time.Now,
	})
	a.onStop("connections to operators", time.Second, func(context.Context) error { client.Close(); return nil })
	a.responder = delivery.NewResponder(serving, client, rules.Address{Local: bridge.LocalTrial, Domain: a.Config.CitizenDomain})
	reporter := delivery.NewReporter(client, a.Conversations, paris)
	handlers := map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: delivery.NewSender(client, a.Conversations).Deliver,
		conversations.EffectReport:  reporter.Report,
		conversations.EffectReceipt: reporter.Acknowledge,
		conversations.EffectCopy:    delivery.NewCopier(client, a.Conversations, a.Config.CitizenDomain).Copy,
	}
	if handlers[conversations.EffectNotify], err = a.notify(serving); err != nil {
		cancel()
		return err
	}
	if handlers[conversations.EffectWebhook], err = a.callReceivers(serving); err != nil {
		cancel()
		return err
	}
	done := make(chan struct{})
	a.serve("effects", func() error {
		defer close(done)
		a.Conversations.Run(serving, effectWorkers, handlers)
		return nil
	})
	a.onDrain("effects", stopEffects, func(stopping context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-stopping.Done():
			return stopping.Err()
		}
	})
	return nil
}

// currentList is the white list to decide by (O16).
func (a *App) currentList() (delivery.Trust, error) {
	list, err := a.lists.Current()
	if err != nil {
		return nil, err
	}
	return list, nil
}

// servers finds the other operators' servers.
func (a *App) servers() delivery.Resolver {
	if a.Demonstration != nil {
		return a.Demonstration.Servers
	}
	return delivery.DNS{Resolver: net.DefaultResolver}
}

// notify makes the handler of neutral notifications. Without a mail relay there is nobody to tell, and
// the effect is done (R124).
func (a *App) notify(serving context.Context) (conversations.EffectHandler, error) {
	n := a.Config.Notifications
	if n.SmartHost == "" {
		return func(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }, nil
	}
	from, err := rules.ParseAddress(n.From)
	if err != nil {
		return nil, fmt.Errorf("read the sender of notifications: %w", err)
	}
	notifier := delivery.NewNotifier(serving, delivery.Relay{
		Address: n.SmartHost, Name: a.Config.SMTP.Hostname, From: from,
		Log: a.Log.With("part", "notifications"), Now: time.Now,
	}, a.privateAddresses())
	return notifier.Notify, nil
}
