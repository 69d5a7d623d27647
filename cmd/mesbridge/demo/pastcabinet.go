package demo

import "mesbridge/conversations"

// Matricules of those of the cast who have a past.
const (
	helene = "279035121518989"
	gerard = "162999951203423"
	nadia  = "288999935107791"
	lucien = "154999928401301"
	ange   = "155992A00451222"
	julien = "183999911022893"
	yvonne = "234999917304657"
)

// report is a document of the demonstration under a name.
func report(name string) conversations.Attachment {
	return conversations.Attachment{Name: name, Type: "application/pdf", Content: letter}
}

// cabinet is the past of the cardiologist's own mailbox: one exchange of each kind that its lists tell apart.
func (p *past) cabinet(claire pen) {
	t := p.talk(claire, helene, "Résultats de votre échographie")
	t.asks(23, "09:12", "Bonjour Madame Martinot,\n\nVous trouverez ci-joint le compte rendu de votre échographie cardiaque. Le résultat est rassurant.\n\nPrenez-vous toujours le traitement du matin ?\n\nDr Claire Vasserot", report("compte-rendu-echographie.pdf"))
	t.answers(23, "18:40", "Bonjour Docteur,\n\nMerci. Oui, un comprimé chaque matin, sans oubli depuis l’été.\n\nHélène Martinot")
	t.asks(22, "08:05", "C’est parfait, continuez ainsi. Nous nous revoyons dans six mois ; d’ici là vous pouvez m’écrire ici.")
	t.reads(22, "12:30")

	t = p.talk(claire, gerard, "Votre traitement anticoagulant")
	t.asks(6, "17:50", "Bonjour Monsieur Pelletan,\n\nVotre prise de sang est bonne. Avez-vous eu des saignements depuis notre rendez-vous ?")
	t.answers(2, "10:21", "Bonjour Docteur,\n\nPas de saignement. Par contre j’ai deux bleus au bras gauche, sans m’être cogné. Dois-je m’inquiéter ?")

	t = p.talk(claire, nadia, "Préparation de votre épreuve d’effort")
	t.awaits(1, "11:30", "Bonjour Madame Belcourt,\n\nVenez en tenue confortable, avec des chaussures de sport. Ne prenez pas votre bêtabloquant le matin de l’examen.\n\nVous aurez besoin de deux heures.", report("convocation-epreuve-effort.pdf"))

	t = p.talk(claire, lucien, "Contrôle de votre stimulateur")
	t.asks(31, "14:00", "Bonjour Monsieur Tessandier,\n\nLe contrôle de votre stimulateur est prévu le mois prochain. Le secrétariat vous appelle pour fixer la date.")
	t.reads(31, "19:10")
	t.blocks(12, "08:45")

	t = p.talk(claire, ange, "Suivi de votre tension")
	t.asks(18, "16:20", "Bonjour,\n\nNotez votre tension trois jours de suite, matin et soir, et envoyez-moi les chiffres ici.")
	t.overflows(15, "20:00", "23:00")
	t.reads(15, "19:05")
	t.answers(15, "20:44", "Bonjour Docteur,\n\nVoici les chiffres : 13/8 et 14/8, 12/8 et 13/7, 13/8 et 14/9.")

	t = p.talk(claire, julien, "Votre électrocardiogramme")
	t.asks(70, "10:00", "Bonjour Monsieur Rouvierac,\n\nVotre électrocardiogramme est normal. Je reste à votre disposition jusqu’à la fin du mois.", report("electrocardiogramme.pdf"))
	t.answers(69, "07:55", "Merci beaucoup Docteur, me voilà rassuré.")
	t.asks(68, "09:30", "Avec plaisir. Je mets fin à nos échanges ; votre médecin traitant a reçu le compte rendu.")
	t.ends(68, "09:31")

	t = p.talk(claire, yvonne, "Votre ordonnance est prête")
	t.tells(4, "18:15", "Bonjour Madame Castelneau,\n\nVotre ordonnance renouvelée est ci-jointe. Vous n’avez pas besoin de répondre à ce message.", report("ordonnance.pdf"))
	t.reads(3, "09:00")
}

// practice is the past of the general practitioner's own mailbox.
func (p *past) practice(marc pen) {
	t := p.talk(marc, helene, "Vaccination contre la grippe")
	t.asks(9, "08:30", "Bonjour Madame Martinot,\n\nLe vaccin contre la grippe est disponible au cabinet. Souhaitez-vous passer cette semaine ou la suivante ?")
	t.reads(8, "20:15")
	t.drafts(8, "20:17", "Bonjour Docteur, je préfère la semaine")

	t = p.talk(marc, gerard, "Renouvellement de votre ordonnance")
	t.asks(14, "12:10", "Bonjour Monsieur Pelletan,\n\nVotre ordonnance arrive à son terme. Avez-vous assez de comprimés jusqu’à lundi ?")
	t.answers(14, "13:02", "Oui, il m’en reste pour huit jours. Merci Docteur.")
	t.asks(13, "08:20", "Très bien, voici la nouvelle ordonnance.", report("ordonnance.pdf"))
	t.reads(13, "08:55")

	t = p.talk(marc, nadia, "Votre certificat")
	t.tells(40, "09:00", "Bonjour Madame Belcourt,\n\nVoici le certificat que vous m’aviez demandé. La réponse à ce message n’est pas ouverte.", report("certificat.pdf"))
	t.reads(39, "12:00")
}
