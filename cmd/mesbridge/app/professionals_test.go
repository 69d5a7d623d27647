package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/oauth"
	"mesbridge/oauth/userfile"
)

// newResolver is an App that resolves logins, with one structure whose list holds a secretary and a physician.
func newResolver(t *testing.T) (*App, string) {
	t.Helper()
	list := filepath.Join(t.TempDir(), "users.csv")
	const users = "sujet;identifiant;nom;profession\nsec;899900000033;Sophie AMBLARDET;\nmed;899900000017;Claire VASSEROT;10\n"
	if err := os.WriteFile(list, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	register, err := userfile.Open(list, time.UTC, time.Now, log)
	if err != nil {
		t.Fatal(err)
	}
	s := config.Structure{Key: "ch", FINESS: "990000010", Name: "CH du Valdoux", SubjectClaim: "employee"}
	return &App{Options: Options{Log: log, Config: config.Config{INSClaim: "ins"}}, structures: map[string]structure{"ch": {s, register}}}, list
}

// TestResolveProfessional covers I29, I30, I40 and I46: who a professional is, and in which situations.
func TestResolveProfessional(t *testing.T) {
	t.Parallel()
	a, _ := newResolver(t)
	claims := map[string]any{
		"sub": "uuid", "SubjectNameID": "899700218896", "given_name": "", "SubjectRefPro": map[string]any{"exercices": []any{
			map[string]any{"codeProfession": "10", "prenomDexercice": "Ada", "nomDexercice": "EXEMPLE", "activities": []any{
				map[string]any{"numeroFinessSite": "990000010", "raisonSocialeSite": "CH"}, map[string]any{"numeroFinessSite": "990000028"},
			}},
		}},
	}
	who, err := a.resolveProfessional(t.Context(), "professional", claims)
	if err != nil || who.Subject != "899700218896" || who.Name != "Ada EXEMPLE" || who.NoExercise || len(who.Exercises) != 2 || who.Exercises[0].Key != "10/990000010" {
		t.Errorf("two situations: %v", err)
	}
	delete(claims, "SubjectRefPro")
	if who, err = a.resolveProfessional(t.Context(), "professional", claims); err != nil || !who.NoExercise || len(who.Exercises) != 0 {
		t.Errorf("no exercise: %v", err)
	}
	delete(claims, "SubjectNameID")
	if _, err = a.resolveProfessional(t.Context(), "professional", claims); !errors.Is(err, oauth.ErrUnknownPerson) {
		t.Errorf("sub alone: %v", err)
	}
}

// TestResolveUser covers D26: the list says who the provider's users are; nothing that the provider says of them does.
func TestResolveUser(t *testing.T) {
	t.Parallel()
	a, list := newResolver(t)
	resolve := func(employee string) (oauth.Identity, error) {
		return a.resolveProfessional(t.Context(), "ch", map[string]any{
			"sub": "med", "employee": employee, "SubjectNameID": "899900000017", "name": "Somebody Else",
		})
	}
	who, err := resolve("sec")
	if err != nil || who.Subject != "899900000033" || who.Name != "Sophie AMBLARDET" || !who.NoExercise {
		t.Errorf("secretary: %v", err)
	}
	who, err = resolve("med")
	if err != nil || who.NoExercise || len(who.Exercises) != 1 || who.Exercises[0].Name != "Médecin, CH du Valdoux (FINESS 990000010)" {
		t.Errorf("physician: %v", err)
	}
	for _, nobody := range []string{"", "899900000017", "other"} {
		if _, err := resolve(nobody); !errors.Is(err, oauth.ErrUnknownPerson) {
			t.Errorf("%q: %v", nobody, err)
		}
	}
	if _, err := a.resolveProfessional(t.Context(), "other", map[string]any{"employee": "sec"}); !errors.Is(err, oauth.ErrUnknownPerson) {
		t.Errorf("a provider that is not configured: %v", err)
	}
	vouched := func(who oauth.Identity) bool {
		ok, err := a.vouched(t.Context(), who)
		return ok && err == nil
	}
	user := oauth.Identity{Subject: "899900000033", Provider: "ch", FINESS: "990000010"}
	if !vouched(user) {
		t.Error("the secretary is not vouched for")
	}
	for name, other := range map[string]oauth.Identity{
		"another FINESS":   {Subject: "899900000033", Provider: "ch", FINESS: "990000028"},
		"another provider": {Subject: "899900000033", Provider: "other", FINESS: "990000010"},
		"another person":   {Subject: "899900000041", Provider: "ch", FINESS: "990000010"},
	} {
		if vouched(other) {
			t.Errorf("%s: vouched for", name)
		}
	}
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	if _, err := resolve("sec"); !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("without a list: %v", err)
	}
	if vouched(user) {
		t.Error("vouched for without a list")
	}
}

// TestResolvePatient_onlyByAWholeMatricule covers I75 and I76: nothing is built from traits or from a part of a number.
func TestResolvePatient_onlyByAWholeMatricule(t *testing.T) {
	t.Parallel()
	a, _ := newResolver(t)
	for _, ins := range []string{"2790351215189", "279035121518900x", "HELENE MARTINOT"} {
		_, err := a.resolve(t.Context(), "patient", map[string]any{
			"ins": ins, "family_name": "MARTINOT", "given_name": "Hélène", "birthdate": "1979-03-01", "gender": "female", "birthplace": "51215",
		})
		if !errors.Is(err, oauth.ErrUnknownPerson) {
			t.Errorf("%q: %v", ins, err)
		}
	}
}
