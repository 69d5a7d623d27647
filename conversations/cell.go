package conversations

import "strings"

// InertCell returns the text of a cell that no spreadsheet takes for a formula.
func InertCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
