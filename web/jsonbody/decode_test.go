package jsonbody_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"mesbridge/web/jsonbody"
)

// message is a body with one member of each shape that the API uses.
type message struct {
	Text   string
	Reply  bool
	INS    string
	Names  []string
	Binary [][]byte
}

func (m *message) fields() jsonbody.Fields {
	return jsonbody.Fields{
		"text":    jsonbody.Into(&m.Text),
		"reply":   jsonbody.Into(&m.Reply),
		"patient": jsonbody.Object(jsonbody.Fields{"ins": jsonbody.Into(&m.INS)}),
		"attachments": jsonbody.List(2, func(int) jsonbody.Fields {
			m.Names, m.Binary = append(m.Names, ""), append(m.Binary, nil)
			last := len(m.Names) - 1
			return jsonbody.Fields{"name": jsonbody.Into(&m.Names[last]), "base64": jsonbody.Into(&m.Binary[last])}
		}),
	}
}

func TestDecode_readsEveryShape(t *testing.T) {
	t.Parallel()
	var m message
	body := ` {"text":"é\n","reply":true,"patient":{"ins":"x"},"attachments":[{"name":"a","base64":"AQI="},{"name":"b"}]} `
	if err := jsonbody.Decode([]byte(body), m.fields()); err != nil {
		t.Fatal(err)
	}
	if m.Text != "é\n" || !m.Reply || m.INS != "x" || strings.Join(m.Names, ",") != "a,b" || !bytes.Equal(m.Binary[0], []byte{1, 2}) {
		t.Errorf("read %+v", m)
	}
}

func TestDecode_nullIsAbsent(t *testing.T) {
	t.Parallel()
	m := message{Text: "kept"}
	if err := jsonbody.Decode([]byte(`{"text":null,"patient":null,"attachments":null}`), m.fields()); err != nil {
		t.Fatal(err)
	}
	if m.Text != "kept" || m.Names != nil {
		t.Errorf("read %+v", m)
	}
}

// docs/contract.md: unknown fields are refused with their name.
func TestDecode_tellsTheFieldAtFault(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]jsonbody.Error{
		``:                             {Reason: jsonbody.Malformed},
		`null`:                         {Reason: jsonbody.Malformed},
		`[]`:                           {Reason: jsonbody.Malformed},
		`"text"`:                       {Reason: jsonbody.Malformed},
		`{"text":"a"`:                  {Reason: jsonbody.Malformed},
		`{"text":"a"} {}`:              {Reason: jsonbody.Malformed},
		`{"text":"a",}`:                {Reason: jsonbody.Malformed},
		`{text:1}`:                     {Reason: jsonbody.Malformed},
		`{"attachments":[{"name":`:     {Reason: jsonbody.Malformed},
		`{"txt":1}`:                    {Field: "txt", Reason: jsonbody.Unknown},
		`{"Text":"a"}`:                 {Field: "Text", Reason: jsonbody.Unknown},
		`{"text":"a","text":"b"}`:      {Field: "text", Reason: jsonbody.Repeated},
		`{"text":1}`:                   {Field: "text", Reason: jsonbody.WrongType},
		`{"reply":"yes"}`:              {Field: "reply", Reason: jsonbody.WrongType},
		`{"patient":"x"}`:              {Field: "patient", Reason: jsonbody.WrongType},
		`{"patient":{"nir":"x"}}`:      {Field: "patient.nir", Reason: jsonbody.Unknown},
		`{"patient":{"ins":[]}}`:       {Field: "patient.ins", Reason: jsonbody.WrongType},
		`{"attachments":{}}`:           {Field: "attachments", Reason: jsonbody.WrongType},
		`{"attachments":[{},{"x":1}]}`: {Field: "attachments[1].x", Reason: jsonbody.Unknown},
		`{"attachments":[{},{},{}]}`:   {Field: "attachments", Reason: jsonbody.TooMany},
		`{"attachments":[{"base64":"%"}]}`: {
			Field: "attachments[0].base64", Reason: jsonbody.WrongType,
		},
		`{"` + strings.Repeat("é", 100) + `":1}`: {Field: strings.Repeat("é", 32), Reason: jsonbody.Unknown},
	} {
		var m message
		err := jsonbody.Decode([]byte(body), m.fields())
		var got *jsonbody.Error
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%.60s: got %v, want %v", body, err, want.Error())
		}
	}
}

// FuzzDecode checks that whatever is accepted is JSON whose members the standard decoder reads alike,
// and that every failure is an *Error without a value of the body.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"text":"a"}`, `{"attachments":[{"name":"a","base64":"AQI="}]}`, `{"text":"a","text":"b"}`, `{"patient":{"ins":1}}`,
		`{"text":"\ud800"}`, "{\"text\":\"\xff\"}", `{"attachments":[[[[`, `{"text"`, "\ufeff{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var m message
		if err := jsonbody.Decode(body, m.fields()); err != nil {
			var e *jsonbody.Error
			if !errors.As(err, &e) || len(e.Field) > 3*maxPath {
				t.Fatalf("failed with %T %v", err, err)
			}
			return
		}
		var want struct {
			Text        string
			Attachments []struct{ Name string }
		}
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("accepted what is not JSON: %v", err)
		}
		if m.Text != want.Text || len(m.Names) != len(want.Attachments) {
			t.Fatalf("read %+v, the standard decoder %+v", m, want)
		}
	})
}

// maxPath is longer than any path that message can be at fault with.
const maxPath = 100
