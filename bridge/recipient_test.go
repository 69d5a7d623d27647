package bridge_test

import (
	"errors"
	"strings"
	"testing"

	"mesbridge/bridge"
	"mesbridge/conversations"
)

// TestRcpt covers O76, O96-O98, R12-R20 and the rows of table 15.1 for RCPT.
func TestRcpt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const unknown = "153124500723160"
	b.inbox.refused[unknown] = refusal(conversations.KindMailboxUnknown, "R140")
	for to, want := range map[string]string{
		alice:                            "250 2.0.0",
		strings.ToUpper(alice):           "250 2.0.0",
		unknown + "@" + citizens:         "550 5.1.1 Patient non trouve : aucune messagerie Mon espace sante n'est ouverte pour ce matricule INS. Verifiez l'identite ; sinon, remettez le document par un autre moyen.",
		"279035121518988@" + citizens:    "553 5.1.3 Adresse invalide : le matricule INS doit compter 15 caracteres, cle comprise.", // key (R20)
		"2790351215189@" + citizens:      "553 5.1.3",                                                                               // without key (R13)
		"2790351215189890@" + citizens:   "553 5.1.3",
		"379035121518989@" + citizens:    "553 5.1.3", // no INS (R15)
		"279035121518989+x@" + citizens:  "553 5.1.3", // O98
		`"279035121518989"@` + citizens:  "553 5.1.3", // R19
		"@relais.fr:" + alice:            "553 5.1.3", // R19
		"@relais.fr:x@gmail.com":         "550 5.7.1 Relay denied",
		`" 279035121518989"@` + citizens: "553 5.1.3",
		"279035121518989.@" + citizens:   "553 5.1.3",
		"jean.dupont@" + citizens:        "553 5.1.3",
		"é@" + citizens:                  "553 5.1.3",
		"postmaster@" + citizens:         "250 2.0.0",
		"ABUSE@" + citizens:              "250 2.0.0",
		"ne-pas-repondre@" + citizens:    "550 5.7.1 This mailbox takes delivery reports only",
		"x@gmail.com":                    "550 5.7.1 Relay denied",
		doctor:                           "550 5.7.1 Relay denied",
		"279035121518989@x." + citizens:  "550 5.7.1 Relay denied",
		"279035121518989@":               "501 5.5.2",
		"Postmaster":                     "250 2.0.0",
		"abuse":                          "501 5.5.2",
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			c := b.secure(t, b.operator)
			c.want(c.do("MAIL FROM:<"+doctor+">"), "250 2.0.0")
			c.want(c.do("RCPT TO:<"+to+">"), want)
		})
	}
}

// TestRcpt_kinds covers D36 and D17: the answer depends on the kind alone, and what the inbox should
// never say is a temporary failure without a word on the cause.
func TestRcpt_kinds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const d13 = "550 5.2.1 Message non distribue : la messagerie de ce patient ne peut pas recevoir votre message. Prevenez le patient par un autre moyen."
	for _, tt := range []struct {
		err  error
		want string
	}{
		{refusal(conversations.KindUnreachable, "D13"), d13},
		{refusal(conversations.KindUnreachable, "D14"), d13},
		{refusal(conversations.KindUnreachable, "R148"), d13},
		{refusal(conversations.KindMailboxUnknown, "R140"), "550 5.1.1 Patient non trouve"},
		{refusal(conversations.KindUnavailable, "O116"), "450 4.2.1 "},
		{refusal(conversations.KindUnavailable, "D17"), "451 4.3.0 Temporary failure, try again later"},
		{refusal(conversations.KindStaleState, ""), "451 4.3.0 Temporary failure, try again later"},
		{refusal(conversations.KindInternal, ""), "451 4.3.0 Temporary failure, try again later"},
		{refusal(conversations.KindINSInvalid, "R13"), "553 5.1.3 "},
		{refusal(conversations.KindTooLarge, "D19"), "552 5.3.4 "},
		{refusal(conversations.KindBlockedByPatient, "D12"), "451 4.3.0 Temporary failure, try again later"},
		{refusal(conversations.KindPatientOpposed, "D14"), "451 4.3.0 Temporary failure, try again later"},
		{refusal(conversations.KindNotFound, ""), "451 4.3.0 Temporary failure, try again later"},
		{errors.New("dial tcp 10.0.0.1:6379: refused for 279035121518989"), "451 4.3.0 Temporary failure, try again later"},
	} {
		b.inbox.senders[address(t, doctor).Canonical()] = tt.err
		c := b.secure(t, b.operator)
		c.want(c.do("MAIL FROM:<"+doctor+">"), "250 2.0.0")
		c.want(c.do("RCPT TO:<"+alice+">"), tt.want)
	}
}

func TestRcpt_limits(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.MaxRecipients = 1; c.CheckINSKey = false })
	c := b.secure(t, b.operator)
	c.want(c.do("RCPT TO:<"+alice+">"), "503 5.5.1")
	c.want(c.do("DATA"), "503 5.5.1")
	c.envelope(doctor, alice, alice)                                    // twice the same is once
	c.want(c.do("RCPT TO:<279035121518900@"+citizens+">"), "452 4.5.3") // its key is wrong, which D20 allows here
	c.want(c.send(message("corps du message\r\n")), "250 2.0.0")
	if got, _ := b.inbox.taken(); len(got) != 1 {
		t.Errorf("%d copies", len(got))
	}
}

// TestRcpt_senderIsAsked: blocks are judged by the envelope's sender, a null one by the account alone
// (O68).
func TestRcpt_senderIsAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.envelope(doctor, alice)
	c.want(c.do("RSET"), "250 2.0.0")
	c.envelope("", alice)
	if got := b.inbox.asked; len(got) != 2 || got[0] != address(t, doctor) || !got[1].IsZero() {
		t.Errorf("asked for %d senders", len(got))
	}
}

// TestRefusedAfterData covers D36 with the setting data: with an author who is not the envelope's sender, a closed
// mailbox and a block of the author look the same, alone and beside a patient who takes the message. An unknown
// mailbox is refused at RCPT.
func TestRefusedAfterData(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.Bounces = bridge.BouncesAfterData })
	closed, blocking, unknown := matricule(1)+"@"+citizens, matricule(2)+"@"+citizens, matricule(3)+"@"+citizens
	b.inbox.refused[insOf(closed)] = refusal(conversations.KindUnreachable, "R148")
	b.inbox.receive[insOf(blocking)] = refusal(conversations.KindUnreachable, "D13")
	b.inbox.refused[insOf(unknown)] = refusal(conversations.KindMailboxUnknown, "R140")
	c := b.secure(t, b.operator)
	var answers []string
	for _, to := range []string{closed, blocking} {
		c.envelope(doctor, to)
		answers = append(answers, c.send(message("corps du message\r\n")))
		c.envelope(doctor, alice, to)
		c.want(c.send(message("corps du message\r\n")), "250 2.0.0")
	}
	c.want(answers[0], "550 5.2.1")
	if answers[0] != answers[1] {
		t.Errorf("%q and %q", answers[0], answers[1])
	}
	if messages, _ := b.inbox.taken(); len(messages) != 2 {
		t.Errorf("%d messages for the one who takes them", len(messages))
	}
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 ")
	c.want(c.do("RCPT TO:<"+unknown+">"), "550 5.1.1")
}
