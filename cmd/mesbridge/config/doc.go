// Package config reads the settings of a production start.
//
// Settings are one strict YAML file: an unknown key is a fault, every fault is reported at once, and
// each says what to write instead. Secrets are never in the file, only the paths of files that nobody
// else may read. The structs are the documentation: [WriteExample] prints a complete commented file
// from them, so that the two cannot drift.
//
// Start with [Load]; [Config.CheckFiles] then looks at the files that the settings name.
package config
