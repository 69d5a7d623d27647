package storetest

import (
	"testing"

	"mesbridge/conversations"
)

// contract is one sentence of the interface and its test.
type contract struct {
	name string
	test func(t *testing.T, s conversations.Store)
}

// Run runs the suite. open returns an empty store each time it is called; the tests run one after the
// other, so that open may empty what it gave before.
func Run(t *testing.T, open func(t *testing.T) conversations.Store) {
	t.Helper()
	for _, group := range [][]contract{
		factsContracts(), commitContracts(), eraseContracts(), raceContracts(), operationContracts(), touchContracts(),
		inboxContracts(), effectContracts(), claimContracts(), ledgerContracts(), standingContracts(), rememberContracts(),
		attendContracts(), journalContracts(), failureContracts(), visitContracts(), countContracts(),
	} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
		}
	}
}
