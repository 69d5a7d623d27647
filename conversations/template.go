package conversations

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"mesbridge/rules"
)

// Template is a text that the users of a mailbox keep to begin their messages with.
type Template struct {
	ID   ID
	Name string
	Text string // with placeholders (rules.Placeholder)
}

// templateList is what is kept of a mailbox's templates, as read for one command.
type templateList struct {
	*boxAccount

	box   rules.Habilitation
	label templatesLabel
}

type templatesLabel struct {
	Templates []templateLabel `cbor:"1,keyasint,omitempty"`
}

type templateLabel struct {
	ID   ID     `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"`
	Text string `cbor:"3,keyasint"`
}

// openTemplates reads the templates of a mailbox for somebody who may act for it; to anybody else there are none.
func (s *Service) openTemplates(ctx context.Context, actor Actor, a Address) (*templateList, error) {
	box, err := s.boxHabilitation(ctx, a)
	if err != nil {
		return nil, err
	}
	if box.Serves(s.member(actor), s.Now()).Refused() {
		return nil, &Error{Kind: KindNotFound, Rule: "I120"}
	}
	t := &templateList{box: box}
	t.boxAccount, err = s.openBox(ctx, boxTemplates, a, &t.label)
	return t, err
}

// boxHabilitation is who may act for a mailbox, with the list of its users if one is kept.
func (s *Service) boxHabilitation(ctx context.Context, a Address) (rules.Habilitation, error) {
	list, err := s.openUsers(ctx, a)
	switch {
	case err == nil:
		return list.habilitation(), nil
	case KindOf(err) == KindNotFound:
		return s.habilitation(a, s.Directory.Mailbox(a), nil), nil
	}
	return rules.Habilitation{}, err
}

// Templates lists the templates of a mailbox, by name.
func (s *Service) Templates(ctx context.Context, actor Actor, a Address) ([]Template, error) {
	t, err := s.openTemplates(ctx, actor, a)
	if err != nil {
		return nil, err
	}
	list := make([]Template, len(t.label.Templates))
	for i, one := range t.label.Templates {
		list[i] = Template(one)
	}
	slices.SortFunc(list, func(a, b Template) int { return compareNames(a.Name, b.Name, a.ID, b.ID) })
	return list, nil
}

// compareNames orders by name, whatever the case, and what is named alike by id.
func compareNames(a, b string, idA, idB ID) int {
	return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(idA, idB))
}

// SaveTemplate keeps a template for a mailbox: a new one without an ID, else in the place of the one that has it, which
// is KindNotFound when it is gone. It fails with KindInvalidRequest for a name or a text that is no plain text, by
// rule R71 for one with an unknown placeholder, and with KindTooLarge over the limits (rules.MaxTemplates).
func (s *Service) SaveTemplate(ctx context.Context, actor Actor, a Address, in Template) (Template, error) {
	saved := in
	err := s.changeBox(s.boxID(boxTemplates, a), func() error {
		t, err := s.openTemplates(ctx, actor, a)
		if err != nil {
			return err
		}
		at := t.at(in.ID)
		if in.ID != "" && at < 0 {
			return &Error{Kind: KindNotFound, Rule: "I246"}
		}
		r := rules.SaveTemplate(rules.TemplateFacts{
			Box: t.box, By: s.member(actor), Name: in.Name, Text: in.Text, Count: len(t.label.Templates), Known: at >= 0,
		}, s.Now())
		switch {
		case r.Refused():
			return refused(r)
		case at >= 0 && t.label.Templates[at] == templateLabel(in):
			return nil
		case at >= 0:
			t.label.Templates[at] = templateLabel(in)
		default:
			if saved.ID, err = s.newID(t.id); err != nil {
				return err
			}
			t.label.Templates = append(t.label.Templates, templateLabel(saved))
		}
		return t.commit(ctx, actor, TraceTemplateSaved, t.label, nil)
	})
	return saved, err
}

// DeleteTemplate deletes a template of a mailbox; one that is not there is KindNotFound.
func (s *Service) DeleteTemplate(ctx context.Context, actor Actor, a Address, id ID) error {
	return s.changeBox(s.boxID(boxTemplates, a), func() error {
		t, err := s.openTemplates(ctx, actor, a)
		if err != nil {
			return err
		}
		at := t.at(id)
		if at < 0 {
			return &Error{Kind: KindNotFound, Rule: "I246"}
		}
		t.label.Templates = slices.Delete(t.label.Templates, at, at+1)
		return t.commit(ctx, actor, TraceTemplateDeleted, t.label, nil)
	})
}

func (t *templateList) at(id ID) int {
	return slices.IndexFunc(t.label.Templates, func(one templateLabel) bool { return one.ID == id })
}

// FillTemplate returns a template's text as a message of the mailbox by the actor begins with it.
func (s *Service) FillTemplate(ctx context.Context, actor Actor, a Address, id ID) (string, error) {
	t, err := s.openTemplates(ctx, actor, a)
	if err != nil {
		return "", err
	}
	at := t.at(id)
	if at < 0 {
		return "", &Error{Kind: KindNotFound, Rule: "I246"}
	}
	return rules.FillTemplate(t.label.Templates[at].Text, s.shownName(s.label(NamedAddress{Address: a})), actor.Name), nil
}
