// Package userfile reads and edits the list of the users whom a structure's own OpenID provider may vouch for (D26): a
// file that the structure's IT department exports from its directory, or edits with the command "mesbridge users".
//
// The file is a table as spreadsheets write it: UTF-8, a header line, columns by semicolons or commas in any order.
//
//	sujet;identifiant;nom;profession;role;fin
//	a1b2c3;899900000033;Sophie AMBLARDET;;secrétaire médicale;31/12/2026
//
// sujet is the sub claim of the provider, or the claim that the settings name; identifiant the national identifier;
// profession a code of TRE_G15, empty for somebody without an exercise; role how people know the function; fin the last
// day of the right, empty for none. Only the first three are needed.
//
// It promises that a line that cannot be read, or stands twice, is a fault of the whole file, told by its line number and
// never quoted; that a file that cannot be used vouches for nobody; and that a change counts at the next use of a session
// or token (revocation at once).
//
// Start with [Open] in register.go; edits are in edit.go.
package userfile
