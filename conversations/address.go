package conversations

import "mesbridge/rules"

// Address is the address of a mailbox, as rules parses it.
type Address = rules.Address

// NamedAddress is an address with the name shown for it.
type NamedAddress struct {
	Name    string
	Address Address
}
