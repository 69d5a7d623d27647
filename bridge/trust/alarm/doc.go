// Package alarm holds the conditions of the trust space that an administrator must act on (O16, O44,
// O52, O53): each is a line of the log when it begins, changes or ends, and stays on the [Board] in
// between, where metrics are made of it. Nothing in it names a person or quotes a message.
package alarm
