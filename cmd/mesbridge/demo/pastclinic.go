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
	t.asks(2, "16:45", "Bonjour Madame Castelneau,\n\nComment allez-vous depuis votre retour à la maison ?")
}

// stays are the visits of a care unit by how many days ago they began.
type stays struct {
	unit      string
	open      []int
	over      []int         // ended a few days ago, at once
	announced map[int]int   // closed yesterday, of those that began so many days ago: in how many days the exchanges end
	waiting   []int         // closed by the hospital's software while the patient waits for an answer
	asks      map[int]waits // of open ones: the patient asked so long ago and has no answer
}

// waits is a question of a patient: how many days ago he asked, and what.
type waits struct {
	days int
	text string
}

// hospital lists the visits of the hospital.
func hospital() []stays {
	return []stays{
		{
			unit: "Cardiologie", open: []int{1, 2, 2, 3, 4, 6, 9, 12, 19}, over: []int{8, 10, 13}, announced: map[int]int{7: 2, 11: 5},
			waiting: []int{15},
			asks:    map[int]waits{9: {4, "Bonjour, à quelle heure puis-je recevoir de la visite ?"}, 12: {8, "Bonjour, qui dois-je appeler pour mon transport de sortie ?"}},
		},
		{
			unit: "Chirurgie orthopédique", open: []int{1, 1, 2, 3, 5, 7, 10, 16}, over: []int{9, 12, 14, 20}, announced: map[int]int{6: 5, 8: 5, 13: 9},
			waiting: []int{18},
			asks:    map[int]waits{5: {3, "Bonjour, mon pansement s’est décollé cette nuit. Que dois-je faire ?"}},
		},
		{unit: "Médecine interne", open: []int{2, 3, 5, 8, 14, 25}, over: []int{11, 17}, announced: map[int]int{9: 3, 12: 12}},
		{
			unit: "Soins de suite", open: []int{17, 24, 33, 38, 51, 64, 97}, announced: map[int]int{45: 5, 52: 5, 58: 5, 60: 5},
			asks: map[int]waits{33: {11, "Bonjour, le fauteuil roulant sera-t-il livré avant mon retour ?"}},
		},
		{unit: "Court séjour gériatrique", open: []int{4, 6, 15}, announced: map[int]int{21: 7}},
	}
}

// clinic is the past of a hospital's visits.
type clinic struct {
	*past
	finess      string
	application pen // that tells of visits
	sophie      pen // who writes to their patients
	next        int // patient, and visit
}

// happen adds what happened to every visit.
func (c *clinic) happen(units []stays) {
	for _, u := range units {
		for _, days := range u.open {
			_, t := c.admitted(u.unit, days)
			if q, asks := u.asks[days]; asks {
				t.answers(q.days, "19:20", q.text)
				delete(u.asks, days) // one of those who came that day
			}
		}
		for _, days := range u.over {
			v, t := c.admitted(u.unit, days)
			t.reads(days-1, "18:00")
			c.discharged(v, days-4, 0)
		}
		for days, ends := range u.announced {
			v, _ := c.admitted(u.unit, days)
			c.discharged(v, 1, ends+1)
		}
		for _, days := range u.waiting {
			v, t := c.admitted(u.unit, days)
			t.answers(days-2, "20:05", "Bonjour,\n\nPourriez-vous m’envoyer le compte rendu de sortie ?")
			c.discharged(v, days-3, 0)
		}
	}
}

// admitted adds a visit that began so many days ago, with the first message to its patient.
func (c *clinic) admitted(unit string, days int) (conversations.Visit, *talk) {
	someone := inpatient(c.next)
	v := conversations.Visit{FINESS: c.finess, Number: fmt.Sprintf("26%06d", 4107+13*c.next)}
	c.next++
	c.add(days, "07:45", func(ctx context.Context) error {
		_, err := c.core.ChangeEpisode(ctx, c.application.actor, c.boxes(), conversations.EpisodeInput{
			Visit: v, To: rules.EpisodeOpen, EventID: "A01-" + v.Number, INS: someone.INS, Source: rules.ByADT, Unit: unit,
		})
		return err
	})
	t := c.talk(c.sophie, someone.INS, "Votre séjour à l’hôpital").about(v)
	t.asks(days, "11:10", "Bonjour,\n\nPendant votre séjour, et jusqu’à sa clôture, vous pouvez poser ici vos questions à l’équipe soignante.\n\nEn cas d’urgence, appelez le 15.")
	return v, t
}

// discharged adds the end of a visit, with a grace in days.
func (c *clinic) discharged(v conversations.Visit, days, grace int) {
	c.add(days, "15:30", func(ctx context.Context) error {
		_, err := c.core.ChangeEpisode(ctx, c.application.actor, c.boxes(), conversations.EpisodeInput{
			Visit: v, To: rules.EpisodeClosed, EventID: "A03-" + v.Number, Source: rules.ByADT, Grace: time.Duration(grace) * 24 * time.Hour,
		})
		return err
	})
}

func (c *clinic) boxes() []conversations.Address {
	return []conversations.Address{c.application.box, c.sophie.box}
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
