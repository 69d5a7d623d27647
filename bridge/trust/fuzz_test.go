package trust_test

import (
	"slices"
	"testing"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
)

// FuzzVerify holds the law that only signed words count: whatever is cut out of a good list and put in
// instead, either the list is refused or it says the same as before.
func FuzzVerify(f *testing.F) {
	s := newSpace(f)
	good := trusttest.List(f, s.signer, at, s.entries(f)...)
	f.Add(uint16(0), uint16(0), []byte{})
	f.Add(uint16(0), uint16(65535), []byte(`<?xml version="1.0"?><a:b xmlns:a="x" a:c="d"><![CDATA[x]]><!-- y --></a:b>`))
	f.Add(uint16(0), uint16(38), []byte{})
	f.Add(uint16(300), uint16(1), []byte("<!-- -->"))
	f.Add(uint16(300), uint16(1), []byte("&#13;&#x41;"))
	f.Add(uint16(60), uint16(0), []byte(` xmlns:a="b"`))
	f.Fuzz(func(t *testing.T, from, cut uint16, insert []byte) {
		start := min(int(from), len(good))
		end := min(start+int(cut), len(good))
		data := slices.Concat(good[:start], insert, good[end:])
		list, err := trust.Verify(data, s.options())
		if (list == nil) != (err != nil) {
			t.Fatalf("%v, %v", list, err)
		}
		if list != nil && (list.Entries() != 2 || !list.Generated().Equal(at) || !list.Allows("ch-exemple.mssante.fr", s.operator.Leaf)) {
			t.Errorf("a list with other contents passed")
		}
	})
}
