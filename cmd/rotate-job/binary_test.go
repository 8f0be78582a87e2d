package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/azurestore/keyvaulttest"
)

const (
	vaultHost = "orders.vault.azure.net"
	token     = "canary-token"
	header    = "canary-header"
)

// certificate makes one for the vault, and a file that trusts it.
func certificate(t *testing.T) (tls.Certificate, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{vaultHost}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// tunnel is an HTTP proxy that leads to the vault whatever is asked of it.
func tunnel(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != vaultHost+":443" {
			http.Error(w, "there is no way to "+r.Host, http.StatusForbidden)
			return
		}
		up, err := net.Dial("tcp", to)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		down, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(up, down)
			_ = up.Close()
		}()
		_, _ = io.Copy(down, up)
		_ = down.Close()
	}
}

// identity answers as the endpoint that Container Apps gives a job which has an identity
// (https://learn.microsoft.com/azure/container-apps/managed-identity#rest-endpoint-reference).
func identity(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Header.Get("X-IDENTITY-HEADER") != header || q.Get("client_id") != "the-client-id" ||
			strings.TrimSuffix(q.Get("resource"), "/") != "https://vault.azure.net" {
			t.Errorf("asked the identity endpoint for %s", r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"access_token": token, "token_type": "Bearer", "resource": q.Get("resource"), "client_id": q.Get("client_id"),
			"expires_on": fmt.Sprint(time.Now().Add(time.Hour).Unix()),
		})
	}
}

// TestBinary runs the program as Container Apps does: over TLS, with the job's own identity.
func TestBinary(t *testing.T) {
	program := filepath.Join(t.TempDir(), "rotate-job")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	vault := &keyvaulttest.Vault{}
	job := generated("orders/key")
	job.ID = "orders--skey"
	vault.Declare(job.ID)
	vault.Declare(job.ID + secret.CompanionSuffix)

	pair, ca := certificate(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "" && got != "Bearer "+token {
			t.Error("the vault got another token than the identity's")
		}
		vault.ServeHTTP(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	defer server.Close()
	proxy := httptest.NewServer(tunnel(server.Listener.Addr().String()))
	defer proxy.Close()
	endpoint := httptest.NewServer(identity(t))
	defer endpoint.Close()

	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	start := func(more ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Env = slices.Concat(more, []string{
			"HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + ca, "IDENTITY_ENDPOINT=" + endpoint.URL, "IDENTITY_HEADER=" + header,
			"AZURE_CLIENT_ID=the-client-id", "SECRETSTACK_VAULT=https://" + vaultHost + "/", "SECRETSTACK_ROTATION_1=" + string(text),
		})
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := start()
	if err != nil || !strings.Contains(out, `"msg":"rotations","step":"look","outcome":"ok","on_time":1,"rotated":1,`) {
		t.Fatalf("%v\n%s", err, out)
	}
	value, err := azurestore.Read(t.Context(), keyvaulttest.Client(vault), job.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range []string{value.Reveal(), token, header} {
		if strings.Contains(out, canary) {
			t.Error("a value or a token is in the output")
		}
	}
	if out, err := start(); err != nil || !strings.Contains(out, `"nothing":1,`) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := start("SECRETSTACK_ROTATE=nope"); err == nil || !strings.Contains(out, `no rotation of a secret \"nope\"`) {
		t.Errorf("%v\n%s", err, out)
	}
}
