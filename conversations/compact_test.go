package conversations

import (
	"slices"
	"testing"
)

func TestID_compact_isReadBack(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		id   ID
		size int
	}{
		{"7fwie5d4pg4d5k5n3kubosu", 15},
		{"7fwie5d4pg4d5k5n3kubosu.1", 16},
		{"7fwie5d4pg4d5k5n3kubosu.300", 17},
		{"7fwie5d4pg4d5k5n3kubosu.3.12", 17},
		{"", 0},
		{"7fconv", 6},
		{"7fwie5d4pg4d5k5n3kubos0", 23},       // no digit of base32
		{"7fwie5d4pg4d5k5n3kubosv", 23},       // a bit too many
		{"7Fwie5d4pg4d5k5n3kubosu", 23},       // another writing of the shard
		{"7fwie5d4pg4d5k5n3kubosu.01", 26},    // and of the number
		{"7fwie5d4pg4d5k5n3kubosu.1.2.3", 29}, // nothing of ours
		{"7fwie5d4pg4d5k5n3kubosu.", 24},
		{"7fwie5d4pg4d5k5n3kubosu:read", 28},
		{"7fxaaaaaaaaaaaaaaaaaaaaaaaa", 27}, // of an exchange
	} {
		b, err := tc.id.MarshalBinary()
		if err != nil || len(b) != tc.size {
			t.Errorf("%q takes %d bytes, %v; want %d", tc.id, len(b), err, tc.size)
		}
		var back ID
		if err := back.UnmarshalBinary(b); err != nil || back != tc.id {
			t.Errorf("%q is read back as %q, %v", tc.id, back, err)
		}
		var unpacked ID
		if err := unpack(pack(tc.id), &unpacked); err != nil || unpacked != tc.id {
			t.Errorf("%q is unpacked as %q, %v", tc.id, unpacked, err)
		}
		if err := unpack(pack(string(tc.id)), &unpacked); err != nil || unpacked != tc.id { // what the first form of records held
			t.Errorf("the text %q is unpacked as %q, %v", tc.id, unpacked, err)
		}
	}
}

// Lists break ties by the id, in the store by its compact form.
func TestID_compact_keepsTheOrder(t *testing.T) {
	t.Parallel()
	ids := []ID{"7f222222222222222222222", "7f2aaaaaaaaaaaaaaaaaaaa", "7f7aaaaaaaaaaaaaaaaaaaa", "7faaaaaaaaaaaaaaaaaaaaa", "7fwie5d4pg4d5k5n3kubosu", "7fz22222222222222222222"}
	var last []byte
	for _, id := range ids {
		b, err := id.MarshalBinary()
		if err != nil || len(b) != 2+randomBytes || slices.Compare(last, b) >= 0 {
			t.Errorf("%q, %x, does not follow %x: %v", id, b, last, err)
		}
		last = b
	}
}

// Whatever stands in the store, reading it does not panic, and what is written is read back.
func FuzzID_compact(f *testing.F) {
	f.Add("7fwie5d4pg4d5k5n3kubosu.1")
	f.Add("\x02\x7f")
	f.Fuzz(func(t *testing.T, text string) {
		var id ID
		_ = id.UnmarshalBinary([]byte(text))
		if text != "" && text[0] <= compactAttachment {
			return // no id begins so
		}
		b, err := ID(text).MarshalBinary()
		if err == nil {
			err = id.UnmarshalBinary(b)
		}
		if err != nil || id != ID(text) {
			t.Errorf("%q is read back as %q, %v", text, id, err)
		}
	})
}
