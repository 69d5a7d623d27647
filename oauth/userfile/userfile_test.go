package userfile

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, time.May, 12, 12, 0, 0, 0, time.UTC)

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestRead_formsOfSpreadsheets(t *testing.T) {
	t.Parallel()
	want := Record{Subject: "a1", ID: "899900000033", Name: "Sophie AMBLARDET", Role: "secrétaire", Until: time.Date(2026, 5, 12, 22, 0, 0, 0, time.UTC)}
	for name, text := range map[string]string{
		"semicolons":    "sujet;identifiant;nom;profession;role;fin\na1;899900000033;Sophie AMBLARDET;;secrétaire;12/05/2026\n",
		"Windows":       "\ufeffSujet;Identifiant;NOM;Profession;Rôle;Fin\r\na1;899900000033;Sophie AMBLARDET;;secrétaire;2026-05-12\r\n",
		"commas":        "nom,identifiant,sujet,role,fin\n\"Sophie AMBLARDET\",899900000033,a1,secrétaire,2026-05-12\n",
		"other columns": "sujet;service;identifiant;nom;role;fin\na1;cardio; 899900000033 ;Sophie AMBLARDET;secrétaire;12/05/2026\n",
	} {
		list, err := Read(strings.NewReader(text), paris(t))
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %d users, %v", name, len(list), err)
			continue
		}
		got := list[0]
		if !got.Until.Equal(want.Until) {
			t.Errorf("%s: until %v", name, got.Until)
		}
		if got.Until = want.Until; got != want {
			t.Errorf("%s: read another user", name)
		}
	}
	if list, err := Read(strings.NewReader("sujet;identifiant;nom\n"), paris(t)); err != nil || len(list) != 0 {
		t.Errorf("an empty list: %d, %v", len(list), err)
	}
}

// Faults are told by their line, and never quoted: the file names people.
func TestRead_faults(t *testing.T) {
	t.Parallel()
	const head = "sujet;identifiant;nom;profession;fin\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":           {"", "line 1: the header"},
		"no subject column": {"identifiant;nom\n", "sujet is missing"},
		"missing name":      {head + "secret;8;;;\n", "line 2: sujet, identifiant and nom"},
		"twice":             {head + "secret;8;a;;\nsecret;9;b;;\n", "line 3: the sujet stands"},
		"wrong width":       {head + "secret;8\n", "line 2: the number of columns"},
		"wrong day":         {head + "secret;8;a;;demain\n", "line 2: fin"},
		"wrong identifier":  {head + "secret;8 9;a;;\n", "line 2: identifiant"},
		"wrong profession":  {head + "secret;8;a;médecin;\n", "line 2: profession"},
		"control character": {head + "secret;8;a\x01;;\n", "line 2: a field"},
		"quotation mark":    {head + "\"secret;8;a;;\n", "the number of columns or the quotation marks"},
		"not UTF-8":         {"sujet;identifiant;nom\nsecr\xe8t;8;a\n", "UTF-8"},
	} {
		_, err := Read(strings.NewReader(c.text), time.UTC)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secr") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRegister_revocationAtOnce covers D26: who is taken off the list, or whose right ends, is gone at the next look.
func TestRegister_revocationAtOnce(t *testing.T) {
	t.Parallel()
	path, at := filepath.Join(t.TempDir(), "users.csv"), noon
	file := File{Path: path, Zone: time.UTC}
	for _, u := range []Record{{Subject: "a", ID: "81", Name: "A"}, {Subject: "b", ID: "82", Name: "B"}} {
		if err := file.Add(u, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Add(Record{Subject: "c", ID: "83", Name: "C"}, "12/05/2026"); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, time.UTC, func() time.Time { return at }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	holds := func(id string, want bool) {
		t.Helper()
		if got, err := r.Holds(id); err != nil || got != want {
			t.Errorf("%s: %t, %v", id, got, err)
		}
	}
	holds("81", true)
	holds("83", true)
	holds("84", false)
	if u, ok, err := r.Find("b"); err != nil || !ok || u.ID != "82" {
		t.Errorf("b: %t, %v", ok, err)
	}
	if _, ok, _ := r.Find(""); ok {
		t.Error("nobody was found")
	}
	if _, err := file.Remove("a"); err != nil {
		t.Fatal(err)
	}
	holds("81", false)
	at = noon.Add(12 * time.Hour)
	holds("83", false) // the last day is over
	if _, err := file.Remove("a"); !errors.Is(err, ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	if err := file.Add(Record{Subject: "b", ID: "85", Name: "B"}, ""); !errors.Is(err, ErrTaken) {
		t.Errorf("added twice: %v", err)
	}
}

// A file that cannot be used, or is gone, vouches for nobody (fail closed).
func TestRegister_unusableFile_isAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.csv")
	if _, err := Open(path, time.UTC, time.Now, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a file that is not there was opened")
	}
	if err := (File{Path: path, Zone: time.UTC}).Add(Record{Subject: "a", ID: "81", Name: "A"}, ""); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, time.UTC, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := r.Find("a"); err == nil || ok {
		t.Errorf("broken file: %t, %v", ok, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if ok, err := r.Holds("81"); err == nil || ok {
		t.Errorf("no file: %t, %v", ok, err)
	}
	if info, err := os.Stat(path + ".lock"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("lock: %v", err)
	}
}

// FuzzRead: whatever stands in a file is read or refused, and a list that was read is written and read the same.
func FuzzRead(f *testing.F) {
	f.Add("sujet;identifiant;nom;profession;role;fin\na;8;A;10;r;12/05/2026\n")
	f.Add("sujet,identifiant,nom\n\"a\"\"b\",8,A\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Read(strings.NewReader(text), time.UTC)
		if err != nil {
			return
		}
		var out strings.Builder
		if err := (File{Zone: time.UTC}).write(&out, list); err != nil {
			t.Fatal(err)
		}
		again, err := Read(strings.NewReader(out.String()), time.UTC)
		if err != nil || len(again) != len(list) {
			t.Fatalf("%d users became %d: %v", len(list), len(again), err)
		}
		for i := range list {
			if again[i] != list[i] {
				t.Fatalf("user %d changed", i)
			}
		}
	})
}
