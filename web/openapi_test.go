package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// description loads the OpenAPI document once for all tests.
var description = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

// checkAgainstOpenAPI holds an answer of the API against the published description: its status, header
// fields and body must be described (I249). Paths and methods that the API does not have are left out; the
// router takes a method that a literal path has not for one of the pattern beside it.
func checkAgainstOpenAPI(t testing.TB, r *http.Request, res *http.Response, body []byte) {
	t.Helper()
	router, err := description()
	if err != nil {
		t.Fatalf("load the description: %v", err)
	}
	asked := r.Clone(context.Background())
	asked.Body = http.NoBody
	route, params, err := router.FindRoute(asked)
	if err != nil || r.Method == http.MethodHead || res.StatusCode == http.StatusMethodNotAllowed {
		return
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
		Status:                 res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		t.Errorf("%s %s answered %d against the description: %v", r.Method, r.URL.Path, res.StatusCode, err)
	}
}

// I249: what is described is served, and what is served is described.
func TestOpenAPI_listsExactlyTheEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, err := openapi3.NewLoader().LoadFromData(w.visit("", "/openapi.json").wants(http.StatusOK, "").body)
	if err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("version %s", doc.OpenAPI)
	}
	var described, served []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			scope := ""
			for s := range (*op.Security)[0] {
				scope = strings.Join((*op.Security)[0][s], " ")
			}
			described = append(described, method+" "+path+" "+scope)
		}
	}
	for _, e := range w.app.endpoints() {
		served = append(served, e.method+" "+apiBase+e.path+" "+e.scope)
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described %v\nserved %v", described, served)
	}
}

// Every code of the border and of the core is in the published list.
func TestOpenAPI_listsEveryCode(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	listed := doc.Components.Schemas["Problem"].Value.Properties["code"].Value.Enum
	for _, c := range allCodes() {
		if !slices.Contains(listed, any(string(c))) {
			t.Errorf("%s is not described", c)
		}
	}
	if len(listed) != len(allCodes()) {
		t.Errorf("%d codes described, %d given", len(listed), len(allCodes()))
	}
}
