package conversations_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// reads are the methods of the service that change nothing and tell nobody of an act; the others are acts, and
// each leaves an entry (I187, I188, O155).
var reads = []string{
	"Account", "AcceptedTerms", "Board", "Closings", "Contacts", "Documents", "Episode", "EpisodeByID", "Episodes", "Exchange", "ExchangeWith", "Exchanges", "Facility", "FindExchanges", "History",
	"Inbox", "Known", "LeadsTo", "MailboxID", "NewBody", "Objections", "OpenFor", "Patient", "PatientByINS", "PatientID", "PreviewEvent", "Scopes",
	"SealFor", "Silenced", "Tally", "Thread", "ThreadFor", "Threads",
	"Enrolments", "Enrols", "LedTo", "Copy", "Delegates", "Invitation", "Mandates", "MandatesOf", "Notification", "Profiles", "Outgoing", "ReadReceipt", "Reportable", "Users", // load what an effect sends; what became of it is an act
	"Team", "Templates", "FillTemplate", "Absence",
	"AttachmentLine", "DocumentLine", "Line", "LatestThreads", "ThreadBefore", "Watch",
	"Calling", "Webhook", "Webhooks", "WebhookCalls",
	"Attend", // is forgotten in minutes
	"Run",    // does effects
}

// elsewhere are acts that need a mailbox with a list of users, a holder or a receiver of events: users_test.go,
// teamacts_test.go and webhook_test.go look at their entries.
var elsewhere = []string{
	"AdmitUser", "DismissUser", "TakeCare", "ReleaseCare", "HandOver", "AddNote", "DeleteNote", "SaveTemplate", "DeleteTemplate",
	"DeclareAbsence", "EndAbsence", "RegisterWebhook", "RemoveWebhook", "RotateWebhook", "PingWebhook", "ReplayWebhook", "Called",
}

// act is one act: what it needs first, and itself, by whom.
type act struct {
	method string
	actor  conversations.Actor
	do     func(*actWorld) error
}

// actWorld is a bench with a conversation, a document and a professional who wrote.
type actWorld struct {
	*bench
	thread  conversations.ID
	contact conversations.ID
	piece   conversations.ID
	doc     conversations.ID
}

func newActWorld(t *testing.T) *actWorld {
	t.Helper()
	w := &actWorld{bench: newBench(t)}
	w.taken(mail{from: doctor, subject: "Fil", text: "1", documents: []conversations.Attachment{{Name: "a.pdf", Type: "application/pdf", Content: []byte("x")}}})
	w.settle()
	found := w.bench.thread("Fil")
	w.thread, w.contact, w.piece = found.ID, found.Contact, found.Messages[0].Attachments[0].ID
	d, _, err := w.SaveDocument(t.Context(), w.self(), w.patient.ID, w.piece)
	if err != nil {
		t.Fatal(err)
	}
	w.doc = d.ID
	return w
}

func (w *actWorld) boxes() []conversations.Address {
	return []conversations.Address{address(w.t, doctor)}
}

// exchange returns the id of the pair of the patient and the doctor.
func (w *actWorld) exchange() conversations.ID {
	page, err := w.Exchanges(w.t.Context(), address(w.t, doctor), conversations.Filter{})
	if err != nil || len(page.Items) != 1 {
		w.t.Fatalf("%d exchanges, %v", len(page.Items), err)
	}
	return page.Items[0].ID
}

func acts(self conversations.Actor) []act {
	pro := conversations.Actor{Kind: conversations.ActorProfessional, ID: "810000000001", Name: "Marie Martin"}
	operator := conversations.Actor{Kind: conversations.ActorOperator, ID: "CN=smtp.operator.test"}
	system := conversations.Actor{Kind: conversations.ActorSystem}
	who := conversations.Signatory{Kind: pro.Kind, ID: pro.ID, Name: pro.Name}
	visit := conversations.Visit{FINESS: finess, Number: "v-9"}
	deliver := func(w *actWorld, do func(conversations.Effect) error) error {
		if _, err := w.reply(w.thread, "Merci"); err != nil {
			return err
		}
		m := w.read(w.thread).Messages
		e := conversations.Effect{Patient: w.patient.ID, Thread: w.thread, Mailbox: w.MailboxID(address(w.t, doctor))}
		for _, one := range m {
			if one.Mine {
				e.Message = one.ID
			}
		}
		w.memory.forget()
		return do(e)
	}
	return append(append(delegateActs(self), enrolmentActs()...), []act{
		{"Opened", self, func(w *actWorld) error { return w.Opened(w.t.Context(), self, w.patient.ID, w.thread) }},
		{"SaveDraft", self, func(w *actWorld) error { return w.SaveDraft(w.t.Context(), self, w.patient.ID, w.thread, "x") }},
		{"KeepDraft", self, func(w *actWorld) error {
			_, err := w.KeepDraft(w.t.Context(), self, w.patient.ID, w.thread, "x", "")
			return err
		}},
		{"Reply", self, func(w *actWorld) error { _, err := w.reply(w.thread, "x"); return err }},
		{"Attachment", self, func(w *actWorld) error {
			_, err := w.Attachment(w.t.Context(), self, w.patient.ID, w.piece)
			return err
		}},
		{"Attached", self, func(w *actWorld) error { _, _ = w.Attached(w.t.Context(), self, w.patient.ID, w.piece); return nil }},
		{"Original", self, func(w *actWorld) error {
			_, err := w.Original(w.t.Context(), self, w.patient.ID, w.thread+".1")
			return err
		}},
		{"Document", self, func(w *actWorld) error { _, err := w.Document(w.t.Context(), self, w.patient.ID, w.doc); return err }},
		{"SaveDocument", self, func(w *actWorld) error {
			if err := w.DeleteDocument(w.t.Context(), self, w.patient.ID, w.doc); err != nil {
				return err
			}
			w.memory.forget()
			_, _, err := w.SaveDocument(w.t.Context(), self, w.patient.ID, w.piece)
			return err
		}},
		{"DeleteDocument", self, func(w *actWorld) error { return w.DeleteDocument(w.t.Context(), self, w.patient.ID, w.doc) }},
		{"DeleteThread", self, func(w *actWorld) error { return w.DeleteThread(w.t.Context(), self, w.patient.ID, w.thread) }},
		{"Block", self, func(w *actWorld) error {
			_, err := w.Block(w.t.Context(), self, w.patient.ID, w.contact, time.Time{})
			return err
		}},
		{"Unblock", self, func(w *actWorld) error {
			if _, err := w.Block(w.t.Context(), self, w.patient.ID, w.contact, time.Time{}); err != nil {
				return err
			}
			w.memory.forget()
			_, err := w.Unblock(w.t.Context(), self, w.patient.ID, w.contact)
			return err
		}},
		{"Object", self, func(w *actWorld) error {
			_, err := w.Object(w.t.Context(), self, w.patient.ID, rules.Objection{ID: "o", Kind: rules.AgainstMessages, Scope: rules.Everyone})
			return err
		}},
		{"Withdraw", self, func(w *actWorld) error {
			if _, err := w.Object(w.t.Context(), self, w.patient.ID, rules.Objection{ID: "o", Kind: rules.AgainstMessages, Scope: rules.Everyone}); err != nil {
				return err
			}
			w.memory.forget()
			return w.Withdraw(w.t.Context(), self, w.patient.ID, "o")
		}},
		{"ManageAccount", self, func(w *actWorld) error {
			_, err := w.ManageAccount(w.t.Context(), self, rules.Holder, w.patient.ID, rules.CloseMessaging)
			return err
		}},
		{"AcceptTerms", self, func(w *actWorld) error {
			_, err := w.AcceptTerms(w.t.Context(), conversations.Signatory{Patient: w.patient.ID, Kind: self.Kind, ID: self.ID}, rules.Terms{Version: "1", Hash: "ab"})
			return err
		}},
		{"LoggedIn", self, func(w *actWorld) error { return w.LoggedIn(w.t.Context(), self, w.patient.ID) }},
		{"Note", pro, func(w *actWorld) error { return w.Note(w.t.Context(), who, conversations.TraceLogout) }},
		{"Enrol", system, func(w *actWorld) error {
			_, err := w.Enrol(w.t.Context(), system, otherINS, "x", rules.Active)
			return err
		}},
		{"NoteMinority", system, func(w *actWorld) error {
			return w.NoteMinority(w.t.Context(), system, w.patient.ID, w.clock.Now().Add(time.Hour))
		}},
		{"ApplyEvent", anAgent(), func(w *actWorld) error { return w.live(conversations.LifeInput{Event: rules.Death, INS: anINS}) }},
		{"OpenThread", pro, func(w *actWorld) error {
			_, err := w.OpenThread(w.t.Context(), pro, conversations.ThreadInput{Mailbox: address(w.t, doctor), INS: anINS, Subject: "s", Text: "t"})
			return err
		}},
		{"Write", pro, func(w *actWorld) error {
			_, err := w.Write(w.t.Context(), pro, w.thread, conversations.ThreadInput{Mailbox: address(w.t, doctor), Text: "t"})
			return err
		}},
		{"EndExchange", pro, func(w *actWorld) error {
			_, err := w.EndExchange(w.t.Context(), pro, w.boxes(), w.exchange())
			return err
		}},
		{"PlanEnd", pro, func(w *actWorld) error {
			_, err := w.PlanEnd(w.t.Context(), pro, w.boxes(), w.exchange(), w.clock.Now().Add(rules.UndoFor), "fini")
			return err
		}},
		{"KeepExchange", pro, func(w *actWorld) error {
			if _, err := w.PlanEnd(w.t.Context(), pro, w.boxes(), w.exchange(), w.clock.Now().Add(rules.UndoFor), ""); err != nil {
				return err
			}
			w.memory.forget()
			_, err := w.KeepExchange(w.t.Context(), pro, w.boxes(), w.exchange())
			return err
		}},
		{"AttachmentFor", pro, func(w *actWorld) error {
			t, err := w.ThreadFor(w.t.Context(), w.boxes(), w.thread)
			if err != nil {
				return err
			}
			_, err = w.AttachmentFor(w.t.Context(), pro, w.boxes(), w.thread, t.Messages[0].Attachments[0].ID)
			return err
		}},
		{"EndThread", pro, func(w *actWorld) error { _, err := w.EndThread(w.t.Context(), pro, w.boxes(), w.thread); return err }},
		{"RecordOpposition", pro, func(w *actWorld) error {
			_, err := w.RecordOpposition(w.t.Context(), pro, conversations.OppositionInput{Mailbox: address(w.t, doctor), INS: anINS, ToPatient: true, Reason: "r"})
			return err
		}},
		{"Ask", pro, func(w *actWorld) error { _, err := w.Ask(w.t.Context(), pro, address(w.t, doctor), anINS); return err }},
		{"ChangeEpisode", theClinic(), func(w *actWorld) error {
			_, err := w.ChangeEpisode(w.t.Context(), theClinic(), nil, conversations.EpisodeInput{Visit: visit, To: rules.EpisodeOpen, EventID: "e", INS: anINS})
			return err
		}},
		{"Receive", operator, func(w *actWorld) error { _, err := w.receive(mail{from: clinic, subject: "n", text: "x"}); return err }},
		{"Recipient", operator, func(w *actWorld) error {
			if _, err := w.Recipient(w.t.Context(), anotherINS, address(w.t, doctor)); err == nil {
				w.t.Error("nobody is taken")
			}
			return nil
		}},
		{"Bounce", operator, func(w *actWorld) error {
			return w.Bounce(w.t.Context(), conversations.Incoming{
				Patient: w.patient.ID, Message: conversations.ID(w.patient.ID.Shard() + "m"), Envelope: address(w.t, doctor), Peer: operator,
			}, &conversations.Error{Kind: conversations.KindUnreachable, Rule: "D13"})
		}},
		{"Feedback", operator, func(w *actWorld) error {
			_, err := w.Feedback(w.t.Context(), w.patient.ID, conversations.Feedback{References: []string{"x@patient.mssante.fr"}, Peer: operator})
			return err
		}},
		{"Delivered", system, func(w *actWorld) error {
			return deliver(w, func(e conversations.Effect) error {
				return w.Delivered(w.t.Context(), e, conversations.Outcome{State: conversations.DeliverySent})
			})
		}},
		{"BeginReceipt", system, func(w *actWorld) error {
			return deliver(w, func(e conversations.Effect) error {
				_, err := w.BeginReceipt(w.t.Context(), e, conversations.ReadReceipt{})
				return err
			})
		}},
		{"ReceiptOutcome", system, func(w *actWorld) error {
			return deliver(w, func(e conversations.Effect) error {
				return w.ReceiptOutcome(w.t.Context(), e, conversations.Outcome{State: conversations.DeliverySent})
			})
		}},
		{"Trace", system, func(w *actWorld) error {
			w.Trace(w.t.Context(), conversations.Event{Kind: conversations.TraceStart, Actor: system.Kind})
			return nil
		}},
		{"CopyFailed", system, func(w *actWorld) error {
			w.CopyFailed(w.t.Context(), conversations.Effect{Patient: w.patient.ID, Thread: w.thread}, "550 5.1.1")
			return nil
		}},
		{"Refused", operator, func(w *actWorld) error {
			w.Refused(w.t.Context(), conversations.Event{Kind: conversations.TraceSender, Actor: operator.Kind})
			return nil
		}},
	}...)
}

// I187, I188, O154, O155: every method of the service is a reading or an act, and every act leaves an entry that
// tells who acted: the kind in clear, and the person sealed, wherever a person did.
func TestService_everyActIsTracedWithItsActor(t *testing.T) {
	t.Parallel()
	var known []string
	for _, a := range acts(conversations.Actor{}) {
		known = append(known, a.method)
	}
	service := reflect.TypeFor[*conversations.Service]()
	ports := reflect.TypeFor[conversations.Ports]()
	for m := range service.Methods() {
		if _, port := ports.FieldByName(m.Name); port || slices.Contains(reads, m.Name) || slices.Contains(elsewhere, m.Name) || slices.Contains(known, m.Name) {
			continue
		}
		t.Errorf("%s is neither among the readings nor among the acts", m.Name)
	}
	for _, name := range known {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newActWorld(t)
			all := acts(w.self())
			a := all[slices.IndexFunc(all, func(a act) bool { return a.method == name })]
			w.memory.forget()
			if err := a.do(w); err != nil {
				t.Fatal(err)
			}
			if found := w.memory.actors(t); !slices.ContainsFunc(found, func(f conversations.Actor) bool {
				return f.Kind == a.actor.Kind && (f.ID == a.actor.ID || a.actor.ID == "" || a.actor.Kind == conversations.ActorOperator)
			}) {
				t.Errorf("acted %+v, and the journal tells of %v", a.actor.Kind, found)
			}
		})
	}
}

// forget drops what was done so far from those whom actors tells of.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = map[string]bool{}
	for shard, entries := range m.journal {
		for sequence := range entries {
			m.seen[shard+string(rune(sequence))] = true
		}
	}
}

// actors lists who acted since forget. An entry without the kind of its actor fails the test.
func (m *memory) actors(t *testing.T) (found []conversations.Actor) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for shard, entries := range m.journal {
		for sequence, entry := range entries {
			if m.seen[shard+string(rune(sequence))] {
				continue
			}
			e := conversations.JournalEntry{Shard: shard, Sequence: sequence, Entry: entry}
			trace, err := conversations.ReadTrace(e)
			if err != nil {
				t.Fatal(err)
			}
			if trace.Actor == "" {
				t.Errorf("an entry of kind %s has no actor", trace.Kind)
			}
			redo, _, err := conversations.OpenRedo(e, m.keys[trace.Patient])
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, redo.Actor)
		}
	}
	return found
}

// Every error that this package makes carries the id of the rule that decided, for the trace, but for faults of
// ours.
func TestErrors_carryTheirRule(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if name, named := typeName(lit, ok); !named || name != "Error" {
				return true
			}
			fields := map[string]string{}
			for _, e := range lit.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if v, ok := kv.Value.(*ast.Ident); ok {
						fields[kv.Key.(*ast.Ident).Name] = v.Name
					} else {
						fields[kv.Key.(*ast.Ident).Name] = "given"
					}
				}
			}
			checked++
			if fields["Kind"] == "" || fields["Rule"] == "" && fields["Kind"] != "KindInternal" {
				t.Errorf("%s: an error without a kind or a rule", set.Position(lit.Pos()))
			}
			return true
		})
	}
	if checked < 40 {
		t.Errorf("%d errors were found", checked)
	}
}

// typeName is the name of a literal's type.
func typeName(lit *ast.CompositeLit, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	id, ok := lit.Type.(*ast.Ident)
	if !ok {
		return "", false
	}
	return id.Name, true
}
