# make up    a working stack on this machine, through the real engine; no account needed
# make test  everything; what it cannot run here it says, and with CI=true that is a failure
# make lint  formatting and static checks

PLUGIN  = cmd/pulumi-resource-secretstack
LINT    = go tool -modfile=tools/go.mod golangci-lint
MODULES = . e2e/awsplugin

build:
	go build -o bin/ ./cmd/secretstack
	go build -o $(PLUGIN)/ ./$(PLUGIN)

up: build
	bin/secretstack up -s local

test: .venv/installed
	go vet ./...
	go test -timeout 30m ./...
	go test -race ./internal/... ./cmd/pulumi-resource-secretstack/...
	cd e2e/awsplugin && go vet ./... && go test -timeout 30m ./...

lint:
	$(LINT) fmt --diff ./...
	for dir in $(MODULES); do (cd $$dir && go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint run ./...) || exit 1; done

# The emulator of AWS, for the tests.
.venv/installed: e2e/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --requirement e2e/requirements.txt
	touch $@

.PHONY: build up test lint
