package rules_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mesbridge/rules"
)

// TestParseINS_vectors: section 14 of mes-messaging.md (R12-R18).
func TestParseINS_vectors(t *testing.T) {
	t.Parallel()
	for text, note := range map[string]string{
		"255081416802538": "published with the key algorithm",
		"294037512000591": "published with the key algorithm",
		"153124500723160": "published with the key algorithm",
		"284052A32102552": "Corsica, 2A (R17)",
		"284052a32102552": "Corsica, lower case (R17, R18)",
		"284052B32102579": "Corsica, 2B",
		"284052b32102579": "Corsica, lower case",
		"284058832102532": "published with the key algorithm",
		"146026322000196": "official sample",
		"279035121518989": "official sample",
		"269054958815780": "classic example",
		"190012A00400856": "Corsica, male",
		"789019999912378": "NIA, first digit 7 (R15)",
		"875109910004270": "NIA, first digit 8",
		"185057864608497": "key 97, the largest",
		"185057864608301": "key 01, padded",
		"185057864607509": "key 09, padded",
	} {
		ins, err := rules.ParseINS(text, true)
		if err != nil || string(ins) != strings.ToUpper(text) {
			t.Errorf("%s (%s): %q, %v", text, note, string(ins), err)
		}
	}
}

// TestParseINS_wrongKey: official samples whose key is wrong (section 14), with the right one. They
// pass only where the key is not checked (R20, D20).
func TestParseINS_wrongKey(t *testing.T) {
	t.Parallel()
	for text, key := range map[string]string{
		"253097812634581": "43", "147037433100207": "24", "288091234567823": "94", "246037433000291": "53",
		"123456789012345": "11",
	} {
		if _, err := rules.ParseINS(text, true); err == nil {
			t.Errorf("%s passes with a wrong key", text)
		}
		// The last sample has month 45: fictitious months pass (R14).
		if _, err := rules.ParseINS(text, false); err != nil {
			t.Errorf("%s does not pass without the check: %v", text, err)
		}
		if _, err := rules.ParseINS(text[:13]+key, true); err != nil {
			t.Errorf("%s with key %s: %v", text[:13], key, err)
		}
	}
}

// TestParseINS_onlyOneKeyFits: of all keys, only the computed one, and it is 01 to 97 (R16).
func TestParseINS_onlyOneKeyFits(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"2550814168025", "284052A321025", "1850578646084", "1850578646083"} {
		var fits []string
		for key := range 100 {
			if _, err := rules.ParseINS(fmt.Sprintf("%s%02d", body, key), true); err == nil {
				fits = append(fits, fmt.Sprintf("%02d", key))
			}
		}
		if len(fits) != 1 || fits[0] < "01" || fits[0] > "97" {
			t.Errorf("%s: keys %v", body, fits)
		}
	}
}

// TestParseINS_malformed: R13-R17, R19, O98; the key is not checked, so that each text fails for what
// its note says.
func TestParseINS_malformed(t *testing.T) {
	t.Parallel()
	for text, note := range map[string]string{
		"":                 "nothing",
		"2790351215189":    "13 characters, no key (R13)",
		"2770763220829106": "16 characters, an official typo (R13)",
		"27903512151898":   "14 characters",
		"279035121518989 ": "16, a space",
		" 79035121518989":  "a leading space",
		"2 90351215189 9":  "spaces inside",
		"2-79-03-51-215":   "separators",
		"379035121518989":  "first digit 3 (R15)",
		"479035121518989":  "first digit 4",
		"579035121518989":  "first digit 5",
		"679035121518989":  "first digit 6",
		"079035121518989":  "first digit 0",
		"979035121518989":  "first digit 9",
		"279005121518989":  "month 00 (R14)",
		"279135121518989":  "month 13",
		"279195121518989":  "month 19",
		"284052C32102552":  "letter C at position 7 (R17)",
		"284053A32102552":  "A not after a 2 at position 6 (O96)",
		"28405A232102552":  "A at position 6",
		"28405AA32102552":  "A at both",
		"2840520321025A2":  "a letter in the key",
		"A84052032102552":  "a letter first",
		"279035121518+89":  "sub-addressing (O98)",
		"27903512151898é":  "not ASCII",
		"2٧9035121518989":  "Arabic digit",
		"279035121518989@": "an address",
		"1\u017f\u017f\u017f\u017f\u017f\u017f\u017f": "15 bytes that upper case makes 8",
		"2790351\u0131215189":                         "a dotless i",
		"\"2790351215189\"":                           "quoted (R19)",
		"279035121518\x0089":                          "a null byte",
		"279\n35121518989":                            "a line end",
	} {
		if ins, err := rules.ParseINS(text, false); err == nil {
			t.Errorf("%q (%s) passes as %q", text, note, string(ins))
		} else if !slices.Contains([]error{rules.ErrNotINS, rules.ErrINSLength}, err) {
			t.Errorf("%q: the error may quote it: %v", text, err)
		}
	}
}

func TestINS_printsAsNothing(t *testing.T) {
	t.Parallel()
	ins := rules.INS("279035121518989")
	for _, verb := range []string{"%v", "%s", "%+v", "%#v"} {
		if s := fmt.Sprintf(verb, ins); s != "[INS]" {
			t.Errorf("%s prints %s", verb, s)
		}
	}
	if s := fmt.Sprintf("%+v", struct{ INS rules.INS }{ins}); strings.Contains(s, "2790") {
		t.Errorf("inside a struct: %s", s)
	}
}

func TestProvisional(t *testing.T) {
	t.Parallel()
	for text, want := range map[rules.INS]bool{"789019999912378": true, "875109910004270": true, "279035121518989": false, "": false} {
		if text.Provisional() != want {
			t.Errorf("%q: %v", string(text), !want)
		}
	}
}

// FuzzParseINS: what passes is canonical, passes again as itself, in either case, and with its key
// unchecked; nothing panics.
func FuzzParseINS(f *testing.F) {
	for _, s := range []string{"279035121518989", "284052a32102552", "284052B32102579", "2790351215189", "ééééééé1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ins, err := rules.ParseINS(s, true)
		if err != nil {
			return
		}
		for _, again := range []string{string(ins), strings.ToLower(s), strings.ToUpper(s)} {
			for _, check := range []bool{true, false} {
				if got, err := rules.ParseINS(again, check); err != nil || got != ins {
					t.Errorf("%q is %q, %q is %q, %v", s, string(ins), again, string(got), err)
				}
			}
		}
		digits := strings.NewReplacer("2A", "19", "2B", "18").Replace(string(ins[5:7]))
		var n int
		if _, err := fmt.Sscanf(string(ins[:5])+digits+string(ins[7:13]), "%d", &n); err != nil || fmt.Sprintf("%02d", 97-n%97) != string(ins[13:]) {
			t.Errorf("%q has the wrong key", s)
		}
	})
}

// TestParseINS_saysWhatIsWrong: a person who counts 15 characters is not told to count them (R13, R16).
func TestParseINS_saysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{ // the errors themselves: none quotes the text
		"":                 rules.ErrINSLength,
		"27903512151898":   rules.ErrINSLength,
		"2790351215189890": rules.ErrINSLength,
		"279035121518998":  rules.ErrINSKey, // two digits in the wrong order
		"379035121518989":  rules.ErrINSKey, // a first digit that none has, and so the key of another
		"27903512151898O":  rules.ErrNotINS,
		"27903512151898é":  rules.ErrNotINS, // 15 characters, 16 octets
	} {
		_, err := rules.ParseINS(text, true)
		if err != want || !errors.Is(err, rules.ErrNotINS) { //nolint:errorlint // the very error is meant
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}
