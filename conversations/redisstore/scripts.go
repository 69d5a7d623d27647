package redisstore

import (
	_ "embed" // the scripts

	"github.com/redis/go-redis/v9"
)

//go:embed load_facts.lua
var loadFactsLua string

//go:embed commit.lua
var commitLua string

//go:embed claim_due.lua
var claimDueLua string

//go:embed finish_effect.lua
var finishEffectLua string

//go:embed index_visit.lua
var indexVisitLua string

//go:embed note_standing.lua
var noteStandingLua string

//go:embed count_call.lua
var countCallLua string

//go:embed touch_records.lua
var touchRecordsLua string

//go:embed list_journal.lua
var listJournalLua string

//go:embed trim_journal.lua
var trimJournalLua string

// scripts are called by their hash, which is also their version: processes of two releases can share
// a server. Run loads a script where the server does not know it.
type scripts struct {
	loadFacts    *redis.Script
	commit       *redis.Script
	claimDue     *redis.Script
	finishEffect *redis.Script
	indexVisit   *redis.Script
	countCall    *redis.Script
	noteStanding *redis.Script
	touchRecords *redis.Script
	listJournal  *redis.Script
	trimJournal  *redis.Script
}

func newScripts() scripts {
	return scripts{
		loadFacts:    redis.NewScript(loadFactsLua),
		commit:       redis.NewScript(commitLua),
		claimDue:     redis.NewScript(claimDueLua),
		finishEffect: redis.NewScript(finishEffectLua),
		indexVisit:   redis.NewScript(indexVisitLua),
		countCall:    redis.NewScript(countCallLua),
		noteStanding: redis.NewScript(noteStandingLua),
		touchRecords: redis.NewScript(touchRecordsLua),
		listJournal:  redis.NewScript(listJournalLua),
		trimJournal:  redis.NewScript(trimJournalLua),
	}
}

// Results of commit.lua.
const (
	commitConflict = 0
	commitMade     = 1
	commitRepeated = 2
	commitBehind   = 3
)
