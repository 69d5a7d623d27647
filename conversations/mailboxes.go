package conversations

// MailboxQuery asks for professional mailboxes by the beginnings of words, whatever their case and accents. What is
// empty asks for nothing.
type MailboxQuery struct {
	Name       string // of the holder, the service or the structure; or an RPPS number (I208)
	Profession string // code or label
	Speciality string
	Place      string // postal code, town or département of the structure
}
