package conversations

import (
	"context"
	"slices"
	"strconv"
	"time"

	"mesbridge/rules"
)

// EpisodeInput is one event of an episode (D24, D25).
type EpisodeInput struct {
	Visit
	To          rules.EpisodeState
	EventID     string    // the same event counts once
	INS         rules.INS // of the patient; needed to open a visit that is not known
	At          time.Time // of the event; zero: now
	Source      rules.EpisodeSource
	Grace       time.Duration
	LastMessage string // sent with each end, with X-MSS-MES: FIN; empty: none
	Contact     string // whom to contact next, told with the announcement or, of an end at once, with it; empty: cabinet or service
	Unit        string // care unit (PV1-3), as the establishment names it; empty: as it was told before
	Keep        bool   // what is empty of LastMessage and Contact stays as the close before planned it
}

// maxEvents is how many events of an episode are remembered; older ones are refused by their instant.
const maxEvents = 32

// ChangeEpisode opens or closes an episode, or cancels its discharge, and returns it with the conversations
// that the event touched. The same event again gives the same conversations and changes nothing; with
// another content it is KindOtherEvent.
//
// The event is one commit of the patient, which announces the ends with their effects. What is due at once
// is then ended here, conversation by conversation; after a crash the effects do what is left.
func (s *Service) ChangeEpisode(ctx context.Context, actor Actor, mailboxes []Address, in EpisodeInput) (EpisodeLine, error) {
	p, enrolled, err := s.patientOfVisit(ctx, in)
	if err != nil {
		return EpisodeLine{}, err
	}
	if !enrolled {
		return s.declareVisit(ctx, p, in)
	}
	v := s.visitID(in.Visit)
	var touched []ID
	_, _, err = s.run(ctx, p, "", FactsQuery{Episodes: []rules.VisitID{v}}, func(l *loaded) (d *decision, err error) {
		d, touched, err = l.changeEpisode(ctx, actor, in)
		return d, err
	})
	if err != nil {
		return EpisodeLine{}, err
	}
	s.finishNow(ctx, p, v, touched)
	return s.episodeLine(ctx, p, in.Visit, mailboxes, append([]ID{}, touched...))
}

// finishNow does at once what the effects of an event would do in a moment. What it cannot do they will.
func (s *Service) finishNow(ctx context.Context, p PatientID, v rules.VisitID, touched []ID) {
	for _, id := range touched {
		if _, err := s.closeDue(ctx, Effect{Patient: p, Thread: id}); err != nil {
			s.Log.WarnContext(ctx, "end of a conversation left to its effect", "kind", KindOf(err))
		}
	}
	if _, err := s.projectVisit(ctx, Effect{Patient: p, Mailbox: rules.MailboxID(v)}); err != nil {
		s.Log.WarnContext(ctx, "index of a visit left to its effect", "kind", KindOf(err))
	}
}

// changeEpisode asks rules about an event and prepares what is written.
func (l *loaded) changeEpisode(ctx context.Context, actor Actor, in EpisodeInput) (*decision, []ID, error) {
	v := l.svc.visitID(in.Visit)
	rec, label, _, err := l.episodeOf(v)
	if err != nil {
		return nil, nil, err
	}
	event := l.svc.eventOf(in)
	if i := slices.IndexFunc(rec.Events, func(e eventRecord) bool { return sameHash(e.ID, event.ID) }); i >= 0 {
		if !sameHash(rec.Events[i].Body, event.Body) {
			return nil, nil, &Error{Kind: KindOtherEvent, Rule: "D25"}
		}
		return &decision{}, rec.Events[i].Touched, nil
	}
	if err := l.alsoThreads(ctx, rec.Threads); err != nil {
		return nil, nil, err
	}
	now := l.svc.Now()
	facts := l.episodeFacts(rec.episode(v), in, now)
	verdict := rules.ChangeEpisode(facts, now)
	if verdict.Change.Kind == "" {
		return &decision{verdict: verdict}, nil, nil
	}
	did := verdict.Change.Episode
	rec.set(did.After)
	for _, t := range did.Threads {
		event.Touched = append(event.Touched, ID(t.Conversation))
	}
	rec.Events = append(slices.Clone(rec.Events), event)
	rec.Events = rec.Events[max(0, len(rec.Events)-maxEvents):]
	rec.Source, label.Visit = in.Source, in.Visit
	if in.Unit != "" {
		label.Unit = in.Unit
	}
	if in.To == rules.EpisodeClosed {
		label.plan(in, actor)
	}
	l.patient.Visits = l.openVisits(v, in)
	d := &decision{
		verdict: verdict, actor: actor, records: []Record{l.episodeRecordOf(v, rec, label)}, others: event.Touched,
		timed: append(l.endings(did, now), l.visitEffect(v, now)),
	}
	return d, event.Touched, nil
}

// episodeFacts gathers what rules need; the conversations are loaded and settled.
func (l *loaded) episodeFacts(e rules.Episode, in EpisodeInput, now time.Time) rules.EpisodeFacts {
	f := rules.EpisodeFacts{
		Next: l.facts.Version + 1, Episode: e, Structure: in.structure(), Exchanges: l.state.Exchanges, Who: l.who,
		To: in.To, At: in.At, Source: in.Source, Grace: in.Grace,
	}
	if f.At.IsZero() {
		f.At = now
	}
	for _, id := range e.Threads {
		if c, ok := l.state.Conversations[id]; ok {
			f.Conversations = append(f.Conversations, c)
		}
	}
	return f
}

// endings lists the effects of the announced ends. They begin now: the first thing that one does is to tell
// the patient.
func (l *loaded) endings(did *rules.EpisodeChange, now time.Time) (list []Effect) {
	for _, t := range did.Threads {
		if t.Given == 0 {
			list = append(list, l.closeEffect(ID(t.Conversation), now))
		}
	}
	return list
}

// openVisits returns the patient's open episodes after an event.
func (l *loaded) openVisits(v rules.VisitID, in EpisodeInput) []openVisitRecord {
	open := slices.DeleteFunc(slices.Clone(l.patient.Visits), func(o openVisitRecord) bool { return o.Visit == hexID(v) })
	if in.To == rules.EpisodeOpen {
		open = append(open, openVisitRecord{Visit: hexID(v), Facility: hexID(l.svc.facilityID(in.FINESS))})
	}
	return open
}

// eventOf names an event and what it says. An instant that the caller left out says nothing: it differs
// each time that he asks.
func (s *Service) eventOf(in EpisodeInput) eventRecord {
	at := ""
	if !in.At.IsZero() {
		at = strconv.FormatInt(in.At.UnixMilli(), 10)
	}
	body := string(in.To) + "\x00" + string(in.INS) + "\x00" + at + "\x00" + string(in.Source) + "\x00" + in.Grace.String() + "\x00" +
		in.LastMessage + "\x00" + in.Contact
	if in.Unit != "" { // so that events which name none keep the hash that they had
		body += "\x00" + in.Unit
	}
	if in.Keep {
		body += "\x00keep\x00"
	}
	return eventRecord{ID: s.name("event", in.EventID)[:16], Body: s.name("event body", body)[:16]}
}

// patientOfVisit returns the patient of a visit, which a first event that opens it claims for him, and
// whether he is enrolled. The index keeps one patient for each visit.
func (s *Service) patientOfVisit(ctx context.Context, in EpisodeInput) (PatientID, bool, error) {
	f, v := s.facilityID(in.FINESS), s.visitID(in.Visit)
	var named PatientID
	if in.INS != "" {
		p, err := s.LeadsTo(ctx, in.INS)
		if err != nil {
			return "", false, err
		}
		named = p
	}
	e, err := s.Store.Visit(ctx, f, v)
	switch {
	case isNotFound(err) && (in.To != rules.EpisodeOpen || in.INS == ""):
		return "", false, &Error{Kind: KindEpisodeUnknown, Rule: "I248"}
	case isNotFound(err):
		e, err = s.claimVisit(ctx, in.Visit, named)
		if err != nil {
			return "", false, err
		}
	case err != nil:
		return "", false, unavailable("find a visit", err)
	case named != "" && e.Patient != named:
		if e, err = s.claimVisit(ctx, in.Visit, named); err != nil {
			return "", false, err
		}
	}
	p, err := s.leadsTo(ctx, e.Patient)
	if err != nil {
		return "", false, err
	}
	enrolled, err := s.enrolled(ctx, p)
	return p, enrolled, err
}

// claimVisit makes a visit a patient's, unless it is another's: then it fails with KindWrongPatient. A claim
// whose command was cut gives way.
func (s *Service) claimVisit(ctx context.Context, v Visit, p PatientID) (VisitEntry, error) {
	e := VisitEntry{Visit: s.visitID(v), Patient: p, At: s.Now()}
	kept, err := s.indexVisit(ctx, v.FINESS, e)
	switch {
	case err != nil:
		return VisitEntry{}, err
	case kept.Patient != p:
		return VisitEntry{}, &Error{Kind: KindWrongPatient, Rule: "I232", Err: errVisitPatient}
	}
	return kept, nil
}

// indexVisit writes an entry of a facility's index and returns what it then holds. A visit that was declared
// for another matricule of the same person stays under that one's record there, and is given back as his.
func (s *Service) indexVisit(ctx context.Context, finess string, e VisitEntry) (VisitEntry, error) {
	kept, err := s.Store.IndexVisit(ctx, s.facilityID(finess), e)
	if err != nil {
		return VisitEntry{}, unavailable("index a visit", err)
	}
	if kept.Patient == e.Patient {
		return kept, nil
	}
	owner, err := s.leadsTo(ctx, kept.Patient)
	if err != nil || owner != e.Patient {
		return kept, err
	}
	other := e
	other.Patient = kept.Patient
	if kept, err = s.Store.IndexVisit(ctx, s.facilityID(finess), other); err != nil {
		return VisitEntry{}, unavailable("index a visit", err)
	}
	kept.Patient = e.Patient
	return kept, nil
}

// enrolled reports whether a patient has a record that commands can change: not one whom nobody enrolled,
// nor one who was erased.
func (s *Service) enrolled(ctx context.Context, p PatientID) (bool, error) {
	l, err := s.read(ctx, p, FactsQuery{})
	if KindOf(err) == KindMailboxUnknown && err != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return l.state.Patient.Account != rules.Purged, nil
}

// declareVisit keeps an event of a visit whose patient is not enrolled in the index alone: nothing ends, and
// the answer looks the same (D36).
func (s *Service) declareVisit(ctx context.Context, p PatientID, in EpisodeInput) (EpisodeLine, error) {
	now := s.Now()
	if in.At.IsZero() {
		in.At = now
	}
	line := EpisodeLine{ID: s.visitID(in.Visit), Visit: in.Visit, State: in.To, Since: in.At, At: in.At, Source: in.Source, Unit: in.Unit}
	if in.To == rules.EpisodeClosed {
		line.ClosesAt = in.At.Add(in.Grace)
	}
	seal, err := s.facilityVault(in.FINESS)
	if err != nil {
		return EpisodeLine{}, unavailable("open the vault", err)
	}
	v := s.visitID(in.Visit)
	e := VisitEntry{Visit: v, Patient: p, State: in.To, At: in.At}
	if before, err := s.Store.Visit(ctx, s.facilityID(in.FINESS), v); err == nil && before.State != "" {
		var old visitLine
		if err := seal.open(tableVisits, string(v), before.Sealed, &old); err != nil {
			return EpisodeLine{}, unavailable("open a visit", err)
		}
		line.Since, e.Version = old.Since.time(), before.Version // of a patient who was erased: else it stands above 0
		if line.Unit == "" {
			line.Unit = old.Unit
		}
		if in.At.Truncate(time.Second).Before(before.At.Truncate(time.Second)) { // I230
			return EpisodeLine{
				ID: v, Visit: in.Visit, State: before.State, Since: line.Since, At: before.At, ClosesAt: old.ClosesAt.time(), Source: old.Source,
				Unit: old.Unit,
			}, nil
		}
	}
	e.Sealed = seal.seal(tableVisits, string(v), visitLine{
		Visit: in.Visit, Since: toMillis(line.Since), ClosesAt: toMillis(line.ClosesAt), Source: in.Source, Unit: line.Unit,
	})
	if _, err := s.Store.IndexVisit(ctx, s.facilityID(in.FINESS), e); err != nil {
		return EpisodeLine{}, unavailable("index a visit", err)
	}
	return line, nil
}
