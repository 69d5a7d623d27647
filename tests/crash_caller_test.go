package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
)

// crashCaller is somebody who uses the API while it may be killed.
type crashCaller struct {
	ctx     context.Context //nolint:containedctx // it lives as long as the test
	client  *http.Client
	token   string
	address string // of a patient
	ins     string
}

// call makes a call once and says what its answer means. A key names it, so that it can be repeated.
func (c crashCaller) call(d *demo, method, path, key string, body any, good ...int) crashAnswer {
	status, text, err := c.do(d, method, path, key, body)
	if err != nil {
		return crashAnswer{kind: answerNone, text: err.Error()}
	}
	var shape struct{ ID, Code string }
	_ = json.Unmarshal(text, &shape) // a 204 has none
	got := crashAnswer{id: shape.ID, text: string(text), ended: shape.Code == "thread-closed"}
	switch {
	case slices.Contains(good, status):
		got.kind = answerYes
	case status == http.StatusServiceUnavailable && shape.Code == "temporarily-unavailable":
		got.kind = answerLater
	case status == http.StatusForbidden && (got.ended || shape.Code == "blocked-by-patient"):
		got.kind = answerNo
	case status == http.StatusForbidden && shape.Code == "patient-unreachable":
		got.kind = answerNo
	default:
		got.kind = answerWrong
	}
	return got
}

// read reads, and returns the status; 0 without an answer.
func (c crashCaller) read(d *demo, path string, target any) int {
	status, text, err := c.do(d, http.MethodGet, path, "", nil)
	if err != nil {
		return 0
	}
	if status == http.StatusOK && json.Unmarshal(text, target) != nil {
		return http.StatusInternalServerError
	}
	return status
}

func (c crashCaller) do(d *demo, method, path, key string, body any) (int, []byte, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(c.ctx, method, d.HTTP+"/api/v1"+path, content)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := c.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}
