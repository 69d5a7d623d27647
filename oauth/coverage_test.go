package oauth

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// loginRules says where each rule about Pro Santé Connect (I1–I48) and FranceConnect+ (I70–I76) is proved: the tests'
// names, of this package or of the folder before the colon. Rules that ask nothing of the program say why.
var loginRules = map[string]string{
	"I1":  "TestLogin_bothKinds TestLogin_requestHasStateNonceAndPKCE",
	"I2":  "../cmd/mesbridge/config:TestProvider_faults",      // which environment is a setting: every endpoint is one
	"I3":  "TestAssurance",                                    // the duty itself is the operator's
	"I4":  "TestHandler_headersAndLimits TestLogin_bothKinds", // a whole page away, never framed, tokens fetched by the server
	"I5":  "TestDiscovery_ofAnotherIssuer_isRefused",
	"I6":  "TestLogin_requestHasStateNonceAndPKCE",
	"I7":  "TestLogin_requestHasStateNonceAndPKCE",
	"I8":  "TestUpstream_everyEndpointIsASetting",
	"I9":  "TestUpstream_everyEndpointIsASetting",
	"I10": "TestUpstream_everyEndpointIsASetting TestLogout",
	"I11": "", // asked by the exchange of tokens alone (I53)
	"I12": "TestUpstream_everyEndpointIsASetting",
	"I13": "", // CIBA is for software without a browser (I49–I51); this service is a web site
	"I14": "TestLogin_requestHasStateNonceAndPKCE TestUpstream_everyEndpointIsASetting",
	"I15": "TestLogin_requestHasStateNonceAndPKCE",
	"I16": "../cmd/mesbridge/config:TestProvider_faults",
	"I17": "TestLogin_requestHasStateNonceAndPKCE",
	"I18": "TestLogin_requestHasStateNonceAndPKCE TestUpstream_everyEndpointIsASetting",
	"I19": "TestLogin_requestHasStateNonceAndPKCE",
	"I20": "TestUpstream_clientAuthentication",
	"I21": "TestCallback_refuses TestCallback_unsignedToken_isRefused",
	"I22": "TestAssurance TestLogin_professionalWithoutLevel_isEidas1 TestCallback_refuses",
	"I23": "TestSession_idle TestSession_touched_endsAfterFourHours TestVisit_renewsTheProvidersSession",
	"I24": "TestVisit_renewsTheProvidersSession TestVisit_providerRefuses_endsTheSession",
	"I25": "TestVisit_providerRefuses_endsTheSession TestSession_keepsNoAccessToken",
	"I26": "", // as I11
	"I27": "TestLogout TestLogout_providerAway_endsHere",
	"I28": "TestVisit_providerRefuses_endsTheSession", // optional there; a session that ended there ends here by the renewal
	"I29": "psc:TestRead psc:TestRead_identifier",
	"I30": "psc:TestRead psc:TestRead_identifier",
	"I31": "psc:TestRead psc:TestRead_identifier",
	"I32": "psc:TestRead",
	"I33": "psc:TestRead",
	"I34": "psc:TestRead",
	"I35": "psc:TestRead",
	"I36": "psc:TestRead",
	"I37": "psc:TestRead",
	"I38": "psc:TestRead",
	"I39": "psc:TestRead",
	"I40": "psc:TestRead ../conversations:TestMandatesOf",
	"I41": "psc:TestRead",
	"I42": "psc:TestRead",
	"I43": "psc:TestRead",
	"I44": "psc:TestRead ../rules:TestMayHold",
	"I45": "psc:TestRead TestLogin_bothKinds",
	"I46": "TestLogin_severalExercises_asks TestLogin_oneExercise_isChosen TestAuthorize_exercise_isInTheToken ../conversations:TestTrace_saysUnderWhoseResponsibility",
	"I47": "psc:TestRead ../conversations:TestMandatesOf",
	"I48": "TestCallback_refuses",
	"I70": "TestUpstream_everyEndpointIsASetting",
	"I71": "TestAssurance TestCallback_refuses",
	"I72": "TestLogin_requestHasStateNonceAndPKCE TestCallback_refuses",
	"I73": "TestLogin_encryptedTokens TestEncryptionKeys_arePublished",
	"I74": "TestCallback_twice_isRefused", // the code is exchanged at once, the userinfo read at once
	"I75": "TestCallback_refuses",
	"I76": "../cmd/mesbridge/app:TestResolvePatient_onlyByAWholeMatricule",
}

// TestLoginRules_areProved: no rule is left out, and each test that is named exists.
func TestLoginRules_areProved(t *testing.T) {
	t.Parallel()
	for _, span := range [][2]int{{1, 48}, {70, 76}} {
		for i := span[0]; i <= span[1]; i++ {
			if _, named := loginRules[fmt.Sprintf("I%d", i)]; !named {
				t.Errorf("I%d is left out", i)
			}
		}
	}
	known := map[string]string{}
	for rule, tests := range loginRules {
		for name := range strings.FieldsSeq(tests) {
			dir, test, elsewhere := strings.Cut(name, ":")
			if !elsewhere {
				dir, test = ".", name
			}
			if known[dir] == "" {
				known[dir] = testsOf(t, dir)
			}
			if !strings.Contains(known[dir], " "+test+" ") {
				t.Errorf("%s: there is no %s", rule, name)
			}
		}
	}
}

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// testsOf lists the tests of a folder.
func testsOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	all := " "
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testName.FindAllSubmatch(text, -1) {
			all += string(m[1]) + " "
		}
	}
	return all
}
