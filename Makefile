# make up    a working stack on this machine, through the real engine; no account needed
# make test  everything; what it cannot run here it says, and with CI=true that is a failure
# make lint  formatting and static checks

PLUGIN  = cmd/pulumi-resource-secretstack
KUSTO   = alert/azurealert/kusto
TOOL    = go tool -modfile=$(CURDIR)/tools/go.mod

build:
	go build -o bin/ ./cmd/secretstack
	go build -o $(PLUGIN)/ ./$(PLUGIN)

up: build
	bin/secretstack up -s local

test: .venv/installed packages $(KUSTO)/node_modules
	$(TOOL) gotestsum --format pkgname -- -timeout 30m ./...
	go test -race ./alert/... ./cmd/... ./components/localsecret ./internal/... ./rotation ./rotation/gcpstore/... ./rotation/localstore ./rotation/webhook/... ./policies/analyzer ./policies/leak

lint:
	go vet ./...
	$(TOOL) golangci-lint run ./...
	$(TOOL) golangci-lint fmt --diff ./...
	cd e2e/awsplugin && go vet ./... && $(TOOL) golangci-lint run ./...

# The rotator for AWS Lambda, for those who deploy without Go.
lambda:
	go run ./internal/bundle/lambdazip dist/rotate-lambda.zip

# The images of the rotators for Google Cloud and Azure: pushes them to $KO_DOCKER_REPO and prints their references.
image:
	@test -n "$$KO_DOCKER_REPO" || { \
		echo "KO_DOCKER_REPO is not set: give the registry and the path under which to push, such as example.azurecr.io/secretstack" >&2; exit 1; }
	$(TOOL) ko build --base-import-paths ./cmd/rotate-run ./cmd/rotate-job

# The emulator of AWS, for the tests.
.venv/installed: e2e/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --requirement e2e/requirements.txt
	touch $@

# Microsoft's parser of KQL, for the tests. Without npm they say that it is missing.
$(KUSTO)/node_modules: $(KUSTO)/package-lock.json | packages
	! command -v npm >/dev/null || npm ci --silent --prefix $(KUSTO)
	[ ! -d $@ ] || touch $@

# Programs and servers, for the tests.
packages:
	e2e/packages.sh

.PHONY: build up test packages lint lambda image
