// Mesbridge is a patient-messaging bridge of Mon espace santé: it receives what professionals write to
// patients over MSSanté, shows it to them, and carries their replies back.
//
// Package main reads the command line and the settings, and leaves the rest to the packages below it:
// config (settings), app (what a running bridge is made of), demo (the demonstration), redisserver.
// Start with run in run.go.
package main
