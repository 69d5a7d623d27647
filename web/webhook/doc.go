// Package webhook calls the receivers of events: software of professionals and of establishments that asked to be told.
//
// A call is signed by the convention of Standard Webhooks (standardwebhooks.com, 1.0): HMAC-SHA256 over id, time and
// body. The body says that something happened, by ids of the API; it names nobody and quotes nothing.
//
// It promises that a receiver cannot turn the bridge against the network that it stands in: only https, only addresses
// of the internet or of networks that the settings name, judged where the connection is made, so that no name can lead
// elsewhere; no redirects; bounded time, memory and number of calls at once. When and how often is decided by package
// rules, what is told by package conversations; [Sender] is where to start.
package webhook
