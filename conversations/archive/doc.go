// Package archive seals the journal into files that outlive the program and can be checked without it.
//
// Each round takes what the journal's chains got since the last one into a segment and signs a manifest:
// where each of the 258 chains stands (256 shards of patients, the process's own events, and among them the
// technical ones), the hash of the segment, and the hash of the manifest before. The chains run over the sealed bytes, so that a
// destroyed key leaves all of them verifiable. It promises that a manifest is written after its segment
// is on disk, and that the database notes a round only after both. It refuses to seal over what it finds
// altered.
//
// [Archive.Purge] lets go what was kept long enough. Before a segment goes, an image of the state that its
// entries made stands in its place, sealed with the patients' keys like them, under a signed mark; the chains go
// on from the last manifest of what went. Technical traces go alone, sooner: they make no state.
//
// A [Mirror] copies what is sealed to where other machines can read it; [Fill] takes from there what another
// bridge lacks.
//
// [Verify] needs the files and the public key alone. [Open] begins or goes on with an archive;
// [Archive.Round] seals; a [Reader] gives the entries of one chain in order.
//
// A directory holds, for each round n from 1, written with ten digits:
//
//	n.segment    "mesbridge journal segment 1\n", then for each entry, chain after chain, in the order
//	             of its sequences: chain (2 bytes), sequence (8), length (4) and CRC-32C of what follows
//	             (4), big-endian, then the entry as the journal keeps it
//	n.manifest   one line of JSON, one line of base64: its Ed25519 signature, newline included
//	n.technical  the technical traces, as a segment; only if there are any
//	n.image      the image of the state after round n, as a segment: its entries stand in no chain
//	k.mark       as a manifest: what the k-th purge let go, and the hashes of the image
//	public.pem   the public key of the signatures (PEM, SubjectPublicKeyInfo)
//
// With openssl: head -n 1 F > line; tail -n 1 F | base64 -d > sig;
// openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in line -sigfile sig.
package archive
