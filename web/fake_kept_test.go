package web

import (
	"context"
	"strings"

	"mesbridge/conversations"
)

// fakeKept is what the core does with an answer that is kept; erased, when set, makes it as if a patient were gone.
type fakeKept struct{ erased bool }

const sealedMark = "sealed for "

func (f *fakeKept) SealFor(_ context.Context, _ []conversations.PatientID, place string, plain []byte) ([]byte, error) {
	if f.erased {
		return nil, &conversations.Error{Kind: conversations.KindNotFound, Rule: "O117"}
	}
	return []byte(sealedMark + place + ":" + string(plain)), nil
}

func (f *fakeKept) OpenFor(_ context.Context, place string, sealed []byte) ([]byte, error) {
	if f.erased {
		return nil, &conversations.Error{Kind: conversations.KindNotFound, Rule: "O117"}
	}
	plain, found := strings.CutPrefix(string(sealed), sealedMark+place+":")
	if !found {
		return nil, &conversations.Error{Kind: conversations.KindUnavailable, Rule: "D17"}
	}
	return []byte(plain), nil
}
