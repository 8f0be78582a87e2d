package secretmanagertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// Environment is what a process needs in its environment to find this service at secretmanager.googleapis.com,
// and each of the other hosts at its handler, over TLS and under its real name: a proxy, a certificate authority
// and a service account's key. The proxy reaches nothing else; trying fails the test.
func (s *Server) Environment(t testing.TB, others map[string]http.Handler) []string {
	t.Helper()
	service := grpc.NewServer()
	s.Register(service)
	hosts := map[string]http.Handler{"secretmanager.googleapis.com": service}
	for host, h := range others {
		hosts[host] = h
	}
	dir := t.TempDir()
	authority := filepath.Join(dir, "authority.pem")
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		hosts[host].ServeHTTP(w, r)
	}))
	front.EnableHTTP2 = true
	front.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t, hosts, authority)}}
	front.StartTLS()
	t.Cleanup(front.Close)

	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if r.Method != http.MethodConnect || err != nil || hosts[host] == nil {
			t.Errorf("the process wants to reach %s", r.Host)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		join(t, w, front.Listener.Addr().String())
	}))
	t.Cleanup(proxy.Close)

	account := filepath.Join(dir, "account.json")
	writeAccount(t, account)
	return []string{
		"HTTPS_PROXY=" + proxy.URL,
		"SSL_CERT_FILE=" + authority,
		"GOOGLE_APPLICATION_CREDENTIALS=" + account,
	}
}

// join connects the proxy's client with an address, until either closes.
func join(t testing.TB, w http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_, err = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	}
	if err != nil {
		t.Error(err)
		return
	}
	go func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	}()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
}

// certificate makes one for the hosts, and writes the authority that signed it: itself.
func certificate(t testing.TB, hosts map[string]http.Handler, authority string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "secretmanagertest"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	for host := range hosts {
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// writeAccount writes a service account's key, with which Google's clients sign a token themselves
// (https://google.aip.dev/auth/4111).
func writeAccount(t testing.TB, path string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	account, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": Project, "private_key_id": "1", "private_key": string(text),
		"client_email": "rotator@" + Project + ".iam.gserviceaccount.com", "client_id": "1",
		"token_uri": "https://oauth2.googleapis.com/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, account)
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
