package webhook_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/rotationtest"
	"github.com/secretstack/secretstack/rotation/webhook"
	"github.com/secretstack/secretstack/rotation/webhook/signature"
)

const (
	name    = "stripe-api-key"
	keyText = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	canary  = "canary-5f1c0"
)

var none rotation.Value

// TestConformance rotates with a fault at each request; the issuer is the one of the documentation.
func TestConformance(t *testing.T) {
	rotationtest.Run(t, rotationtest.Harness{New: func(t *testing.T, calls *rotationtest.Calls) rotationtest.World {
		issuer := newIssuer(t)
		open := func() *webhook.Target {
			target := newTarget(t, "https://issuer.example.com/rotate")
			target.Through(func(http.RoundTripper) http.RoundTripper { return handled{calls, issuer} })
			return target
		}
		first, err := open().Mint(t.Context(), "first", none)
		if err != nil {
			t.Fatal(err)
		}
		store := rotationtest.NewStore(calls, first)
		return rotationtest.World{
			Open:    func() (rotation.Store, rotation.Target) { return store, open() },
			Current: store.Current,
			Works: func(v rotation.Value) error {
				if !issuer.works(v.Reveal()) {
					return errors.New("the issuer does not know it")
				}
				return nil
			},
			Live: issuer.live,
		}
	}})
}

// handled passes requests to the issuer without a network, and may lose them or their answers.
type handled struct {
	calls  *rotationtest.Calls
	issuer http.Handler
}

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	var response *http.Response
	err := h.calls.Do("issuer."+r.Method, func() error {
		recorder := httptest.NewRecorder()
		h.issuer.ServeHTTP(recorder, r)
		response = recorder.Result()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

func (i *Issuer) works(credential string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.valid[credential] == name
}

func (i *Issuer) live() []rotation.Value {
	i.mu.Lock()
	defer i.mu.Unlock()
	var live []rotation.Value
	for credential := range i.valid {
		live = append(live, rotation.NewValue(credential))
	}
	return live
}

// TestIssuer is one rotation over HTTP.
func TestIssuer(t *testing.T) {
	issuer := newIssuer(t)
	server := httptest.NewServer(issuer)
	defer server.Close()
	lifecycle(t, newTarget(t, server.URL))
	if len(issuer.live()) != 1 {
		t.Errorf("%d credentials live", len(issuer.live()))
	}
}

// lifecycle uses each action, twice.
func lifecycle(t *testing.T, target *webhook.Target) {
	t.Helper()
	mint := func(token string, current rotation.Value) rotation.Value {
		t.Helper()
		v, err := target.Mint(t.Context(), token, current)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	previous := mint("token 1", none)
	current := mint("token 2", previous)
	if current == previous {
		t.Error("another token gives the same credential")
	}
	if mint("token 2", previous) != current {
		t.Error("the same token gives another credential")
	}
	must(target.Apply(t.Context(), current, previous))
	must(target.Verify(t.Context(), previous))
	must(target.Verify(t.Context(), current))
	must(target.Revoke(t.Context(), previous, current))
	must(target.Revoke(t.Context(), previous, current))
	must(target.Revoke(t.Context(), current, current))
	must(target.Verify(t.Context(), current))
	is(t, target.Verify(t.Context(), previous), rotation.Refused, "the credential is not valid")
	if _, err := target.Mint(t.Context(), "token 2", current); err == nil {
		t.Error("the current credential was minted again")
	} else {
		is(t, err, rotation.Invalid, "the credential is the one in use already")
	}
}

// TestRequests looks at what is sent.
func TestRequests(t *testing.T) {
	ids := map[string]bool{}
	var bodies []string
	target := newTarget(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err := errors.Join(err, signature.Verify(r.Header, body, time.Now(), parseKey(t))); err != nil {
			t.Error(err)
		}
		if id := r.Header.Get(signature.ID); ids[id] || !strings.HasPrefix(id, "msg_") {
			t.Errorf("the id %q", id)
		} else {
			ids[id] = true
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Error(r.Method, r.Header)
		}
		bodies = append(bodies, string(body))
		if len(bodies) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, `{"credential": "new", "valid": false, "unknown": {}}`)
	}))
	if v, err := target.Mint(t.Context(), "a token", rotation.NewValue("old")); err != nil || v.Reveal() != "new" {
		t.Fatal(v.Reveal(), err)
	}
	if err := target.Revoke(t.Context(), rotation.NewValue("old"), rotation.NewValue("new")); err != nil {
		t.Fatal(err)
	}
	mint := `{"action":"mint","secret":"stripe-api-key","token":"a token"}`
	if got, want := strings.Join(bodies, "\n"), mint+"\n"+mint+"\n"+`{"action":"revoke","secret":"stripe-api-key","credential":"old"}`; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
}

// TestReplay sends a captured request again, unchanged and later.
func TestReplay(t *testing.T) {
	issuer := newIssuer(t)
	var header http.Header
	var body []byte
	target := newTarget(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		header, body = r.Header, read(t, r)
		issuer.ServeHTTP(w, r)
	}))
	if _, err := target.Mint(t.Context(), "a token", none); err != nil {
		t.Fatal(err)
	}
	for late, want := range map[time.Duration]error{0: nil, signature.Window + 2*time.Second: signature.ErrWindow, -signature.Window - 2*time.Second: signature.ErrWindow} {
		if err := signature.Verify(header, body, time.Now().Add(late), parseKey(t)); !errors.Is(err, want) {
			t.Errorf("%s later: %v, want %v", late, err, want)
		}
	}
}

// TestAnswers gives each answer to each action.
func TestAnswers(t *testing.T) {
	huge := `{"valid": true, "credential": "` + strings.Repeat(canary, 64<<10/len(canary)+1) + `"}`
	for title, tt := range map[string]struct {
		status int
		body   string
		mint   string // the errors of mint, verify and revoke; empty: none
		verify string
		revoke string
		class  rotation.Class
		tries  int32 // of one call
	}{
		"all there": {200, `{"credential": "c", "valid": true}`, "", "", "the credential is valid still", rotation.Refused, 1},
		"not valid": {200, `{"credential": "c", "valid": false}`, "", "the credential is not valid", "", rotation.Refused, 1},
		"nothing":   {200, `{}`, "no credential", "does not say", "does not say", rotation.Invalid, 1},
		"null":      {200, `null`, "no credential", "does not say", "does not say", rotation.Invalid, 1},
		"empty":     {200, `{"credential": ""}`, "no credential", "does not say", "does not say", rotation.Invalid, 1},
		"the current one": {
			200, `{"credential": "current-` + canary + `"}`,
			"in use already", "does not say", "does not say", rotation.Invalid, 1,
		},
		"no UTF-8":           {200, "{\"credential\": \"" + canary + "\xff\"}", "UTF-8", "does not say", "does not say", rotation.Invalid, 1},
		"half a character":   {200, `{"credential": "` + canary + `\ud800"}`, "UTF-8", "does not say", "does not say", rotation.Invalid, 1},
		"wrong types":        all(200, `{"credential": ["`+canary+`"], "valid": "`+canary+`"}`, "no JSON object of the protocol", rotation.Invalid, 1),
		"no JSON":            all(200, canary, "no JSON object of the protocol", rotation.Invalid, 1),
		"cut off":            all(200, `{"valid": true, "credential": "`+canary, "no JSON object of the protocol", rotation.Invalid, 1),
		"twice":              all(200, `{"valid": true}{"valid": true}`, "no JSON object of the protocol", rotation.Invalid, 1),
		"no body":            all(200, "", "no JSON object of the protocol", rotation.Invalid, 1),
		"huge":               all(200, huge, "larger than 64 KiB", rotation.Invalid, 1),
		"another success":    all(204, "", "HTTP 204", rotation.Invalid, 1),
		"bad request":        all(400, canary, "HTTP 400", rotation.Invalid, 1),
		"bad signature":      all(401, canary, "HTTP 401", rotation.Refused, 1),
		"forbidden":          all(403, canary, "HTTP 403", rotation.Refused, 1),
		"not found":          all(404, canary, "HTTP 404", rotation.Invalid, 1),
		"at work":            all(409, canary, "HTTP 409", rotation.Throttled, 5),
		"too many":           all(429, canary, "HTTP 429", rotation.Throttled, 5),
		"slow request":       all(408, canary, "HTTP 408", rotation.Unreachable, 5),
		"broken":             all(500, canary, "HTTP 500", rotation.Unreachable, 5),
		"under maintenance":  all(503, huge, "HTTP 503", rotation.Unreachable, 5),
		"moved":              all(301, canary, "HTTP 301", rotation.Invalid, 1),
		"moved with method":  all(308, canary, "HTTP 308", rotation.Invalid, 1),
		"moved and to fetch": all(303, canary, "HTTP 303", rotation.Invalid, 1),
	} {
		t.Run(title, func(t *testing.T) {
			var tries atomic.Int32
			elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("followed a redirect") })
			target := newTarget(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				w.Header().Set("Location", elsewhere)
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})+"/"+canary)
			current := rotation.NewValue("current-" + canary)
			_, mint := target.Mint(t.Context(), canary, current)
			verify := target.Verify(t.Context(), current)
			revoke := target.Revoke(t.Context(), rotation.NewValue("previous-"+canary), current)
			is(t, mint, tt.class, tt.mint)
			is(t, verify, tt.class, tt.verify)
			is(t, revoke, tt.class, tt.revoke)
			if got := tries.Load(); got != 3*tt.tries {
				t.Errorf("%d requests, want 3 times %d", got, tt.tries)
			}
		})
	}
}

// all is an answer on which each action fails alike.
func all(status int, body, text string, class rotation.Class, tries int32) struct {
	status               int
	body                 string
	mint, verify, revoke string
	class                rotation.Class
	tries                int32
} {
	return struct {
		status               int
		body                 string
		mint, verify, revoke string
		class                rotation.Class
		tries                int32
	}{status, body, text, text, text, class, tries}
}

// TestRetryAfter waits as long as it is told, and no longer than there is time.
func TestRetryAfter(t *testing.T) {
	var tries atomic.Int32
	target := newTarget(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch tries.Add(1) {
		case 1:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			_, _ = io.WriteString(w, `{"valid": true}`)
		default:
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	began := time.Now()
	if err := target.Verify(t.Context(), rotation.NewValue("c")); err != nil || tries.Load() != 2 || time.Since(began) < time.Second {
		t.Errorf("%d tries in %s: %v", tries.Load(), time.Since(began), err)
	}
	began = time.Now()
	err := target.Verify(t.Context(), rotation.NewValue("c"))
	is(t, err, rotation.Unreachable, "HTTP 503; rotate again in 1h0m0s or later, as the issuer asks")
	if time.Since(began) > time.Second || tries.Load() != 3 {
		t.Errorf("%d tries in %s", tries.Load(), time.Since(began))
	}

	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, "Thu, 01 Jan 2026 00:00:30 GMT": 30 * time.Second, "Wed, 31 Dec 2025 00:00:00 GMT": 0,
		"": -1, "-1": -1, "soon": -1, "99999999999999999999": -1,
	} {
		if got, ok := webhook.RetryAfter(header, now); ok != (want >= 0) || (ok && got != want) {
			t.Errorf("%q: %s, %t", header, got, ok)
		}
	}
}

// TestTime bounds each try, all tries, and obeys the caller's time.
func TestTime(t *testing.T) {
	var tries atomic.Int32
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		tries.Add(1)
		_ = read(t, r)
		<-r.Context().Done()
	})
	target := newTarget(t, slow)
	target.Hurry(20*time.Millisecond, time.Minute)
	is(t, target.Verify(t.Context(), rotation.NewValue(canary)), rotation.Unreachable, "no answer in time")
	if tries.Load() != 5 {
		t.Errorf("%d tries", tries.Load())
	}

	tries.Store(0)
	target.Hurry(time.Minute, time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	is(t, target.Verify(ctx, rotation.NewValue(canary)), rotation.Deadline, "context ")
	if tries.Load() != 1 {
		t.Errorf("%d tries", tries.Load())
	}

	is(t, target.Verify(ctx, rotation.NewValue(canary)), rotation.Deadline, "context ")
	if tries.Load() != 1 {
		t.Error("tried when time was out")
	}

	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	is(t, target.Verify(ctx, rotation.NewValue(canary)), rotation.Deadline, "context ")

	// An answer that trickles.
	trickle := newTarget(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = read(t, r)
		_, _ = io.WriteString(w, `{"valid": `)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	trickle.Hurry(20*time.Millisecond, time.Minute)
	is(t, trickle.Verify(t.Context(), rotation.NewValue(canary)), rotation.Unreachable, "no answer in time")
}

// TestLost loses the connection: before the request, and after it was handled.
func TestLost(t *testing.T) {
	issuer := newIssuer(t)
	var tries atomic.Int32
	target := newTarget(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		try := tries.Add(1)
		if try == 2 {
			issuer.ServeHTTP(httptest.NewRecorder(), r)
		}
		if try <= 2 {
			panic(http.ErrAbortHandler)
		}
		issuer.ServeHTTP(w, r)
	}))
	if _, err := target.Mint(t.Context(), "a token", none); err != nil || tries.Load() != 3 || len(issuer.live()) != 1 {
		t.Errorf("%d tries, %d credentials: %v", tries.Load(), len(issuer.live()), err)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := newTarget(t, "http://"+listener.Addr().String()+"/"+canary)
	_ = listener.Close()
	is(t, gone.Verify(t.Context(), none), rotation.Unreachable, "verify at "+listener.Addr().String()+": dial tcp")
}

func TestTLS(t *testing.T) {
	issuer := newIssuer(t)
	server := httptest.NewTLSServer(issuer)
	server.Config.ErrorLog = nil
	defer server.Close()
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	config := webhook.Config{Secret: name, URL: server.URL, Key: key(keyText), CA: certificate}
	target, err := webhook.New(config)
	if err != nil {
		t.Fatal(err)
	}
	lifecycle(t, target)

	config.CA = ""
	unknown, err := webhook.New(config)
	if err != nil {
		t.Fatal(err)
	}
	is(t, unknown.Verify(t.Context(), none), rotation.Invalid, "give the authority's certificates as ca")

	// The certificate is for 127.0.0.1 and example.com.
	config.CA, config.URL = certificate, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	misnamed, err := webhook.New(config)
	if err != nil {
		t.Fatal(err)
	}
	is(t, misnamed.Verify(t.Context(), none), rotation.Invalid, "its certificate is not for localhost; give the url")

	certificate = expire(t, server)
	config.CA, config.URL = certificate, server.URL
	expired, err := webhook.New(config)
	if err != nil {
		t.Fatal(err)
	}
	is(t, expired.Verify(t.Context(), none), rotation.Invalid, "its certificate is not valid: x509: certificate has expired")

	plain := newTarget(t, strings.Replace(serve(t, issuer.ServeHTTP), "http:", "https:", 1))
	is(t, plain.Verify(t.Context(), none), rotation.Invalid, "it answers without TLS")
}

// expire has the server show a certificate that is its own authority, and out of date.
func expire(t *testing.T, server *httptest.Server) (authority string) {
	t.Helper()
	template := *server.Certificate()
	template.NotAfter = time.Now().Add(-time.Hour)
	shown := &server.TLS.Certificates[0]
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, template.PublicKey, shown.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	shown.Certificate = [][]byte{der}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestNoHTTP has answers of which package http quotes what it does not understand.
func TestNoHTTP(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for answer, want := range map[string]string{
		canary + "\r\n\r\n":                                         "the answer is no HTTP",
		"HTTP/1.1 " + canary + "\r\n\r\n":                           "the answer is no HTTP",
		ok + canary + "\r\n\r\n":                                    "the answer is no HTTP",
		ok + canary + ": \x00\r\n\r\n":                              "the answer is no HTTP",
		ok + "Content-Length: " + canary + "\r\n\r\n":               "the answer is no HTTP",
		ok + "Transfer-Encoding: " + canary + "\r\n\r\n":            "the answer is no HTTP",
		ok + "Transfer-Encoding: chunked\r\n\r\n" + canary + "\r\n": "the answer is no HTTP",
		ok + "Content-Length: 100\r\n\r\n" + canary:                 "the connection ended before the answer did",
		"": "the connection ended before the answer did",
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, request.Body)
				}
				_, _ = io.WriteString(conn, answer)
				_ = conn.Close()
			}
		}()
		_, err = newTarget(t, "http://"+listener.Addr().String()).Mint(t.Context(), "a token", none)
		if err == nil {
			t.Errorf("%q is an answer", answer)
		}
		is(t, err, rotation.Unreachable, want)
	}
}

func TestKey(t *testing.T) {
	issuer := newIssuer(t)
	url := serve(t, issuer.ServeHTTP)
	wrong := open(t, url, key("whsec_"+strings.Repeat("QUFB", 8)))
	is(t, wrong.Verify(t.Context(), none), rotation.Refused, "check that the issuer has the same signing key")
	is(t, open(t, url, key(canary)).Verify(t.Context(), none), rotation.Invalid, "a signing key must be")
	missing := open(t, url, func(context.Context) (rotation.Value, error) { return none, rotation.ErrNoValue })
	if err := missing.Verify(t.Context(), none); !errors.Is(err, rotation.ErrNoValue) {
		t.Error(err)
	}

	// While a key is replaced, the issuer accepts both.
	replaced, err := signature.ParseKey("whsec_" + strings.Repeat("QUFB", 8))
	if err != nil {
		t.Fatal(err)
	}
	issuer.Keys = append(issuer.Keys, replaced)
	lifecycle(t, wrong)
}

func TestNew(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://issuer.example.com": true, "https://issuer.example.com:8443/rotate": true, "https://10.0.0.1/": true,
		"http://127.0.0.1:8080": true, "http://[::1]:8080/rotate": true, "http://localhost": true,
		"": false, "issuer.example.com": false, "/rotate": false, "https://": false, "https:///rotate": false, "ftp://127.0.0.1": false,
		"http://issuer.example.com": false, "http://127.0.0.1.example.com": false, "http://localhost.example.com": false, "http://10.0.0.1": false,
		"https://user:" + canary + "@issuer.example.com": false, "https://" + canary + "%zz": false, "http://0.0.0.0": false,
		"https://issuer.example.com?key=" + canary: false, "https://issuer.example.com#" + canary: false,
	} {
		_, err := webhook.New(webhook.Config{Secret: name, URL: url, Key: key(keyText)})
		if (err == nil) != ok || (err != nil && !strings.HasPrefix(err.Error(), "url: ")) {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error repeats the URL: %v", err)
		}
	}
	_, err := webhook.New(webhook.Config{Secret: name, URL: "https://issuer.example.com", Key: key(keyText), CA: "no certificate"})
	if err == nil || !strings.HasPrefix(err.Error(), "ca: ") {
		t.Error(err)
	}
}

func TestLimit(t *testing.T) {
	target, err := webhook.New(webhook.Config{Secret: name, URL: serve(t, newIssuer(t).ServeHTTP), Key: key(keyText)})
	if err != nil {
		t.Fatal(err)
	}
	v, err := target.Mint(t.Context(), "a token", none)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var wait sync.WaitGroup
	for range 19 {
		wait.Go(func() {
			if err := target.Verify(t.Context(), v); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	// Ten at once, and then ten a second.
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("20 requests in %s", took)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	is(t, target.Verify(ctx, v), rotation.Throttled, "rotate fewer secrets of this issuer at once")
}

func TestLargeRequest(t *testing.T) {
	target := newTarget(t, serve(t, func(http.ResponseWriter, *http.Request) { t.Error("was sent") }))
	is(t, target.Verify(t.Context(), rotation.NewValue(strings.Repeat(canary, 6000))), rotation.Invalid, "larger than 64 KiB")
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"credential": "c"}`, `{"valid": true}`, `{"valid": false}`, `{}`, `null`, `[]`, "", `{"credential": "\ud800"}`, "{\"credential\": \"\xff\"}"} {
		f.Add(200, seed)
	}
	f.Add(429, "")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		target := newTarget(t, "https://issuer.example.com")
		target.Through(func(http.RoundTripper) http.RoundTripper { return fixed{status, body} })
		current := rotation.NewValue("current")
		v, mint := target.Mint(t.Context(), "a token", current)
		if (mint == nil) != (!v.IsZero()) || (mint == nil && (status != 200 || v == current)) {
			t.Errorf("%d %q: minted %q, %v", status, body, v.Reveal(), mint)
		}
		verify := target.Verify(t.Context(), current)
		revoke := target.Revoke(t.Context(), v, current)
		if verify == nil && revoke == nil {
			t.Errorf("%d %q is valid and revoked", status, body)
		}
		for _, err := range []error{mint, verify, revoke} {
			if failure := (*rotation.Error)(nil); err != nil && !errors.As(err, &failure) {
				t.Errorf("%v has no class", err)
			}
			if err != nil && len(body) > 25 && strings.Contains(err.Error(), body) {
				t.Errorf("the error repeats the answer: %v", err)
			}
		}
	})
}

type fixed struct {
	status int
	body   string
}

func (f fixed) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: f.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(f.body))}, nil
}

// is demands an error of a class, with a text, without a canary; or none, for an empty text and no error.
func is(t *testing.T, err error, class rotation.Class, text string) {
	t.Helper()
	if err == nil {
		if text != "" {
			t.Errorf("no error, want %s", text)
		}
		return
	}
	var failure *rotation.Error
	if !errors.As(err, &failure) || failure.Class != class || !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %v, want %s %s", err, class, text)
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("the error has a canary: %v", err)
	}
}

func newIssuer(t *testing.T) *Issuer {
	t.Helper()
	return &Issuer{Keys: []signature.Key{parseKey(t)}}
}

func newTarget(t *testing.T, url string) *webhook.Target {
	t.Helper()
	return open(t, url, key(keyText))
}

func open(t *testing.T, url string, key func(context.Context) (rotation.Value, error)) *webhook.Target {
	t.Helper()
	target, err := webhook.New(webhook.Config{Secret: name, URL: url, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	target.Hurry(10*time.Second, 20*time.Second)
	return target
}

func key(text string) func(context.Context) (rotation.Value, error) {
	return func(context.Context) (rotation.Value, error) { return rotation.NewValue(text), nil }
}

func parseKey(t *testing.T) signature.Key {
	t.Helper()
	key, err := signature.ParseKey(keyText)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func serve(t *testing.T, handler http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// read reads the body, and leaves it to be read again.
func read(t *testing.T, r *http.Request) []byte {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}
