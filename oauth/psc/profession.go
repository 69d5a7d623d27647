package psc

// ProfessionName names a profession of TRE_G15 (I114, I115).
func ProfessionName(code string) string {
	for _, p := range [...]struct{ code, name string }{
		{"10", "Médecin"},
		{"21", "Pharmacien"},
		{"26", "Audioprothésiste"},
		{"28", "Opticien-lunetier"},
		{"31", "Assistant dentaire"},
		{"32", "Physicien médical"},
		{"35", "Aide-soignant"},
		{"36", "Ambulancier"},
		{"37", "Auxiliaire de puériculture"},
		{"38", "Préparateur en pharmacie"},
		{"39", "Préparateur en pharmacie hospitalière"},
		{"40", "Chirurgien-dentiste"},
		{"41", "Assistant de service social"},
		{"42", "Auxiliaire de vie sociale"},
		{"43", "Technicien de l’intervention sociale et familiale"},
		{"44", "Conseiller en économie sociale et familiale"},
		{"45", "Médiateur familial"},
		{"46", "Assistant familial"},
		{"47", "Aide médico-psychologique"},
		{"48", "Moniteur-éducateur"},
		{"49", "Éducateur de jeunes enfants"},
		{"50", "Sage-femme"},
		{"51", "Éducateur spécialisé"},
		{"52", "Éducateur technique spécialisé"},
		{"53", "Accompagnant éducatif et social"},
		{"60", "Infirmier"},
		{"69", "Infirmier psychiatrique"},
		{"70", "Masseur-kinésithérapeute"},
		{"71", "Ostéopathe"},
		{"72", "Psychothérapeute"},
		{"73", "Chiropracteur"},
		{"80", "Pédicure-podologue"},
		{"81", "Orthoprothésiste"},
		{"82", "Podo-orthésiste"},
		{"83", "Orthopédiste-orthésiste"},
		{"84", "Oculariste"},
		{"85", "Épithésiste"},
		{"86", "Technicien de laboratoire médical"},
		{"91", "Orthophoniste"},
		{"92", "Orthoptiste"},
		{"93", "Psychologue"},
		{"94", "Ergothérapeute"},
		{"95", "Diététicien"},
		{"96", "Psychomotricien"},
		{"97", "Conseiller en génétique"},
		{"98", "Manipulateur d’électroradiologie médicale"},
		{"99", "Autre acteur du système de santé"},
	} {
		if p.code == code {
			return p.name
		}
	}
	if code == "" {
		return "Professionnel"
	}
	return "Profession de code " + code
}
