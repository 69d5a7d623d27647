// Package retention says how long each kind of data stays (D16), and lets go of the traces whose time has
// come.
//
// It promises that every purge leaves a trace, which tells what kind of data, how much of it, and up to which
// instant, and nothing of what it was. It refuses nothing: periods are checked where they are configured.
//
// [Periods.Table] lists the kinds of data; [Sweeper.Sweep] purges traces. What belongs to one patient goes by
// effects of package conversations, each in its own commit.
package retention
