package webhook_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/webhook/signature"
)

// TestReceiver runs the documentation's receiver in Python.
func TestReceiver(t *testing.T) {
	python := needs.Program(t, "python3", "Install Python 3.9 or later.")
	database := filepath.Join(t.TempDir(), "keys.db")
	start := func() (url string) {
		t.Helper()
		receiver := exec.CommandContext(t.Context(), python, "../../docs/targets/webhook_receiver.py", database, "0")
		other := "whsec_" + strings.Repeat("QUFB", 8)
		receiver.Env = append(os.Environ(), "SIGNING_KEYS="+other+" "+keyText, "ISSUING_KEY=of the test")
		out, err := receiver.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := receiver.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = receiver.Process.Kill()
			_ = receiver.Wait()
		})
		url, err = bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(url)
	}
	url := start()
	lifecycle(t, newTarget(t, url))

	// Of another process.
	first, err := newTarget(t, url).Mint(t.Context(), "token 3", none)
	if err != nil {
		t.Fatal(err)
	}
	again := newTarget(t, start())
	if second, err := again.Mint(t.Context(), "token 3", none); err != nil || second != first {
		t.Errorf("another process gives another credential: %v", err)
	}
	if err := again.Verify(t.Context(), first); err != nil {
		t.Error(err)
	}

	is(t, open(t, url, key("whsec_"+strings.Repeat("QkJC", 8))).Verify(t.Context(), first), rotation.Refused, "HTTP 401")
	for title, tt := range map[string]struct {
		body string
		late time.Duration
		want int
	}{
		"now":              {body: `{"action": "verify", "secret": "s", "credential": "c"}`, want: 200},
		"too late":         {body: `{"action": "verify", "secret": "s", "credential": "c"}`, late: signature.Window + 2*time.Second, want: 401},
		"too early":        {body: `{"action": "verify", "secret": "s", "credential": "c"}`, late: -signature.Window - 2*time.Second, want: 401},
		"an unknown field": {body: `{"action": "verify", "secret": "s", "credential": "c", "more": 1}`, want: 200},
		"unknown":          {body: `{"action": "list", "secret": "s"}`, want: 400},
		"incomplete":       {body: `{"action": "mint", "secret": "s"}`, want: 400},
		"no object":        {body: `[]`, want: 400},
		"no JSON":          {body: `{`, want: 400},
		"huge":             {body: strings.Repeat(" ", 64<<10+1), want: 413},
	} {
		post, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		parseKey(t).Sign(post.Header, "msg_1", time.Now().Add(-tt.late), []byte(tt.body))
		response, err := http.DefaultClient.Do(post)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != tt.want {
			t.Errorf("%s: HTTP %d, want %d", title, response.StatusCode, tt.want)
		}
	}
}
