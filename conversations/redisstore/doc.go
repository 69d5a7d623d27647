// Package redisstore implements [conversations.Store] on Redis 7.0 or later, alone or as a cluster.
//
// It promises that a commit is made whole or not at all, that one of two commits decided at the same
// version wins, and that a script which go-redis repeats by itself after a lost connection counts
// once. It promises nothing about what reached the disk: that is the server's appendfsync. It refuses
// to write a change without a journal entry, or with an id of another shard.
//
// [New] is where to start; [Store.Run] keeps other processes' commits from waiting for the sweep.
//
// All keys are made in keys.go and all scripts are .lua files. Every key of a patient carries the
// patient's shard as hash tag, and every key of a mailbox the mailbox's, so that each script touches
// one slot of a cluster:
//
//	{s7f}:patient:<pid>  HASH    v version, r record, d, c the operations kept (operations.go);
//	                             MailboxID -> record of an exchange
//	{s7f}:conv:<pid>     HASH    conversation ID -> record, "<id>:read" and "<id>:draft" beside it;
//	                             "care:<MailboxID>" and "<id>:notes:<MailboxID>", what a team knows;
//	                             "visit:<visit>" -> record of an episode;
//	                             message ID -> record, "<id>:out:<MailboxID>" beside it;
//	                             hashed Message-ID -> "<conversation>/<message>"
//	{s7f}:inbox:<pid>    ZSET    conversation ID by its last change, Unix ms
//	{s7f}:ids            HASH    outside id -> pid
//	{s7f}:effects        HASH    effect id -> record (effect.go); "claims", the last claim number
//	{s7f}:due            ZSET    effect id by the next instant it may run, Unix ms
//	{s7f}:journal        STREAM  <sequence>-0 -> at (Unix ms), entry
//	{s7f}:head           STRING  last sequence given out
//	{s7f}:kept           HASH    bridge -> "<sequence> <Unix ms>", up to where its own journal is whole
//	{m7f}:ledger:<mid>   ZSET    "<pid>/<conversation>" by its last change, Unix ms
//	{m7f}:pairs:<mid>    ZSET    pid of an exchange by its last change, Unix ms
//	{m7f}:idem:<mid>:<k> STRING  answer kept by Remember, with an expiry
//	{m7f}:here:<mid>:<p> ZSET    person at a place of a mailbox by his last coming, Unix ms, with an expiry
//	{e7f}:episode:<fid>:<visit> HASH v version, p patient, s state, a instant, r sealed part
//	{e7f}:visits:<fid>   ZSET    visit by its last event, Unix ms; :open: and :closed: those of a state
//	{c7f}:calls:<caller> STRING  how often somebody called, with an expiry
//
// # Memory
//
// Fields, members of lists and values that are ids stand in a compact form (fields.go), so that redis-cli shows
// bytes. A patient has three keys, since each costs a hundred bytes. His hashes are in one piece of memory each
// as long as the server is told so (hash-max-listpack-entries 512, hash-max-listpack-value 4096); with its
// defaults the same data takes half as much again. What an earlier release left, which had other names, is
// refused like an old copy, and made again by a rebuilding.
//
// # The client
//
// The client belongs to the caller: one of package redisclient, or another that sets ContextTimeoutEnabled so that a context's deadline
// bounds each call, and MaxRetries as he likes: every script may be repeated. redis.SetLogger, which
// go-redis needs to tell its pool's errors, is global to the process and therefore left to the
// program. Reads go to masters only, since a decision on a replica's facts would lose its race. The
// server syncs once for all commands that wait, so the pool should hold as many connections as there
// are sessions. The AutoPipeliner of go-redis is no client for this store: it ignores contexts, and
// was no faster.
//
// # Due effects
//
// [Store.Claim] must find what is due in 256 shards without 256 scripts each time. The process keeps,
// for each shard, the earliest instant at which something may be due there (agenda.go). Its own
// commits, the announcements of other processes and the replies of claim_due.lua keep it; once per
// [Options.Sweep] one pipeline of 256 plain reads repairs what a lost announcement missed. So an
// idle process costs one round trip a second, and a busy one visits only shards with work.
package redisstore
