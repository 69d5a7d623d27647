// Package keystore keeps the data key of each patient in the local database, wrapped by the master key,
// with the INS sealed beside it.
//
// It promises that a key is on disk before anybody seals with it, that two callers never get two keys
// for one patient, and that an erased key is gone: from the database, its files and this process. What
// was sealed with it is then noise. Copies in backups end when the master key is changed (O197).
//
// Keys are remembered for less than five minutes. Run [Store.Run] while the program runs, or they stay
// in memory until the next call.
package keystore
