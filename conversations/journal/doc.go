// Package journal keeps the trail of every change in the local database, outside Redis.
//
// It promises that an entry is on disk when Append returns, that an entry that is kept is never
// replaced by another one, and that it says so when the store has lost entries that are kept here, or
// the other way round. The store numbers the entries of a shard from 1 without a gap; they arrive here
// in any order.
//
// At start, call [Journal.CatchUp] before anything is accepted: it takes over what a crash left in the
// store's stream alone. Every few seconds, call [Journal.Keep]. [Journal.Seal] notes what the archive has.
//
// Where several bridges share a store, each keeps the whole journal: [Journal.Register] before CatchUp, and
// [Journal.Follow] with each Keep. The archives of all of them then hold the same 256 chains of shards, each
// signed by its own bridge; only the chain [Own] differs.
package journal
