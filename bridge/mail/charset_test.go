package mail

import (
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"
)

// inCharset is a text, its octets in one charset as Python's codecs write them, and all labels of that
// charset in the WHATWG Encoding Standard.
type inCharset struct{ labels, octets, text string }

func samples() []inCharset {
	return []inCharset{
		{"unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8", "c59264c3a86d652c20d0bed0bfd183d1852c20e6b5aee885ab", "Œdème, опух, 浮腫"},
		{"866 cp866 csibm866 ibm866", "87a4aee0aea2eca520f1abaaa0", "Здоровье ёлка"},
		{"csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2", "5a647261766f746eed20be6c75bb6f75e86bfd", "Zdravotní žluťoučký"},
		{"csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3", "7361b1b16120f5646964", "saħħa ġdid"},
		{"csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4", "766573656cef626120b9f1f3", "veselība šņķ"},
		{"csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988", "b7d4dee0ded2ecd5", "Здоровье"},
		{"arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987", "d5cdc920c7e4e5d1ead6", "صحة المريض"},
		{"csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek", "d5e3e5dfe120e1f3e8e5edde", "Υγεία ασθενή"},
		{"csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual", "e1f8e9e0e5fa", "בריאות"},
		{"csiso88598i iso-8859-8-i logical", "e1f8e9e0e5fa", "בריאות"},
		{"csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6", "6865696c73756672e6f06920beb6bf", "heilsufræði ūķŋ"},
		{"iso-8859-13 iso8859-13 iso885913", "737665696b61746120e0e8e6ebe1f0f8fbfe", "sveikata ąčęėįšųūž"},
		{"iso-8859-14 iso8859-14 iso885914", "f0796e656220fe20736ce1696e7465", "ŵyneb ŷ sláinte"},
		{"csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9", "bd64e86d6520e020323020a4", "œdème à 20 €"},
		{"iso-8859-16", "73e36ee37461746520ba6920bd756620a4", "sănătate și œuf €"},
		{"cskoi8r koi koi8 koi8-r koi8_r", "fac4cfd2cfd7d8c520a3cccbc1", "Здоровье ёлка"},
		{"koi8-ru koi8-u", "dac4cfd2cfd7d120a7d6c1cb20adc1cecfcb", "здоровя їжак ґанок"},
		{"csmacintosh mac macintosh x-mac-roman", "cf648f6d6520d0208e748e", "œdème – été"},
		{"dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874", "cad8a2c0d2be", "สุขภาพ"},
		{"cp1250 windows-1250 x-cp1250", "9e6c759d6f75e86bfd20846bf9f293", "žluťoučký „kůň“"},
		{"cp1251 windows-1251 x-cp1251", "c7e4eef0eee2fce520b92031", "Здоровье № 1"},
		{"ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252", "6c929c64e86d6520e02032302080", "l’œdème à 20 €"},
		{"cp1253 windows-1253 x-cp1253", "d5e3e5dfe120e1f3e8e5edde", "Υγεία ασθενή"},
		{"cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254", "7361f06cfd6b2069fe69", "sağlık işi"},
		{"cp1255 windows-1255 x-cp1255", "e1f8e9e0e5fa20a4", "בריאות ₪"},
		{"cp1256 windows-1256 x-cp1256", "d5cdc9208d2081", "صحة چ پ"},
		{"cp1257 windows-1257 x-cp1257", "737665696b61746120e0e8e6ebe1f0f8fbfe", "sveikata ąčęėįšųūž"},
		{"cp1258 windows-1258 x-cp1258", "f0f56e20fd", "đơn ư"},
		{"x-mac-cyrillic x-mac-ukrainian", "87e4eef0eee2fce5", "Здоровье"},
		{"chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk", "bda1bfb5997ab2e9", "健康檢查"},
		{"gb18030", "bda1bfb597ca96cb81308e36", "健康検査ğ"},
		{"big5 big5-hkscs cn-big5 csbig5 x-x-big5", "b0b7b164c0cbac64", "健康檢查"},
		{"cseucpkdfmtjapanese euc-jp x-euc-jp", "b7f2b9afbfc7c3c7a5aba5eba5c6", "健康診断カルテ"},
		{"csiso2022jp iso-2022-jp", "1b24423772392f3f4743471b2842204f4b", "健康診断 OK"},
		{"csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis", "8c928d4e90669266b6d9c3", "健康診断ｶﾙﾃ"},
		{"cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949", "b0c7b0ad20b0cbc1f8208c63", "건강 검진 똠"},
		{"unicodefffe utf-16be", "0152006400e8006d006500206d6e816b", "Œdème 浮腫"},
		{"csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le", "52016400e8006d00650020006e6d6b81", "Œdème 浮腫"},
	}
}

// TestToUTF8_everyLabelOfTheStandard reads a text by each of the labels that a browser knows, in the
// case and between the quotes that careless senders write.
func TestToUTF8_everyLabelOfTheStandard(t *testing.T) {
	t.Parallel()
	labels := 0
	for _, s := range samples() {
		octets, err := hex.DecodeString(s.octets)
		if err != nil {
			t.Fatal(err)
		}
		for label := range strings.FieldsSeq(s.labels) {
			labels++
			for _, written := range []string{label, strings.ToUpper(label), `"` + label + `"`, " " + label + "; "} {
				if got, sure := toUTF8(octets, written); got != s.text || !sure {
					t.Errorf("%s: %q (sure %v), want %q", written, got, sure, s.text)
				}
			}
		}
	}
	if labels != 221 { // 228 labels, without six that mean "unreadable" and x-user-defined
		t.Errorf("%d labels", labels)
	}
}

// TestToUTF8_beyondTheStandard reads what browsers refuse or never see and mail holds.
func TestToUTF8_beyondTheStandard(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		label, octets, want string
		sure                bool
	}{
		{"hz-gb-2312", "~{=!?5~}", "健康", true},
		{"x-user-defined", "a\x80", "a\uf780", true},
		{"iso-2022-kr", "\x1b$)Cabc", "\x1b$)Cabc", false},
		{"utf-7", "Voil+AOA-", "Voilà", true},
		{"UNICODE-1-1-UTF-7", "+ZeVnLIqe-", "日本語", true},
		{"cp850", "\x82t\x82", "été", true},
		{"ibm437", "\x82t\x82", "été", true},
		{"utf8mb4", "été", "été", true},
		{"unknown-8bit", "\xe9t\xe9", "été", true}, // RFC 1428
		{"", "\xe9t\xe9", "été", true},
		{"us-ascii", "été", "été", true},
		{"x-nothing", "\xe9t\xe9", "été", false},
		{"utf-8", "\xe9t\xe9", "été", false},
		{"utf-8", "é \xff", "é \uFFFD", false},
		{"euc-jp", "\xff\xff", "\uFFFD\uFFFD", false},
		{"utf-16", "\xff\xfea\x00\xe9\x00", "aé", true},
		{"utf-16", "\xfe\xff\x00a\x00\xe9", "aé", true},
		{"utf-16le", "\xfe\xff\x00a", "a", true}, // the mark is believed
		{"utf-16", "\x00a\x00b", "ab", true},
		{"utf-16", "a\x00b\x00", "ab", true},
		{"utf-16be", "\x00a\x00", "a\uFFFD", false},
	} {
		if got, sure := toUTF8([]byte(c.octets), c.label); got != c.want || sure != c.sure {
			t.Errorf("%s %q: %q (sure %v), want %q (%v)", c.label, c.octets, got, sure, c.want, c.sure)
		}
	}
}

// TestDecodeUTF7 covers RFC 2152 and its broken forms.
func TestDecodeUTF7(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string
		sure     bool
	}{
		{"", "", true},
		{"Hi Mom -+Jjo--!", "Hi Mom -☺-!", true},
		{"A+ImIDkQ.", "A≢Α.", true},
		{"Item 3 is +AKM-1.", "Item 3 is £1.", true},
		{"1 +- 1 = 2", "1 + 1 = 2", true},
		{"+2D3eAA-", "😀", true},
		{"+AOk", "é", true}, // never closed
		{"+AOkA6Q-x", "ééx", true},
		{"a + b", "a + b", false}, // a bare plus sign
		{"+A-", "", false},        // no whole octet
		{"+AOkA-", "é", false},
		{"+2D0-", "\uFFFD", false}, // half of a pair
		{"\xe9", "\uFFFD", false},
	} {
		if got, sure := decodeUTF7([]byte(c.in)); got != c.want || sure != c.sure {
			t.Errorf("%q: %q (sure %v), want %q (%v)", c.in, got, sure, c.want, c.sure)
		}
	}
}

// FuzzUTF7 checks that every octet sequence gives bounded, valid text, and that ASCII without a plus
// sign stays as it is.
func FuzzUTF7(f *testing.F) {
	for _, s := range []string{"Hi Mom -+Jjo--!", "+2D3eAA-", "a + b", "+A-+AOk", "\xe9+", "+//////-"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, sure := decodeUTF7(b)
		if !utf8.ValidString(text) || len(text) > 3*len(b) {
			t.Fatalf("%d octets give %d, valid %v", len(b), len(text), utf8.ValidString(text))
		}
		if sure && strings.Contains(text, "\uFFFD") {
			t.Fatal("sure of what cannot be read")
		}
		if !strings.ContainsRune(string(b), '+') && isPlain(string(b)) && text != string(b) {
			t.Fatalf("%q became %q", b, text)
		}
	})
}

// FuzzCharset checks that any octets under any label give valid, bounded text.
func FuzzCharset(f *testing.F) {
	for _, s := range samples() {
		octets, err := hex.DecodeString(s.octets)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(octets, strings.Fields(s.labels)[0])
	}
	f.Fuzz(func(t *testing.T, b []byte, label string) {
		text, _ := toUTF8(b, label)
		if !utf8.ValidString(text) || len(text) > 8*len(b)+8 {
			t.Fatalf("%d octets of %q give %d, valid %v", len(b), label, len(text), utf8.ValidString(text))
		}
	})
}
