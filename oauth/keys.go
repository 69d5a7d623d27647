package oauth

// hashTag puts all keys of this package into one slot of a Redis Cluster: the signatures of the
// tokens of one grant are random, and one script must change them together.
const hashTag = "{oa}:"

// The keys. Each ends in the digest of a secret or in a random id, never in anything that names a
// person. Records are hashes (d sealed record, a state), unless another type is given.
func codeKey(signature string) string    { return hashTag + "code:" + digest(signature) }
func pkceKey(signature string) string    { return hashTag + "pkce:" + digest(signature) }
func openidKey(code string) string       { return hashTag + "openid:" + digest(code) }
func accessKey(signature string) string  { return accessPrefix + digest(signature) }
func refreshKey(signature string) string { return refreshPrefix + digest(signature) }

const (
	accessPrefix  = hashTag + "access:"
	refreshPrefix = hashTag + "refresh:"
)

// grantKey is the set of all access and refresh records that came from one authorization.
func grantKey(requestID string) string { return hashTag + "grant:" + digest(requestID) }

// assertionKey is a string, present while a client assertion must not come again.
func assertionKey(id string) string { return hashTag + "assertion:" + digest(id) }

// pushedKey is a string, the sealed request that a client pushed under this reference.
func pushedKey(uri string) string { return hashTag + "pushed:" + digest(uri) }

// sessionKey is a hash: d sealed session, i first refused instant by idleness in Unix ms.
func sessionKey(cookie string) string { return sessionPrefix + digest(cookie) }

const sessionPrefix = hashTag + "session:"

// renewKey is a string, present while somebody renews the provider's session behind this one.
func renewKey(cookie string) string { return hashTag + "renew:" + digest(cookie) }

// personKey is a set: the keys of the sessions, codes and grants of one person (see end_everything.lua). Whom a
// structure's own provider vouches for is another person than the one whom a national provider calls by the same
// identifier: a structure's list must not reach into the sessions of others (D26).
func personKey(who Identity) string {
	person := string(who.Kind) + " " + who.Subject
	if who.FINESS != "" {
		person += " " + who.FINESS
	}
	return hashTag + "person:" + digest(person)
}

// consentKey is a string, the sealed agreement of a browser session with a client.
func consentKey(cookie, client string) string {
	return hashTag + "consent:" + digest(cookie+" "+client)
}

// flowKey is a string, the sealed flow of a login that was sent to its provider.
func flowKey(state string) string { return hashTag + "flow:" + digest(state) }

// waitingKey is a string, the sealed login that waits for the person to link it.
func waitingKey(ticket string) string { return hashTag + "link:" + digest(ticket) }
