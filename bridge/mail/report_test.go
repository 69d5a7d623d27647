package mail

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// readReport reads a message as a report, in chunks.
func readReport(raw []byte, always bool, chunk int) Report {
	r := NewReportReader(DefaultLimits(), always)
	for rest := raw; len(rest) > 0; {
		n := min(max(chunk, 1), len(rest))
		_, _ = r.Write(rest[:n])
		rest = rest[n:]
	}
	return r.Close()
}

// mine is the Message-ID of the patient's message in every sample.
const mine = "mzxw6ytboi4dsmrqgezt@patient.mssante.fr"

func to(s string) conversations.Address {
	local, domain, _ := strings.Cut(s, "@")
	return conversations.Address{Local: local, Domain: domain}
}

// TestReportReader_samples reads what Postfix, Exchange, Exim, qmail, vacation programs, a mail client and a
// platform of professionals (R69) send, whole and a little broken.
func TestReportReader_samples(t *testing.T) {
	t.Parallel()
	dubois := to("paul.dubois@ville.mssante.fr")
	for name, want := range map[string]struct {
		sender bool // it has a reverse-path of its own, so that only its form counts
		report Report
	}{
		"postfix-bounce": {report: Report{IsReport: true, Automatic: true, EnvID: "mzxw6ytboi4dsmrqgezt.1a2b3c4d", Items: []ReportItem{
			{Original: to("Paul.Dubois@ville.mssante.fr"), Final: dubois, Action: "failed", Status: "5.1.1"},
		}}},
		"postfix-delayed": {report: Report{IsReport: true, Automatic: true, EnvID: "mzxw6ytboi4dsmrqgezt.1a2b3c4d", Items: []ReportItem{
			{Final: dubois, Action: "delayed", Status: "4.4.1"},
		}}},
		"postfix-success": {report: Report{IsReport: true, Automatic: true, EnvID: "mzxw6ytboi4dsmrqgezt.1a2b3c4d", Items: []ReportItem{
			{Original: dubois, Final: dubois, Action: "delivered", Status: "2.0.0"},
		}}},
		"exchange-ndr": {report: Report{IsReport: true, Automatic: true, Items: []ReportItem{
			{Final: to("boite.pleine@chu.mssante.fr"), Action: "failed", Status: "5.2.2"},
		}}},
		"exchange-absence": {report: Report{Automatic: true}},
		"vacation":         {sender: true, report: Report{Automatic: true}},
		"old-autoreply":    {sender: true, report: Report{Automatic: true}},
		"qmail":            {report: Report{Items: []ReportItem{{Action: "failed", Status: "5.1.1"}}}},
		"exim":             {report: Report{Automatic: true, Items: []ReportItem{{Final: dubois, Action: "failed"}}}},
		"mdn-displayed":    {sender: true, report: Report{IsReport: true, Items: []ReportItem{{Final: dubois, Disposition: "displayed"}}}},
		"mdn-platform-error": {sender: true, report: Report{IsReport: true, Items: []ReportItem{
			{Final: to("integration@chu.mssante.fr"), Disposition: "processed", Faulty: true},
		}}},
		"broken-groups": {report: Report{IsReport: true, EnvID: "mzxw6ytboi4dsmrqgezt.1a2b3c4d", Items: []ReportItem{
			{Final: dubois, Action: "failed", Status: "5.7.1"},
			{Final: to("anne.petit@ville.mssante.fr"), Action: "delivered", Status: "2.1.5"},
		}}},
		"plain": {sender: true},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", "reports", name+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, chunk := range []int{1, 100, len(raw)} {
			got := readReport(wire(string(raw)), !want.sender, chunk)
			if got.IsReport != want.report.IsReport || got.Automatic != want.report.Automatic || got.EnvID != want.report.EnvID ||
				!slices.Equal(got.Items, want.report.Items) {
				t.Errorf("%s: %+v, want %+v", name, got, want.report)
			}
			if named := slices.Contains(got.References, mine); !named && name != "postfix-delayed" {
				t.Errorf("%s: names %q", name, got.References)
			}
		}
	}
}

// TestReportReader_notOne: a message of a person says nothing, whatever stands in it, and costs no more than
// its header.
func TestReportReader_notOne(t *testing.T) {
	t.Parallel()
	r := NewReportReader(DefaultLimits(), false)
	text := wire("From: a@b.fr\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" +
		"Final-Recipient: rfc822; a@b.fr\nAction: failed\n\n--b--\n")
	if _, err := r.Write(text); err != nil {
		t.Fatal(err)
	}
	if got := r.Close(); got.IsReport || len(got.Items) > 0 || !r.done {
		t.Errorf("read %+v", got)
	}
}

// TestReportReader_bounded: a report of any size keeps little of itself.
func TestReportReader_bounded(t *testing.T) {
	t.Parallel()
	group := "Final-Recipient: rfc822; a@b.fr\nAction: failed\n\n"
	text := "Content-Type: multipart/report; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: message/delivery-status\n\n"+strings.Repeat(group, 3000), 5)
	got := readReport(wire(text), true, 4096)
	if len(got.Items) != maxReportItems {
		t.Errorf("%d items", len(got.Items))
	}
}

// FuzzReport: whatever comes, reading it ends, does not depend on where chunks end, and gives only what can be
// used: known addresses, lower-case words, identifiers that can stand in a header.
func FuzzReport(f *testing.F) {
	files, err := filepath.Glob("testdata/reports/*.eml")
	if err != nil || len(files) < 10 {
		f.Fatal(len(files), errors.Join(err))
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, true, uint16(7))
		f.Add(wire(string(raw)), false, uint16(100))
	}
	f.Fuzz(func(t *testing.T, raw []byte, always bool, chunk uint16) {
		whole, parts := readReport(raw, always, len(raw)), readReport(raw, always, int(chunk))
		if !slices.Equal(whole.Items, parts.Items) || !slices.Equal(whole.References, parts.References) || whole.EnvID != parts.EnvID ||
			whole.Automatic != parts.Automatic || whole.IsReport != parts.IsReport {
			t.Fatalf("whole %+v, in chunks %+v", whole, parts)
		}
		for _, id := range whole.References {
			if !validMessageID(id) {
				t.Fatalf("identifier %q", id)
			}
		}
		if len(whole.Items) > maxReportItems {
			t.Fatalf("%d items", len(whole.Items))
		}
		for _, i := range whole.Items {
			if i.Action == "" && i.Disposition == "" {
				t.Fatalf("an item says nothing: %+v", i)
			}
			for _, word := range []string{i.Action, i.Disposition} {
				if word != strings.ToLower(word) || strings.ContainsAny(word, " \t\r\n(,;") {
					t.Fatalf("word %q", word)
				}
			}
			if i.Status != "" && !statusCode.MatchString(i.Status) {
				t.Fatalf("status %q", i.Status)
			}
		}
	})
}
