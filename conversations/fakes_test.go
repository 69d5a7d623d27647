package conversations_test

import (
	"encoding/json"
	"io"
	"strings"
	"sync"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// plainMail writes a draft as JSON and shows it again: the service does not look into messages.
type plainMail struct{}

func (plainMail) View(raw io.Reader) (conversations.View, error) {
	var d conversations.Draft
	if err := json.NewDecoder(raw).Decode(&d); err != nil {
		return conversations.View{}, err
	}
	v := conversations.View{Text: d.Text}
	for i, a := range d.Attachments {
		p := conversations.Part{Index: i, Name: a.Name, Type: a.Type, Bytes: int64(len(a.Content))}
		if a.Type == documentOf {
			p.Matricules = [][]string{strings.Fields(string(a.Content))}
			p.Documents = []conversations.HealthDocument{{
				Title: a.Name, Embedded: []conversations.Part{{Index: 100 + i, Name: "inside.pdf", Bytes: int64(len(a.Content))}},
			}}
		}
		v.Attachments = append(v.Attachments, p)
	}
	return v, nil
}

// documentOf is the type of an attachment that stands for a document of the patients whom it lists, with a file
// of the same content inside.
const documentOf = "x-test/matricules"

func (plainMail) Part(raw io.Reader, index int, w io.Writer) error {
	var d conversations.Draft
	if err := json.NewDecoder(raw).Decode(&d); err != nil {
		return err
	}
	_, err := w.Write(d.Attachments[index%100].Content)
	return err
}

// Matricules tells whose the documents are.
func (plainMail) Matricules(raw io.Reader) ([][]string, error) {
	var d conversations.Draft
	err := json.NewDecoder(raw).Decode(&d)
	return matriculesOf(d), err
}

func matriculesOf(d conversations.Draft) (all [][]string) {
	for _, a := range d.Attachments {
		if a.Type == documentOf {
			all = append(all, strings.Fields(string(a.Content)))
		}
	}
	return all
}

func (plainMail) Original(raw io.Reader, people conversations.People, w io.Writer) error {
	var d conversations.Draft
	if err := json.NewDecoder(raw).Decode(&d); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(map[string]any{"people": people, "text": d.Text})
}

func (plainMail) References(raw io.Reader) ([]string, error) {
	var d conversations.Draft
	err := json.NewDecoder(raw).Decode(&d)
	return append(d.References, d.MessageID), err
}

func (plainMail) Compose(d conversations.Draft, w io.Writer) error {
	return json.NewEncoder(w).Encode(d)
}

// tables is a directory of a few mailboxes; every domain but gone.test is trusted.
type tables struct {
	mu    sync.Mutex
	known map[string]conversations.Mailbox
}

func (d *tables) Mailbox(a conversations.Address) conversations.Mailbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.known[a.Canonical()]
	m.Address = a
	return m
}

func (d *tables) Held(person string) []conversations.Mailbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []conversations.Mailbox
	for _, m := range d.known {
		if m.Person == person {
			list = append(list, m)
		}
	}
	return list
}

func (d *tables) Trusted(domain string) bool { return domain != "gone.test" }

func (d *tables) add(address string, m conversations.Mailbox) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a, err := rules.ParseAddress(address); err == nil {
		m.Address = a
	}
	d.known[strings.ToLower(address)] = m
}
