package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/web/filetype"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed assets/*
var assets embed.FS

// Options are what all pages share. All but Demo and Contact are required.
type Options struct {
	Brand             string // name of the service, in titles and header
	Demo              bool   // says on every page that people are fictitious (D26)
	Zone              *time.Location
	PatientLogin      string // text of the login button (wording.md: the provider's own words)
	ProfessionalLogin string
	Structures        []LoginChoice // whose own provider lets their staff in (D26)
	Contact           string        // e-mail address for those whom a page keeps out (I216)
}

// Viewer is who looks at a page; the zero Viewer is nobody known.
type Viewer struct {
	Name         string
	Patient      bool
	Professional bool
	Officer      bool    // a professional who enrols patients (D26)
	CSRF         string  // token of every form (field csrf)
	SessionCSRF  string  // token of the forms about the viewer in person, and to log out
	Acting       *Acting // for whom the viewer acts; nil: himself

	Exercise      string // exercise situation in which a professional acts (I46)
	OtherExercise string // where he chooses another one; empty: there is none

	Stay *Stay // how long he stays logged in; nil: not told
}

// Known reports whether somebody is logged in.
func (v Viewer) Known() bool { return v.Patient || v.Professional }

// Page is the data of one page.
type Page interface {
	// title is unique among the pages and tells the state of a conversation (I219).
	title() string
	// template names the file that shows it, without ending.
	template() string
}

// Asset is an embedded file under a path that changes with its content, so that it may be cached for
// good.
type Asset struct {
	Path    string // as in /assets/style.0123456789ab.css
	Type    string // media type
	Content []byte // not to be changed
}

// Renderer writes pages. It is safe for concurrent use.
type Renderer struct {
	options Options
	pages   map[string]*template.Template
	assets  []Asset
	scripts map[string]string // paths by name
}

// New parses the embedded templates. A fault in one is a fault of the build, and panics.
func New(o Options) *Renderer {
	style, icon := styleSheet(), readAsset("icon.svg", "image/svg+xml")
	r := &Renderer{options: o, pages: map[string]*template.Template{}, assets: []Asset{style, icon}, scripts: map[string]string{}}
	for _, name := range []string{"list", "reply", "session"} {
		script := readAsset(name+".js", "text/javascript; charset=utf-8")
		r.assets, r.scripts[name] = append(r.assets, script), script.Path
	}
	functions := r.functions()
	functions["style"] = func() string { return style.Path }
	functions["icon"] = func() string { return icon.Path }
	shared := template.Must(template.New("").Funcs(functions).ParseFS(templates, "templates/layout.html", "templates/parts.html", "templates/professional.html"))
	files, err := templates.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		if slices.Contains([]string{"layout.html", "parts.html", "professional.html"}, f.Name()) {
			continue
		}
		own := template.Must(template.Must(shared.Clone()).ParseFS(templates, "templates/"+f.Name()))
		r.pages[strings.TrimSuffix(f.Name(), ".html")] = own
	}
	return r
}

// readAsset loads an embedded file.
func readAsset(name, mediaType string) Asset {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	return asset(name, mediaType, b)
}

// asset names a content by its digest.
func asset(name, mediaType string, b []byte) Asset {
	digest, ext := sha256.Sum256(b), path.Ext(name)
	named := fmt.Sprintf("/assets/%s.%s%s", strings.TrimSuffix(name, ext), hex.EncodeToString(digest[:6]), ext)
	return Asset{Path: named, Type: mediaType, Content: b}
}

// Assets lists the files to serve.
func (r *Renderer) Assets() []Asset { return slices.Clone(r.assets) }

// frameData is what the layout sees.
type frameData struct {
	Options
	Title  string
	Viewer Viewer
	Here   string // name of the page's template, to mark the menu
	Page   Page
	Menu   bool // it leads somewhere
	// Scripts are the paths of the page's scripts.
	Scripts []string
}

// Render writes a whole page, or nothing and an error.
func (r *Renderer) Render(w io.Writer, v Viewer, p Page) error {
	t, ok := r.pages[p.template()]
	if !ok {
		return fmt.Errorf("no template named %s", p.template())
	}
	var b bytes.Buffer
	frame := frameData{Options: r.options, Title: titleOf(p) + " – " + r.options.Brand, Viewer: v, Here: p.template(), Page: p, Menu: leads(p)}
	for _, name := range Scripts(v, p) {
		frame.Scripts = append(frame.Scripts, r.scripts[name])
	}
	err := t.ExecuteTemplate(&b, "layout", frame)
	if err != nil {
		return fmt.Errorf("render %s: %w", p.template(), err)
	}
	_, err = b.WriteTo(w)
	return err
}

// functions are what templates may call beside the methods of their data.
func (r *Renderer) functions() template.FuncMap {
	c, policy := calendar{r.options.Zone}, messagePolicy()
	return template.FuncMap{
		"moment":     c.moment,
		"date":       c.date,
		"begins":     c.begins,
		"until":      c.until,
		"hour":       c.hour,
		"lapse":      c.lapse,
		"lastDay":    c.lastDay,
		"period":     c.period,
		"size":       size,
		"days":       days,
		"format":     format,
		"enumerate":  enumerate,
		"labelled":   labelled,
		"joined":     func(a, b []string) []string { return slices.Concat(a, b) },
		"cutAddress": cutAddress,
		"contain":    func(html string) template.HTML { return contain(policy, html) },
		"state":      patientState,
		"deskState":  deskState,
		"deskThread": deskThreadState,
		"through":    lookedThrough,
		"extensions": func() string { return filetype.Extensions },
		"ins":        func(p conversations.Patient) string { return string(p.INS) }, // I205; rules.INS prints as nothing
	}
}
