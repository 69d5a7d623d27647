package keystore

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadMasterKey(t *testing.T) {
	t.Parallel()
	var key MasterKey
	for i := range key {
		key[i] = byte(i*7 + 0xf0)
	}
	inHex := hex.EncodeToString(key[:])
	inBase64 := base64.StdEncoding.EncodeToString(key[:])
	for _, c := range []struct {
		name string
		text string
		mode os.FileMode
		want error
	}{
		{"hexadecimal", inHex, 0o600, nil},
		{"hexadecimal, upper case", strings.ToUpper(inHex), 0o400, nil},
		{"hexadecimal, line end", inHex + "\r\n", 0o600, nil},
		{"base64", inBase64 + "\n", 0o600, nil},
		{"base64, no padding", strings.TrimRight(inBase64, "="), 0o600, nil},
		{"readable by the group", inHex, 0o640, ErrMasterKeyExposed},
		{"readable by all", inHex, 0o604, ErrMasterKeyExposed},
		{"writable by all", inHex, 0o602, ErrMasterKeyExposed},
		{"31 bytes", inHex[2:], 0o600, ErrMasterKeyForm},
		{"33 bytes", inHex + "00", 0o600, ErrMasterKeyForm},
		{"33 bytes of base64", base64.StdEncoding.EncodeToString(append(key[:], 1)), 0o600, ErrMasterKeyForm},
		{"32 raw bytes", string(key[:]), 0o600, ErrMasterKeyForm},
		{"two lines", inHex[:32] + "\n" + inHex[32:], 0o600, ErrMasterKeyForm},
		{"two lines of base64", inBase64[:20] + "\n" + inBase64[20:], 0o600, ErrMasterKeyForm},
		{"empty", "", 0o600, ErrMasterKeyForm},
		{"too long", inHex + strings.Repeat(" ", maxKeyFile) + "x", 0o600, ErrMasterKeyForm},
	} {
		path := filepath.Join(t.TempDir(), "master.key")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		got, err := ReadMasterKey(path)
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || got != key) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err != nil && c.text != "" && strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: the error tells the key", c.name)
		}
	}
	if _, err := ReadMasterKey(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := ReadMasterKey(t.TempDir()); !errors.Is(err, ErrMasterKeyForm) {
		t.Errorf("a directory: %v", err)
	}
}

func TestKeys_printAsNothing(t *testing.T) {
	t.Parallel()
	key := MasterKey{0xaa, 0xbb}
	for _, verb := range []string{"%v", "%s", "%+v", "%#v"} {
		if s := fmt.Sprintf(verb, key); s != "[master key]" {
			t.Errorf("%s prints %s", verb, s)
		}
	}
}

func FuzzParseMasterKey(f *testing.F) {
	f.Add(strings.Repeat("0a", 32))
	f.Add(strings.Repeat("A", 43) + "=")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseMasterKey(text)
		if err != nil {
			return
		}
		if again, err := parseMasterKey(hex.EncodeToString(key[:])); err != nil || again != key {
			t.Errorf("%q: %v", text, err)
		}
	})
}
