// Package redisserver gives one machine its Redis: a redis-server child that this process owns, or,
// without that program, an in-process stand-in whose content ends with the process.
//
// Call [LockDir] first: it keeps a second bridge off the same data. Then [Start], or [StartEmbedded]
// when [Find] finds no program. The child writes each change to disk before it answers, never evicts,
// listens on a unix socket that only this user can open, is started again when it dies, and ends with
// its parent, however that ends.
package redisserver
