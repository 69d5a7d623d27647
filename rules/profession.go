package rules

import "strings"

// ProfessionOf names the profession of one person, as ProfessionName does for many.
func ProfessionOf(code string) string {
	if code == "32" {
		return "physicien médical"
	}
	return strings.NewReplacer("s-", "-", "s ", " ").Replace(strings.TrimSuffix(ProfessionName(code), "s"))
}

// ProfessionName names a profession of TRE_G15 as patients know it (I114, I115); empty for a code that
// holds no mailbox, or that is unknown.
func ProfessionName(code string) string {
	for _, p := range [...]struct{ code, name string }{
		{"10", "médecins"},
		{"21", "pharmaciens"},
		{"26", "audioprothésistes"},
		{"28", "opticiens-lunetiers"},
		{"32", "physiciens médicaux"},
		{"35", "aides-soignants"},
		{"40", "chirurgiens-dentistes"},
		{"50", "sages-femmes"},
		{"60", "infirmiers"},
		{"69", "infirmiers psychiatriques"},
		{"70", "masseurs-kinésithérapeutes"},
		{"71", "ostéopathes"},
		{"72", "psychothérapeutes"},
		{"73", "chiropracteurs"},
		{"80", "pédicures-podologues"},
		{"86", "techniciens de laboratoire"},
		{"91", "orthophonistes"},
		{"92", "orthoptistes"},
		{"93", "psychologues"},
		{"94", "ergothérapeutes"},
		{"95", "diététiciens"},
		{"96", "psychomotriciens"},
		{"98", "manipulateurs ERM"},
	} {
		if p.code == code {
			return p.name
		}
	}
	return ""
}
