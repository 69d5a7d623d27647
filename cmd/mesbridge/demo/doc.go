// Package demo is what the demonstration adds to the program: a synthetic trust space, fictitious
// people, and where to find it all.
//
// [People] is the cast, the same every time. [OpenSpace] makes the certificates, the signed white list
// and the directory in a data directory, once, and finds them again later. [Ready] is the file by which
// scripts find the demonstration, and [Banner] the text by which people do. Sub-packages play the parts
// that are not ours in production: provider an identity provider, operator the professionals' mail
// servers.
//
// Nothing here is used by a production start, and no name, number or key of it is real.
package demo
