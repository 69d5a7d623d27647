package redisstore

import (
	"fmt"
	"strconv"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// shardCount is the number of shards: two hexadecimal digits. It can never change, because ids that
// people hold start with their shard.
const shardCount = 256

// effectsChannel is the channel on which processes announce shards with due effects.
const effectsChannel = "mesbridge:effects"

// keysChannel is the channel on which processes announce patients whose data key they erased.
const keysChannel = "mesbridge:keys"

// changesChannel is the channel on which processes announce patients whose records they wrote.
const changesChannel = "mesbridge:changes"

// patientKey names a HASH: v version, r record, d operations kept, c calls kept, and the table of exchanges. An o there was
// written by a release before the compact forms (fields.go): its patient is behind the journal, and refused
// until a rebuilding makes everything again.
func patientKey(p conversations.PatientID) string {
	return patientTag(p.Shard()) + ":patient:" + string(p)
}

// tableKey names the HASH of a patient's tables: his own for exchanges, of which most have a handful, and one
// for the other three. A key costs a hundred bytes, and a script less for each that it need not look at.
func tableKey(t conversations.Table, p conversations.PatientID) string {
	if t == conversations.TableExchanges {
		return patientKey(p)
	}
	return patientTag(p.Shard()) + ":conv:" + string(p)
}

// inboxKey names a ZSET: conversation ids by Unix ms.
func inboxKey(p conversations.PatientID) string { return patientTag(p.Shard()) + ":inbox:" + string(p) }

// idsKey names a HASH: outside id to patient.
func idsKey(shard string) string { return patientTag(shard) + ":ids" }

// effectsKey names a HASH: effect id to record.
func effectsKey(shard string) string { return patientTag(shard) + ":effects" }

// dueKey names a ZSET: effect ids by Unix ms.
func dueKey(shard string) string { return patientTag(shard) + ":due" }

// journalKey names a STREAM with ids <sequence>-0.
func journalKey(shard string) string { return patientTag(shard) + ":journal" }

// headKey names a STRING: the last sequence that the shard's journal gave out.
func headKey(shard string) string { return patientTag(shard) + ":head" }

// keptKey names a HASH: bridge to "<sequence> <Unix ms>", up to where its journal keeps the shard.
func keptKey(shard string) string { return patientTag(shard) + ":kept" }

// pingKey names a STRING without meaning, which Ping writes.
func pingKey() string { return patientTag(shardName(0)) + ":ping" }

// ledgerKey names a ZSET of a mailbox: its conversations by Unix ms.
func ledgerKey(m rules.MailboxID) string { return mailboxTag(m) + ":ledger:" + string(m) }

// pairsKey names a ZSET of a mailbox: its patients by Unix ms.
func pairsKey(m rules.MailboxID) string { return mailboxTag(m) + ":pairs:" + string(m) }

// standKey names a HASH of a mailbox: "<version> <lists>" of its patients and conversations, and how many
// conversations bring a patient into a list (note_standing.lua).
func standKey(m rules.MailboxID) string { return mailboxTag(m) + ":stand:" + string(m) }

// listKey names a ZSET of a mailbox: its patients, or conversations, of one list by Unix ms; all of them for 0.
func listKey(m rules.MailboxID, pairs bool, l rules.Lists) string {
	all := ledgerKey(m)
	if pairs {
		all = pairsKey(m)
	}
	if l == 0 {
		return all
	}
	return all + ":" + strconv.Itoa(l.Place())
}

// idemKey names a STRING with an expiry: what Remember keeps.
func idemKey(m rules.MailboxID, key string) string {
	return mailboxTag(m) + ":idem:" + string(m) + ":" + key
}

// hereKey names a ZSET with an expiry: persons at a place of a mailbox by Unix ms of when they came last.
func hereKey(m rules.MailboxID, place string) string {
	return mailboxTag(m) + ":here:" + string(m) + ":" + place
}

// visitKey names a HASH of a facility: v version, p patient, s state, a instant, r sealed part of a visit.
func visitKey(f conversations.FacilityID, v rules.VisitID) string {
	return facilityTag(f) + ":episode:" + string(f) + ":" + string(v)
}

// visitsKey names a ZSET of a facility: its visits by Unix ms, all of them or those of one state.
func visitsKey(f conversations.FacilityID, state rules.EpisodeState) string {
	list := string(state)
	if list == "" {
		list = "visits"
	}
	return facilityTag(f) + ":" + list + ":" + string(f)
}

// callsKey names a STRING with an expiry: how often a caller called.
func callsKey(caller string) string { return "{c" + caller[:2] + "}:calls:" + caller }

// facilityTag is the hash tag of the shard of a facility: the first two digits of its id.
func facilityTag(f conversations.FacilityID) string { return "{e" + string(f[:2]) + "}" }

// patientTag is the hash tag of a shard of patients.
func patientTag(shard string) string { return "{s" + shard + "}" }

// mailboxTag is the hash tag of the shard of a mailbox: the first two digits of its id.
func mailboxTag(m rules.MailboxID) string { return "{m" + string(m[:2]) + "}" }

// shardName returns the name of the shard with that number.
func shardName(number int) string { return fmt.Sprintf("%02x", number) }
