package redisstore

import (
	"testing"

	"mesbridge/conversations"
)

const (
	aThread = "7fwie5d4pg4d5k5n3kubosu"
	aHash   = "7f00000000000000000000000000a11c"
)

func TestCompactID_isReadBack(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{
		aThread:                         14,
		aThread + ":read":               19,
		aThread + ".1":                  14,
		aThread + ".127":                14,
		aThread + ".128":                16,
		aThread + ".1:out:":             20,
		aThread + ".1:out:" + aHash:     36,
		aThread + ".1:mdn:" + aHash[1:]: 51,
		aThread + ":out:" + aHash:       51,
		"80" + aThread[2:]:              23, // of another shard
		aThread + ".1.2":                27,
		"":                              0,
		"7fconv":                        6,
		"visit:" + aHash:                38,
		"\x01 text":                     7,
		"é":                             3,
	} {
		compact := compactID("7f", name)
		if len(compact) != size {
			t.Errorf("%q takes %d bytes, want %d", name, len(compact), size)
		}
		if back, err := expand("7f", compact); err != nil || back != name {
			t.Errorf("%q is read back as %q, %v", name, back, err)
		}
	}
}

func TestCompactField_ofTablesThatShareAKey_areApart(t *testing.T) {
	t.Parallel()
	fields := []string{
		aThread, aThread + ".1", aThread + ".200", aThread + ":read", aThread + ".1:out:" + aHash, aHash, "=AAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA",
		"field", "v", "d", "", conversations.StorageField, "\x04\x05", "\x81é",
	}
	for _, tables := range [][]conversations.Table{
		{conversations.TableExchanges}, {conversations.TableConversations, conversations.TableMessages, conversations.TableRefs},
	} {
		seen := map[string]string{}
		if tables[0] == conversations.TableExchanges { // in the patient's own
			seen = map[string]string{"v": "version", "r": "record", "d": "operations", "c": "calls", "o": "earlier operations"}
		}
		for _, table := range tables {
			for _, field := range fields {
				compact := compactField("7f", table, field)
				if other, taken := seen[compact]; taken {
					t.Errorf("%s %q and %s have one field, %q", table, field, other, compact)
				}
				seen[compact] = string(table) + " " + field
			}
		}
	}
}

func TestCompactWay_isReadBack(t *testing.T) {
	t.Parallel()
	for way, size := range map[string]int{
		aThread + "/" + aThread + ".1":    14,
		aThread + "/" + aThread + ".1000": 16,
		aThread + "/" + aThread:           len(aThread)*2 + 1,
		aThread + ".1":                    len(aThread) + 2,
		"7fgone/m":                        8,
		"":                                0,
	} {
		compact := compactWay("7f", way)
		if back, err := expandWay("7f", compact); err != nil || back != way || len(compact) != size {
			t.Errorf("%q takes %d bytes, want %d, and is read back as %q, %v", way, len(compact), size, back, err)
		}
	}
}

func TestCompactPair_isReadBack(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		patient, thread string
		size            int
	}{
		{aHash, aThread, 30}, {aHash, "", 17}, {aHash, "7fconv", 39}, {"7falice", aThread, 31}, {"7falice", "", 7}, {"80" + aHash[2:], aThread, 56},
	} {
		e := conversations.LedgerEntry{Patient: conversations.PatientID(tc.patient), Thread: conversations.ID(tc.thread)}
		want := tc.patient
		if tc.thread != "" {
			want += "/" + tc.thread
		}
		compact := compactPair(e)
		if back, err := expand("", compact); err != nil || back != want || len(compact) != tc.size {
			t.Errorf("%v takes %d bytes, want %d, and is read back as %q, %v", e, len(compact), tc.size, back, err)
		}
	}
}

// Whatever stands in Redis, reading it does not panic, and what is written is read back.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{aThread, aThread + ".1:out:" + aHash, "\x02short", "\x07", "\xff", aThread + "/" + aThread + ".9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, read := range []func(string, string) (string, error){expand, expandWay} {
			_, _ = read("7f", s)
			_, _ = read("", s)
		}
		if back, err := expand("7f", compactID("7f", s)); err != nil || back != s {
			t.Errorf("%q is read back as %q, %v", s, back, err)
		}
		if back, err := expandWay("7f", compactWay("7f", s)); err != nil || back != s {
			t.Errorf("the way %q is read back as %q, %v", s, back, err)
		}
	})
}
