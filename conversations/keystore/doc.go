// Package keystore keeps the data key of each patient, wrapped by the master key, with the INS sealed beside
// it: in the local database ([Open]), or one small object each in a bucket that many processes share
// ([OpenObjects]).
//
// It promises that a key is durable before anybody seals with it, that two callers never get two keys
// for one patient, and that an erased key is gone: from the database and its files, or the bucket and its versions, and from this process. What
// was sealed with it is then noise. Copies in backups end when the master key is changed (O197).
//
// Keys are remembered for less than five minutes. Run [Store.Run] while the program runs, or they stay
// in memory until the next call.
package keystore
