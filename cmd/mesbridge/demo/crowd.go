package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// MaxCrowd is the largest crowd: measurements of growth ask for a million patients and more.
const MaxCrowd = 10_000_000

// Sizes of the making of a crowd.
const (
	crowdTokens  = 500 // how many of the crowd get a token; each costs a write
	crowdWriters = 64  // enrolments at once: they share the syncs of the disk
)

// Crowd returns n active patients beside the cast, for measurements. It is the same every time, and the
// smaller crowd begins the larger one. Like the cast's, the matricules are valid and have month 99 (R14);
// their communes 900 to 999 are none of the cast's.
func Crowd(n int) []Patient {
	all := make([]Patient, n)
	for i := range all {
		all[i] = Patient{INS: madeUp(i, 900), Name: fmt.Sprintf("Mesure PATIENT-%07d", i), State: rules.Active}
	}
	return all
}

// madeUp is the matricule of a person outside the cast, who was born in one of a hundred communes that begin with the
// one given. The odd ones are women.
func madeUp(i, commune int) rules.INS {
	body := fmt.Sprintf("%d%02d9999%03d%03d", 1+i%2, i/2%100, commune+i/200%100, 1+i/20_000%999)
	number, _ := strconv.ParseUint(body, 10, 64) // digits only, 13 of them
	return rules.INS(fmt.Sprintf("%s%02d", body, 97-number%97))
}

// gather enrols the crowd, when one is asked for, and writes its file.
func (d *demonstration) gather(ctx context.Context, t *tokens) error {
	crowd := Crowd(d.Crowd)
	known, err := enrolMany(ctx, d.app.Conversations, crowd)
	if err != nil || d.CrowdFile == "" {
		return err
	}
	first := min(len(crowd), crowdTokens)
	if err := accept(ctx, d.app.Conversations, crowd[:first], known[:first], nil); err != nil {
		return err
	}
	list := make([]ReadyPatient, len(crowd))
	for i, p := range crowd {
		if i < crowdTokens {
			if list[i], err = t.patient(ctx, p, known[i]); err != nil {
				return err
			}
			continue
		}
		list[i] = ReadyPatient{INS: string(p.INS), Name: p.Name, Address: p.Address().Wire(), State: known[i].State}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode the file of the crowd: %w", err)
	}
	return writeFile(d.CrowdFile, text)
}

// enrolMany enrols as enrol does, many at once.
func enrolMany(ctx context.Context, service *conversations.Service, all []Patient) ([]conversations.Patient, error) {
	if len(all) == 0 {
		return nil, nil
	}
	known := make([]conversations.Patient, len(all))
	group, ctx := errgroup.WithContext(ctx)
	size := (len(all) + crowdWriters - 1) / crowdWriters
	begin := 0
	for share := range slices.Chunk(all, size) {
		into := known[begin : begin+len(share)]
		begin += len(share)
		group.Go(func() error {
			found, err := enrol(ctx, service, share, Majority())
			copy(into, found)
			return err
		})
	}
	return known, group.Wait()
}
