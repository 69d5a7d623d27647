// Package rebuild makes the state in the store again from the journal, the archive and the data keys,
// when the store was lost or is an old copy. [Pack] makes the image that lets old segments go.
//
// It promises that what it writes is, byte for byte, what the commits of the journal wrote; that what was
// to be done and was not is due again; and that a patient whose key is destroyed comes back as a
// tombstone. It refuses to begin on a store that holds more than the journal, whose data directory is
// then the old copy. Nothing may use the store meanwhile; a rebuilding that was cut off leaves shards
// behind their marks, which the bridge refuses, and is begun again. [Run] is where to start.
//
// What does not come back: answers kept for an Idempotency-Key (a repeat within a day is recognised by
// its operation all the same, unless 32 others of the patient followed), claims and attempts of effects
// (those that were open are due at once), and what the authorization server keeps: people log in again.
package rebuild
