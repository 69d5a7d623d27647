// Package app is a running bridge: which parts it has, what each stands on, and in which order they
// start and stop. A production start and the demonstration differ only in their [Options].
//
// [Start] is where to start. What it returns is serving; [App.Failed] tells when it cannot go on, and
// [App.Stop] ends it in order: no new mail, no new requests, no new effects, then the stores.
package app
