package stack

import (
	"archive/zip"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/testcert"
)

const rotated = `
secrets:
  orders-db:
    readers: [checkout]
    rotation: {every: 30d, postgres: {users: [orders_a, orders_b], admin: orders-db-admin}}
  orders-db-admin: {}
  reports-db:
    readers: [checkout]
    rotation: {every: 1d, mysql: {users: [reports]}}
  api-token:
    readers: [checkout]
    rotation: {every: manual, webhook: {key: api-token-key}}
  api-token-key: {}
  signing-key:
    readers: [checkout]
    rotation: {every: 12h, generated: {}}
`

const awsRotation = `
config:
  aws:region: eu-west-1
  secretstack:cloud: aws
  secretstack:identities:
    checkout: arn:aws:iam::111122223333:role/checkout
  secretstack:alerts: {email: [oncall@example.com]}
  secretstack:targets:
    orders-db: {host: db.example.com, port: 5433, database: orders, ca: authority.pem}
    reports-db: {host: 10.0.0.7, port: "3307", tls: "off"}
    api-token: {url: https://issuer.example.com/rotate}
  secretstack:aws:
    rotatorBundle: dist/rotate-lambda.zip
    rotatorConcurrency: -1
    networks:
      data: {vpc: vpc-0a1b2c3d4e5f60718, subnets: [subnet-0a1b2c3d, subnet-1a1b2c3d], secrets: [orders-db]}
    schedules:
      orders-db: {expression: "cron(0 3 ? * SUN#1 *)", window: 3h}
      signing-key: {expression: rate(8 hours)}
`

// TestRotation reads all that a stack can say of rotations, with files beside it.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	authority := testcert.PEM(t)
	write(t, dir, "secrets.yaml", rotated)
	write(t, dir, "authority.pem", authority)
	write(t, dir, "Pulumi.test.yaml", awsRotation)
	writeBundle(t, dir, 0o755)
	s, err := check(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]secret.Address{
		"orders-db":  {Host: "db.example.com", Port: 5433, Database: "orders", CA: authority},
		"reports-db": {Host: "10.0.0.7", Port: 3307, TLS: "off"},
		"api-token":  {URL: "https://issuer.example.com/rotate"},
	}
	if diff := cmp.Diff(want, s.Addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}

	// What cannot be executed is no function.
	writeBundle(t, dir, 0o644)
	if _, err := check(t, dir); err == nil || !strings.Contains(err.Error(), "its bootstrap has the mode -rw-r--r--") {
		t.Errorf("a bundle that cannot be executed: %v", err)
	}
}

// TestLocalWithoutTargets: on a developer's machine a target may be missing.
func TestLocalWithoutTargets(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "secrets.yaml", rotated)
	write(t, dir, "Pulumi.test.yaml", "config:\n  secretstack:cloud: local\n  secretstack:targets:\n    reports-db: {host: localhost}\n")
	s, err := check(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]secret.Address{"reports-db": {Host: "localhost"}}, s.Addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
}

func check(t *testing.T, dir string) (*Stack, error) {
	t.Helper()
	s := &Stack{Name: "test", Project: "shop", Dir: dir, values: map[string]string{"aws:region": "eu-west-1"}}
	doc, nodes := readNodes(filepath.Join(dir, "Pulumi.test.yaml"))
	return s, s.load(doc, nodes, "Pulumi.yaml")
}

func writeBundle(t *testing.T, dir string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "dist"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "dist", "rotate-lambda.zip"))
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	header := &zip.FileHeader{Name: "bootstrap"}
	header.SetMode(mode)
	entry, err := w.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	program := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_AARCH64), Version: uint32(elf.EV_CURRENT), Ehsize: 64,
	}
	if err := binary.Write(entry, binary.LittleEndian, program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
