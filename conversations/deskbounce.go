package conversations

import "strings"

// bounceReasons are the sentences that tell a professional why a message of the patient did not reach his mailbox,
// by the beginning of the enhanced status code (RFC 3463); the first that fits is told. All of them are read
// here, where the message stays.
func bounceReasons() [][2]string {
	return [][2]string{
		{"5.1.", "Votre messagerie ne connaît pas cette boîte."},
		{"5.2.2", "Votre boîte est pleine."},
		{"5.2.3", "Le message est plus lourd que ce que votre boîte accepte."},
		{"5.2.", "Votre boîte ne reçoit pas de messages en ce moment."},
		{"5.3.4", "Le message est plus lourd que ce que votre messagerie accepte."},
		{"5.6.", "Votre messagerie n’a pas pu lire ce message."},
		{"5.7.", "Votre messagerie a refusé ce message pour une raison de sécurité."},
		{"4.", "Votre messagerie n’a pas répondu à temps."},
	}
}

// bounced tells a professional why a message of the patient did not reach his mailbox. code is that of the last
// attempt; a report has none.
func (o outcomeRecord) bounced() *Delivery {
	_, enhanced, _ := strings.Cut(o.Code, " ")
	for _, r := range bounceReasons() {
		if strings.HasPrefix(enhanced, r[0]) {
			return &Delivery{State: DeliveryFailed, Detail: r[1]}
		}
	}
	return &Delivery{State: DeliveryFailed, Detail: "Votre messagerie a refusé ce message."}
}
