package fhirtest

// Systems of the MOS.
const (
	mos   = "https://mos.esante.gouv.fr/NOS/"
	ansIG = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/"
)

// Box is a mailbox among the contacts of a resource, as served today (O133). Further sub-extensions of its metadata may
// be given.
func Box(address, kind string, more ...Resource) Resource {
	meta := append([]any{Resource{"url": "type", "valueCodeableConcept": Concept("TRE_R257-TypeBAL", kind, "")}}, anyOf(more)...)
	return Resource{"system": "email", "value": address, "extension": []any{
		EmailType("MSSANTE"), Resource{"url": ansIG + "as-ext-mailbox-mss-metadata", "extension": meta},
	}}
}

// EmailType is the extension that tells a mailbox from an ordinary address.
func EmailType(code string) Resource {
	return Resource{
		"url":         "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-contact-point-email-type",
		"valueCoding": Resource{"system": mos + "TRE_R256-TypeMessagerie/FHIR/TRE-R256-TypeMessagerie", "code": code},
	}
}

// Concept is a code of a terminology of the MOS.
func Concept(table, code, display string) Resource {
	c := Resource{"system": mos + table + "/FHIR/" + table, "code": code}
	if display != "" {
		c["display"] = display
	}
	return Resource{"coding": []any{c}}
}

// Practitioner is a physician with mailboxes of his own.
func Practitioner(id, rpps, family, given string, boxes ...Resource) Resource {
	return Resource{
		"resourceType": "Practitioner", "id": id, "active": true,
		"identifier": []any{
			Resource{"system": "https://rpps.esante.gouv.fr", "value": rpps}, Resource{"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "8" + rpps},
		},
		"name": []any{Resource{"prefix": []any{"MME"}, "suffix": []any{"DR"}, "family": family, "given": []any{given}}},
		"qualification": []any{
			Resource{"code": Concept("TRE_G15-ProfessionSante", "10", "Médecin")},
			Resource{"code": Concept("TRE_R38-SpecialiteOrdinale", "SM54", "Médecine générale")},
		},
		"telecom": anyOf(boxes),
	}
}

// Role is an exercise of a practitioner in an organization.
func Role(id, practitioner, organization, function string, boxes ...Resource) Resource {
	return Resource{
		"resourceType": "PractitionerRole", "id": id, "active": true,
		"identifier":   []any{Resource{"system": "https://annuaire.sante.fr", "value": "R" + id}},
		"practitioner": Resource{"reference": "Practitioner/" + practitioner}, "organization": Resource{"reference": "Organization/" + organization},
		"code":    []any{Concept("TRE_R23-ModeExercice", "S", ""), Concept("TRE_R21-Fonction", function, "")},
		"telecom": anyOf(boxes),
	}
}

// Organization is an establishment with an ordinary address beside its mailboxes.
func Organization(id, finess, name string, boxes ...Resource) Resource {
	return Resource{
		"resourceType": "Organization", "id": id, "active": true, "name": name,
		"identifier": []any{Resource{"system": "http://finess.sante.gouv.fr", "value": finess}},
		"address":    []any{Resource{"line": []any{nil}, "city": "21000 DIJON", "postalCode": "21000"}},
		"telecom":    append([]any{Resource{"system": "email", "value": "accueil@exemple.fr"}, Resource{"system": "phone", "value": "0380000000"}}, anyOf(boxes)...),
	}
}

func anyOf(list []Resource) []any {
	all := make([]any, len(list))
	for i, r := range list {
		all[i] = r
	}
	return all
}
