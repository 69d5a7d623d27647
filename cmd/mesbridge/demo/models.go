package demo

import (
	"context"
	"fmt"

	"mesbridge/conversations"
)

// models are the message templates that a shared mailbox of the demonstration begins with.
func models() []conversations.Template {
	return []conversations.Template{
		{Name: "Avant votre consultation", Text: "Bonjour,\n\nPour votre consultation, apportez votre ordonnance en cours et vos derniers examens.\n\n{signature}\n{boite}"},
		{Name: "Résultats reçus", Text: "Bonjour,\n\nNous avons reçu vos résultats. Le médecin les lit et vous répond ici.\n\n{signature}\n{boite}"},
	}
}

// keepModels has a user of a mailbox keep its first templates.
func keepModels(ctx context.Context, service *conversations.Service, by Professional, a conversations.Address) error {
	for _, t := range models() {
		if _, err := service.SaveTemplate(ctx, by.actor(), a, t); err != nil {
			return fmt.Errorf("keep a template: %w", err)
		}
	}
	return nil
}
