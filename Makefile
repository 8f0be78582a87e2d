# make up    a working stack on this machine, through the real engine; no account needed
# make test  everything; what it cannot run here it says, and with CI=true that is a failure
# make lint  formatting and static checks

PLUGIN  = cmd/pulumi-resource-secretstack
TOOL    = go tool -modfile=$(CURDIR)/tools/go.mod

build:
	go build -o bin/ ./cmd/secretstack
	go build -o $(PLUGIN)/ ./$(PLUGIN)

up: build
	bin/secretstack up -s local

test: .venv/installed
	$(TOOL) gotestsum --format pkgname -- -timeout 30m ./...
	go test -race ./cmd/... ./components/localsecret ./internal/...

lint:
	go vet ./...
	$(TOOL) golangci-lint run ./...
	$(TOOL) golangci-lint fmt --diff ./...
	cd e2e/awsplugin && go vet ./... && $(TOOL) golangci-lint run ./...

# The emulator of AWS, for the tests.
.venv/installed: e2e/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --requirement e2e/requirements.txt
	touch $@

.PHONY: build up test lint
