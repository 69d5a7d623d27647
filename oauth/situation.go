package oauth

import (
	"slices"

	"github.com/ory/fosite"
)

// chooseSituation settles the exercise situation of an exchanged token (I46): the one that the software names, which
// the provider must know, else the only one there is. Several without a choice are refused, for nobody may choose in
// the person's place.
func (i *Identity) chooseSituation(tool *Software) error {
	if tool != nil && tool.Situation != "" {
		at := slices.IndexFunc(i.Exercises, func(e Exercise) bool { return e.Key == tool.Situation })
		if at < 0 {
			return fosite.ErrInvalidRequest.WithHint("The 'situation_exercice' of the 'actor_token' is none of the person's.")
		}
		i.take(i.Exercises[at])
		return nil
	}
	*i = i.settled()
	if i.undecided() {
		return fosite.ErrInvalidRequest.WithHint("The person has several exercise situations; name the chosen one as 'situation_exercice' in an 'actor_token' (I46, I55).")
	}
	return nil
}
