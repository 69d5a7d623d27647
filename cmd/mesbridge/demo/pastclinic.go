package demo

import (
	"context"
	"fmt"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// ward is the past of the hospital's service of cardiology, whose mailbox several share.
func (p *past) ward(sophie pen) {
	t := p.talk(sophie, helene, "Votre consultation de cardiologie")
	t.asks(11, "10:05", "Bonjour Madame Martinot,\n\nVotre consultation est fixée à mardi, 14 h 30, au deuxième étage. Apportez votre carte Vitale et vos derniers examens.")
	t.answers(10, "17:48", "Bonjour,\n\nEst-ce que je peux venir accompagnée de ma fille ?")
	t.takes(9, "08:31")
	t.notes(9, "08:33", "Vu avec le Dr Vasserot : pas d’objection, une personne au plus.")
	t.asks(9, "08:40", "Bonjour,\n\nBien sûr, une personne peut vous accompagner.")
	t.reads(9, "12:02")

	t = p.talk(sophie, gerard, "Avant votre coronarographie")
	t.asks(5, "15:30", "Bonjour Monsieur Pelletan,\n\nRestez à jeun à partir de minuit la veille de l’examen. Signalez-nous toute allergie.")
	t.answers(3, "09:14", "Bonjour,\n\nJe suis allergique à l’iode. Est-ce que l’examen peut avoir lieu ?")
	t.takes(2, "08:10")
	t.notes(2, "08:12", "Allergie à l’iode déclarée par le patient : demande d’avis au Dr Vasserot avant de répondre.")

	t = p.talk(sophie, yvonne, "Suites de votre hospitalisation")
	t.awaits(2, "16:45", "Bonjour Madame Castelneau,\n\nComment allez-vous depuis votre retour à la maison ?")
}

// unit is a care unit with its visits, each by how many days ago it began.
type unit struct {
	name      string
	open      []int
	over      []int // closed a few days ago, at once
	waiting   []int // closed by the hospital's software while the patient waits for an answer
	announced []announced
	questions []question
}

// announced is a visit that was closed today, with the days until the end of its conversations.
type announced struct{ began, ends int }

// question is an open visit whose patient asked something some days ago, and has no answer.
type question struct {
	began, asked int
	text         string
}

// hospital lists the visits of the hospital.
func hospital() []unit {
	return []unit{
		{
			name: "Cardiologie", open: []int{1, 2, 2, 3, 4, 6, 9, 12, 19}, over: []int{8, 10, 13}, announced: []announced{{7, 2}, {11, 5}},
			waiting:   []int{15},
			questions: []question{{9, 4, "Bonjour, à quelle heure puis-je recevoir de la visite ?"}, {12, 8, "Bonjour, qui dois-je appeler pour mon transport de sortie ?"}},
		},
		{
			name: "Chirurgie orthopédique", open: []int{1, 1, 2, 3, 5, 7, 10, 16}, over: []int{9, 12, 14, 20}, announced: []announced{{6, 5}, {8, 5}, {13, 9}},
			waiting:   []int{18},
			questions: []question{{5, 3, "Bonjour, mon pansement s’est décollé cette nuit. Que dois-je faire ?"}},
		},
		{name: "Médecine interne", open: []int{2, 3, 5, 8, 14, 25}, over: []int{11, 17}, announced: []announced{{9, 3}, {12, 12}}},
		{
			name: "Soins de suite", open: []int{17, 24, 33, 38, 51, 64, 97}, announced: []announced{{45, 5}, {52, 5}, {58, 5}, {60, 5}},
			questions: []question{{33, 11, "Bonjour, le fauteuil roulant sera-t-il livré avant mon retour ?"}},
		},
		{name: "Court séjour gériatrique", open: []int{4, 6, 15}, announced: []announced{{21, 7}}},
	}
}

// visits are the past of a hospital's visits.
type visits struct {
	*past
	finess      string
	application pen // that tells of visits
	sophie      pen // who writes to their patients
	count       int
}

// happen adds what happened to every visit.
func (v *visits) happen(units []unit) {
	for _, u := range units {
		for _, days := range u.open {
			v.admitted(u.name, days)
		}
		for _, days := range u.over {
			visit, talk := v.admitted(u.name, days)
			talk.reads(days-1, "18:00")
			v.closed(visit, days-4, 0)
		}
		for _, days := range u.waiting {
			visit, talk := v.admitted(u.name, days)
			talk.answers(days-2, "20:05", "Bonjour,\n\nPourriez-vous m’envoyer le compte rendu de sortie ?")
			v.closed(visit, days-3, 0)
		}
		for _, a := range u.announced {
			visit, _ := v.admitted(u.name, a.began)
			v.closed(visit, 0, a.ends)
		}
		for _, q := range u.questions {
			_, talk := v.admitted(u.name, q.began)
			talk.answers(q.asked, "19:20", q.text)
		}
	}
}

// admitted adds a visit that began so many days ago, with the first message to its patient.
func (v *visits) admitted(unit string, days int) (conversations.Visit, *talk) {
	someone := inpatient(v.count)
	visit := conversations.Visit{FINESS: v.finess, Number: fmt.Sprintf("26%06d", 4107+13*v.count)}
	v.count++
	v.add(days, "07:45", func(ctx context.Context) error {
		_, err := v.core.ChangeEpisode(ctx, v.application.actor, v.boxes(), conversations.EpisodeInput{
			Visit: visit, To: rules.EpisodeOpen, EventID: "A01-" + visit.Number, INS: someone.INS, Source: rules.ByADT, Unit: unit,
		})
		return err
	})
	t := v.talk(v.sophie, someone.INS, "Votre séjour à l’hôpital").about(visit)
	t.asks(days, "11:10", "Bonjour,\n\nPendant votre séjour, et jusqu’à sa clôture, vous pouvez poser ici vos questions à l’équipe soignante.\n\nEn cas d’urgence, appelez le 15.")
	return visit, t
}

// closed adds the close of a visit, with a grace in days.
func (v *visits) closed(visit conversations.Visit, days, grace int) {
	v.add(days, "15:30", func(ctx context.Context) error {
		_, err := v.core.ChangeEpisode(ctx, v.application.actor, v.boxes(), conversations.EpisodeInput{
			Visit: visit, To: rules.EpisodeClosed, EventID: "A03-" + visit.Number, Source: rules.ByADT, Grace: time.Duration(grace) * 24 * time.Hour,
		})
		return err
	})
}

func (v *visits) boxes() []conversations.Address {
	return []conversations.Address{v.application.box, v.sophie.box}
}

// maxInpatients is how many patients of the hospital have names.
const maxInpatients = 80

// inpatients are active patients beside the cast, who were at the hospital.
func inpatients() []Patient {
	all := make([]Patient, maxInpatients)
	for i := range all {
		all[i] = inpatient(i)
	}
	return all
}

func inpatient(i int) Patient {
	women := []string{"Monique", "Simone", "Aïcha", "Danielle", "Josette", "Huguette", "Rolande", "Michèle"}
	men := []string{"André", "Marcel", "Youssef", "Bernard", "Guy", "Serge", "Raymond", "Claude"}
	families := []string{"ARBOIS", "BRESSAN", "CHAUMERGY", "DORTAN", "ESSERVAL", "FONCINE", "GRAYE", "JOUHE", "LOULLE", "MARIGNA"}
	given := men
	if i%2 == 1 {
		given = women
	}
	return Patient{INS: madeUp(20+i, 800), Name: given[i/2%8] + " " + families[i%10], State: rules.Active}
}
