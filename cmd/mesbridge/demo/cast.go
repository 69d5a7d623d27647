package demo

import "mesbridge/rules"

// People returns the cast. It is the same every time, so that scripts can rely on it; only the order
// and the facts of the outside contract are promised. The matricules have month 99, which nobody was born in
// (R14), but for the official sample (O96).
func People() Cast {
	return Cast{
		Patients: patients(), Newcomer: newcomer(), Professionals: professionals(), Clinics: clinics(), Operators: operators(),
		Locums: locums(), Staff: staff(),
	}
}

// patients starts with four active adults who have nothing to do with each other.
func patients() []Patient {
	return []Patient{
		{INS: "279035121518989", Name: "Hélène MARTINOT", State: rules.Active, Notify: "helene.martinot@courriel.exemple.fr"},
		{INS: "162999951203423", Name: "Gérard PELLETAN", State: rules.Active, Notify: "gerard.pelletan@courriel.exemple.fr"},
		{INS: "288999935107791", Name: "Nadia BELCOURT", State: rules.Active},
		{INS: "154999928401301", Name: "Lucien TESSANDIER", State: rules.Active},
		{INS: "155992A00451222", Name: "Ange-Marie SANTELLI", State: rules.Active}, // Corsica (R17)
		{INS: "215999938105574", Name: "Timéo ROUVIERAC", State: rules.Active, Minor: true, Representatives: []rules.INS{"183999911022893"}},
		{INS: "183999911022893", Name: "Julien ROUVIERAC", State: rules.Active, Notify: "julien.rouvierac@courriel.exemple.fr"},
		{INS: "234999917304657", Name: "Yvonne CASTELNEAU", State: rules.Active, Caregivers: []rules.INS{"159999917312069"}},
		{INS: "159999917312069", Name: "Bruno CASTELNEAU", State: rules.Active, Notify: "bruno.castelneau@courriel.exemple.fr"},
		{INS: "171999964500979", Name: "Régis FONTAUBERT", State: rules.NotActivated},
		{INS: "266999973301553", Name: "Maryse DELORNE", State: rules.Opposed},
		{INS: "148999952103748", Name: "Roland VIGNEREUX", State: rules.MessagingClosed},
		{INS: "291999946708149", Name: "Anaïs KERBRIAND", State: rules.Suspended},
		{INS: "139999937201237", Name: "Odette MARSOUIN", State: rules.Closed},
		{INS: "195999983006686", Name: "Maxime ORLIAGUE", State: rules.Active, TermsPending: true},
	}
}

// newcomer is somebody who is to be enrolled.
func newcomer() Newcomer {
	return Newcomer{INS: "294999939104584", Traits: rules.Traits{
		Family: "AUBREVILLE", Given: "Solène", Birth: "1994-05-17", Sex: rules.Female, Place: "39300",
	}}
}

// professionals starts with two doctors of two operators, each alone with a personal mailbox.
func professionals() []Professional {
	return []Professional{
		{
			ID: "899900000017", Title: "DR", GivenName: "Claire", FamilyName: "VASSEROT",
			Profession: "Médecin", Code: "10", Skill: "Cardiologie et maladies vasculaires",
			Mailboxes: []string{"claire.vasserot@opaline.mssante.fr"},
		},
		{
			ID: "899900000025", Title: "DR", GivenName: "Marc", FamilyName: "LENORMANT",
			Profession: "Médecin", Code: "10", Skill: "Médecine générale",
			Mailboxes: []string{"marc.lenormant@bruyere.mssante.fr"},
		},
		{ // a secretary, on the responsible person's list (D27)
			ID: "899900000033", GivenName: "Sophie", FamilyName: "AMBLARDET",
			Mailboxes: []string{"cardiologie@ch-valdoux.mssante.fr"},
		},
		{ // looks after the users of a mailbox that she may not read (D27), and enrols patients (D26)
			ID: "899900000041", GivenName: "Irène", FamilyName: "CHAPUISAT",
			Administers: []string{"cardiologie@ch-valdoux.mssante.fr"}, Enrols: true,
		},
	}
}

// locums are somebody who chooses an exercise after the login (I46).
func locums() []Professional {
	return []Professional{{
		ID: "899900000058", Title: "DR", GivenName: "Hugo", FamilyName: "MERCANTON",
		Profession: "Médecin", Code: "10", Skill: "Médecine générale",
		Mailboxes: []string{"hugo.mercanton@opaline.mssante.fr"},
		Places: []Place{
			{Mode: "L", Name: "Cabinet du Pont-Neuf"},
			{Mode: "S", FINESS: "990000010", Name: "Centre hospitalier du Valdoux"},
		},
	}}
}

// staff are the secretary of the cast, and somebody whom the list of users does not hold.
func staff() []Staff {
	return []Staff{
		{Subject: "s.amblardet", Name: "Sophie AMBLARDET", ID: "899900000033", Role: "secrétaire médicale"},
		{Subject: "p.intervalle", Name: "Paul INTERVALLE"},
	}
}

func clinics() []Clinic {
	return []Clinic{
		{
			FINESS: "990000010", Name: "Centre hospitalier du Valdoux", PostalCode: "39000", Town: "39000 VALDOUX", District: "Jura", ClientID: "ch-valdoux",
			Mailboxes: []ClinicMailbox{
				{Address: "dpi@ch-valdoux.mssante.fr", Kind: rules.Application, Service: "Dossier patient du CH du Valdoux"},
				{Address: "cardiologie@ch-valdoux.mssante.fr", Kind: rules.Organisational, Service: "Service de cardiologie, CH du Valdoux"},
			},
		},
		{
			FINESS: "990000028", Name: "Clinique de l'Aubépine", PostalCode: "33000", Town: "33000 BORDEAUX", District: "Gironde", ClientID: "clinique-aubepine",
			Mailboxes: []ClinicMailbox{
				{Address: "echanges@clinique-aubepine.mssante.fr", Kind: rules.Application, Service: "Échanges de la clinique de l'Aubépine"},
				{Address: "maternite@clinique-aubepine.mssante.fr", Kind: rules.Organisational, Service: "Maternité, clinique de l'Aubépine"},
			},
		},
	}
}

// operators covers every mailbox's domain, each by one operator.
func operators() []Operator {
	return []Operator{
		{
			Name: "Opaline", Domains: []string{"opaline.mssante.fr"}, Host: "smtp1.opaline.exemple.fr",
			Structure: "399990000100012", Legal: "OPALINE MESSAGERIE", District: "Puy-de-Dôme (63)",
		},
		{
			Name: "Bruyère", Domains: []string{"bruyere.mssante.fr"}, Host: "mx.bruyere.exemple.fr",
			Structure: "399990000200028", Legal: "ASSOCIATION \"BRUYERE SANTE\"", District: "Finistère (29)",
		},
		{
			Name: "GIP Valdoux numérique", Domains: []string{"ch-valdoux.mssante.fr", "valdoux.mssante.fr"}, Host: "mss.ch-valdoux.exemple.fr",
			Structure: "1990000010", Legal: "CENTRE  HOSPITALIER DU VALDOUX", District: "Jura (39)",
		},
		{
			Name: "Aubépine", Domains: []string{"clinique-aubepine.mssante.fr"}, Host: "courrier.aubepine.exemple.fr",
			Structure: "1990000028", Legal: "CLINIQUE DE L'AUBEPINE", District: "Gironde (33)",
		},
	}
}
