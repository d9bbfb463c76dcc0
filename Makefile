# make demo   install what is missing, build, load-test and archive a real model
# make test   install what the tests need, build, lint, run every test
GO ?= go
# An older Go fetches the one that go.mod names.
export GOTOOLCHAIN ?= auto
PREFIX ?= /usr/local

FUZZTIME ?= 10m

.PHONY: all build worker demo test lint bench fuzz testdata docs install clean

all: build worker

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags=-s -o bin/go-model-archiver .

# Which libtorch: LIBTORCH=FOLDER, or what scripts/build-worker finds. Workers of
# several versions lie side by side; the one built last is the default.
worker:
	scripts/build-worker $(LIBTORCH)

demo:
	scripts/setup demo
	@$(MAKE) --no-print-directory build worker
	scripts/demo

test:
	scripts/setup test
	@$(MAKE) --no-print-directory build worker lint
	scripts/test

lint:
	@changed=$$(find . -name '*.go' -not -path './build/*' -exec gofmt -l {} +); \
	test -z "$$changed" || { echo "gofmt would change:" $$changed; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

bench:
	scripts/setup bench
	@$(MAKE) --no-print-directory build worker
	bench/run

# As long as FUZZTIME for each parser.
fuzz:
	scripts/fuzz $(FUZZTIME)

testdata:
	scripts/setup testdata
	build/venv-testdata/bin/python scripts/make-testdata.py

# The generated part of docs/.
docs:
	$(GO) test ./validate/rules -run TestDocs -update

install: all
	install -D -t $(DESTDIR)$(PREFIX)/bin bin/go-model-archiver
	cp -P --remove-destination bin/go-model-archiver-libtorch* $(DESTDIR)$(PREFIX)/bin

clean:
	rm -rf bin build
