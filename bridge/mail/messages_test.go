package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// wire makes the octets of a message from lines written with LF.
func wire(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

// intake runs a message through an Intake in chunks of the given size.
func intake(raw []byte, chunk int) (Facts, error) {
	in := NewIntake(DefaultLimits())
	for rest := raw; len(rest) > 0; {
		n := min(chunk, len(rest))
		if _, err := in.Write(rest[:n]); err != nil {
			_, closed := in.Close()
			if !errors.Is(closed, err) {
				return Facts{}, fmt.Errorf("Write said %w, Close %w", err, closed)
			}
			return Facts{}, err
		}
		rest = rest[n:]
	}
	return in.Close()
}

// view reads a message for display and checks what holds for every message.
func view(t *testing.T, raw []byte) conversations.View {
	t.Helper()
	c := NewCodec(DefaultLimits())
	v, err := c.View(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	checkAgreement(t, c, raw, v)
	return v
}

// address makes an address that must be valid.
func address(t testing.TB, s string) conversations.Address {
	t.Helper()
	a, err := rules.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// clinicalMessage is a message as professionals' software sends it: trace fields, a text and a
// document. content is the document, in octets.
func clinicalMessage(content []byte) []byte {
	var b strings.Builder
	b.WriteString(`Return-Path: <dr.martin@hopital.mssante.fr>
Received: from mss.hopital.example (mss.hopital.example [192.0.2.7])
	by in.patient.mssante.fr with ESMTPS id 4Xk2; Tue, 12 May 2026 10:00:00 +0200
Date: Tue, 12 May 2026 09:59:58 +0200
From: =?utf-8?Q?Dr_Ana=C3=AFs_MARTIN?= <dr.martin@hopital.mssante.fr>
To: <279035121518989@patient.mssante.fr>
Subject: =?utf-8?B?Q29tcHRlIHJlbmR1IGRlIGNvbnN1bHRhdGlvbg==?=
Message-ID: <20260512095958.4711@hopital.mssante.fr>
X-MSS-NIL: DEV000000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_part_4711"

--=_part_4711
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Bonjour,

Vous trouverez ci-joint le compte rendu de votre consultation du 12 mai. Le=
 traitement est inchang=C3=A9.

Dr Ana=C3=AFs MARTIN

--=_part_4711
Content-Type: application/pdf; name="compte-rendu.pdf"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="compte-rendu.pdf"

`)
	encoded := base64.StdEncoding.EncodeToString(content)
	for len(encoded) > 0 {
		n := min(76, len(encoded))
		b.WriteString(encoded[:n] + "\n")
		encoded = encoded[n:]
	}
	b.WriteString("\n--=_part_4711--\n")
	return wire(b.String())
}

// pseudoRandom gives n octets that do not repeat soon and are the same each time.
func pseudoRandom(n int) []byte {
	out := make([]byte, n)
	x := uint32(2463534242)
	for i := range out {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		out[i] = byte(x)
	}
	return out
}
