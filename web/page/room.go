package page

import "mesbridge/rules"

// Room is how much of the patient's mailbox is taken (D19, O167).
type Room rules.Storage

// Limited reports whether there is anything to show.
func (r Room) Limited() bool { return r.Quota > 0 }

// Scarce and Tight are where the warnings begin, in octets.
func (r Room) Scarce() int64 { return r.Quota / 100 * 80 }

// Tight is the second step.
func (r Room) Tight() int64 { return r.Quota / 100 * 95 }

// Heavy reports whether a copy of the whole takes long by a mobile network.
func (r Room) Heavy() bool { return r.Used > 20<<20 }

// Warning is what to tell, empty while there is room.
func (r Room) Warning() string {
	const advice = " Supprimez des conversations ou des documents dont vous n’avez plus besoin : la place revient trente jours plus tard."
	switch rules.Storage(r).Level() {
	case rules.StorageFull:
		return "Votre messagerie est pleine : les professionnels ne peuvent plus vous écrire." + advice
	case rules.StorageTight:
		return "Votre messagerie est presque pleine." + advice
	case rules.StorageScarce:
		return "Votre messagerie se remplit." + advice
	case rules.StorageAmple:
	}
	return ""
}
