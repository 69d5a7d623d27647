package modeltest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/rebuild"
)

// rebuild loses redis and makes it again from key store, journal and bodies; half of the journal is sealed.
func (w *world) rebuild() {
	w.say("rebuild")
	if w.random.Uint64()%2 == 0 {
		_, err := w.archive.Round(w.ctx)
		w.check(err)
	}
	before := w.dump()
	w.check(w.client.FlushAll(w.ctx).Err())
	source, err := archive.NewReader(os.DirFS(filepath.Join(w.dir, "journal")), w.journal)
	w.check(err)
	_, err = rebuild.Run(w.ctx, rebuild.Options{Source: source, Target: w.store.Store.(rebuild.Target), Journal: w.journal, Keys: w.keys}) //nolint:forcetypeassert // it is the store of redis
	if err != nil {
		w.wrong("rebuild: %v", err)
		return
	}
	w.compareDumps(before, w.dump(), func(key, value string) bool {
		return strings.HasPrefix(key, "{e") || strings.Contains(value, "|visit|") || strings.Contains(value, "|stand|") || noted(key) || strings.Contains(key, ":due ") || w.forgotten(key)
	})
	w.serve(0)
	w.serve(1)
	for _, p := range w.patients { // what was put off is due at once
		for _, o := range p.deliveries {
			o.due = w.now
		}
		for _, o := range p.receipts {
			o.due = w.now
		}
	}
	w.settle(newDice(3))                                        // the lists of establishments are made by effects
	w.compareDumps(before, w.dump(), func(key, _ string) bool { // sealed anew, at another version of the patient
		visit, _, _ := strings.Cut(key, " ")
		declared := before[visit+" s"] != "" // else a command that was refused had claimed it, and it gives way to any other
		return !strings.HasPrefix(key, "{e") && (w.told || !noted(key) || !strings.Contains(key, ":pairs:")) || strings.HasSuffix(key, " r") || strings.HasSuffix(key, " v") || strings.Contains(key, ":episode:") && !declared
	})
}

// noted reports whether a key holds where exchanges and conversations stand in the lists of a mailbox.
func noted(key string) bool {
	key, _, _ = strings.Cut(key, " ")
	return strings.Contains(key, ":stand:") || (strings.Contains(key, ":pairs:") || strings.Contains(key, ":ledger:")) && strings.Count(key, ":") > 2
}

// forgotten reports whether a key holds the answers to the last commands about somebody whose key was destroyed: a
// patient, or a login that led to one (D26).
func (w *world) forgotten(key string) bool {
	_, record, found := strings.Cut(key, ":patient:")
	p, field, _ := strings.Cut(record, " ")
	if !found || field != "d" && field != "c" {
		return false
	}
	_, _, err := w.keys.Key(w.ctx, conversations.PatientID(p))
	return errors.Is(err, conversations.ErrNotFound) || w.erased[conversations.PatientID(p)]
}

// compareDumps tells how two dumps differ, but where except says so.
func (w *world) compareDumps(before, after map[string]string, except func(key, value string) bool) {
	for key, value := range before {
		now, there := after[key]
		if now != value && !except(key, value) && (there || !w.pointsToNobody(key)) {
			w.wrong("after the rebuilding %s was %q, is %q", key, value, now)
		}
	}
	for key, value := range after {
		if _, there := before[key]; !there && !except(key, value) {
			w.wrong("after the rebuilding %s was not there, is %q", key, value)
		}
	}
}

// pointsToNobody reports whether what did not come back may belong to an earlier life of an erased patient: what was
// sealed with his key cannot be made again, nor what led to it, nor the visits that his establishments declared
// for him. Ids are packed there, so that a world where somebody was erased is compared less strictly.
func (w *world) pointsToNobody(key string) bool {
	led := []string{":ledger:", ":pairs:", ":ids ", ":effects ", ":due ", "{e"}
	return len(w.erased) > 0 && slices.ContainsFunc(led, func(s string) bool { return strings.Contains(key, s) })
}

// dump returns everything that redis holds of people. Left out are the streams, which hold what the journal has,
// and the claims on effects.
func (w *world) dump() map[string]string {
	all := map[string]string{}
	keys, err := w.client.Keys(w.ctx, "*").Result()
	w.check(err)
	for _, key := range keys {
		switch kind := w.client.Type(w.ctx, key).Val(); kind {
		case "hash":
			fields, err := w.client.HGetAll(w.ctx, key).Result()
			w.check(err)
			for field, value := range fields {
				if strings.HasSuffix(key, ":effects") {
					if field == "claims" {
						continue
					}
					value = strings.SplitN(value, "|", 3)[2]
				}
				all[key+" "+field] = value
			}
		case "zset":
			members, err := w.client.ZRangeWithScores(w.ctx, key, 0, -1).Result()
			w.check(err)
			for _, z := range members {
				score := fmt.Sprint(int64(z.Score))
				if strings.HasSuffix(key, ":due") {
					score = "" // of an effect that was put off, the instant of its retry is no state
				}
				all[fmt.Sprint(key, " ", z.Member)] = score
			}
		case "string":
			// How many codes a login tried in the last hour, and that it is kept for half a minute, is no state (D26).
			if passing := strings.HasSuffix(key, ":bind") || strings.HasPrefix(key, "{c") && strings.Contains(key, ":calls:"); !passing && !strings.HasSuffix(key, ":ping") {
				all[key] = w.client.Get(w.ctx, key).Val()
			}
		}
	}
	return all
}
