package lambdaruntime_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/e2e/lambdaruntime"
	"github.com/secretstack/secretstack/e2e/needs"
)

// function runs a script, which has $next (an event to standard output, its id to $id), and $answer.
func function(t *testing.T, body string) *lambdaruntime.Function {
	t.Helper()
	curl := needs.Program(t, "curl", "Install curl.")
	path := filepath.Join(t.TempDir(), "bootstrap")
	script := `#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
next() { ` + curl + ` -s -D "$0.headers" "$api/next"; id=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: \(.*\).$/\1/p' "$0.headers"); }
answer() { ` + curl + ` -s -o "$0.answer" -d "$2" "$api/$id/$1"; }
` + body
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return lambdaruntime.Start(t, lambdaruntime.Config{
		Bootstrap: path, Timeout: 2 * time.Second, Env: map[string]string{"PATH": os.Getenv("PATH"), "WORD": "word"},
	})
}

func TestInvoke(t *testing.T) {
	f := function(t, `echo "$WORD $AWS_REGION"
while next > "$0.event"; do
	case $(cat "$0.event") in
	fail) answer error '{"errorType": "Kind", "errorMessage": "text"}' ;;
	hang) exec sleep 60 ;;
	exit) echo "giving up"; exit 3 ;;
	*) answer response "$$ $(cat "$0.event")" ;;
	esac
done`)
	invoke := func(event string) (string, error) {
		answer, err := f.Invoke(t.Context(), []byte(event))
		return string(answer), err
	}
	first, err := invoke("one")
	if err != nil || !strings.HasSuffix(first, " one") {
		t.Fatalf("the answer is %q, error %v", first, err)
	}
	process := strings.TrimSuffix(first, "one")
	if second, err := invoke("two"); err != nil || second != process+"two" {
		t.Errorf("the answer is %q, error %v", second, err)
	}
	var failure *lambdaruntime.Error
	if _, err := invoke("fail"); !errors.As(err, &failure) || *failure != (lambdaruntime.Error{Type: "Kind", Message: "text"}) {
		t.Errorf("the error is %v", err)
	}
	if third, err := invoke("three"); err != nil || third != process+"three" {
		t.Errorf("after an error, the answer is %q, error %v", third, err)
	}
	if _, err := invoke("hang"); err == nil || !strings.Contains(err.Error(), "no answer in 2s") || f.PID() != 0 {
		t.Errorf("a function that hangs gives the error %v, and has the process %d", err, f.PID())
	}
	if _, err := invoke("exit"); err == nil || !strings.Contains(err.Error(), "giving up") {
		t.Errorf("a function that ends gives the error %v", err)
	}
	f.Kill() // there is none
	if _, err := invoke("four"); err != nil {
		t.Error(err)
	}
	f.Kill()
	if last, err := invoke("five"); err != nil || strings.HasPrefix(last, process) {
		t.Errorf("after some others, the answer of a new process is %q, error %v", last, err)
	}
	if got := f.Output(); strings.Count(got, "word eu-west-1\n") != 4 {
		t.Errorf("the output of four processes is %q", got)
	}
}
