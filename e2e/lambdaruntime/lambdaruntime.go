// Package lambdaruntime runs the executable of an AWS Lambda function as Lambda runs it, without Lambda: it
// is a small implementation of the runtime API
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), for the length of a test.
package lambdaruntime

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Config is a function's.
type Config struct {
	Bootstrap string            // the executable
	ARN       string            // zero: a function of the account 123456789012 in eu-west-1
	Timeout   time.Duration     // of an invocation; zero: 30 seconds
	Env       map[string]string // besides what Lambda sets; nothing of the test's own environment
}

// Function is a Lambda function. Its process starts at the first invocation and lives until the test ends, or
// until an invocation takes too long; then the next one starts another.
type Function struct {
	Config
	api    *httptest.Server
	output *os.File   // and no pipe: what was written before an answer is there when the answer is
	one    sync.Mutex // one invocation at a time

	process *exec.Cmd
	exited  chan struct{} // closed when the process has

	mu      sync.Mutex       // for what follows
	queue   chan *invocation // of the running process
	running *invocation      // not answered yet
}

// Error is what a function answers when it fails.
type Error struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *Error) Error() string { return e.Type + ": " + e.Message }

type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	answer   chan result
}

type result struct {
	answer []byte
	err    error
}

// Start gives the function its runtime API until the test ends.
func Start(t testing.TB, c Config) *Function {
	t.Helper()
	c.ARN = cmp.Or(c.ARN, "arn:aws:lambda:eu-west-1:123456789012:function:rotator")
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	output, err := os.OpenFile(filepath.Join(t.TempDir(), "output"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f := &Function{Config: c, output: output}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		f.answer(w, r, func(body []byte) result { return result{answer: body} })
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		f.answer(w, r, func(body []byte) result {
			failure := &Error{}
			if err := json.Unmarshal(body, failure); err != nil {
				return result{err: fmt.Errorf("the function's error %q: %w", body, err)}
			}
			return result{err: failure}
		})
	})
	f.api = httptest.NewServer(mux)
	t.Cleanup(func() {
		f.Kill()
		f.api.Close()
		_ = output.Close()
	})
	return f
}

func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	queue := f.queue
	f.mu.Unlock()
	select {
	case in := <-queue:
		f.mu.Lock()
		f.running = in
		f.mu.Unlock()
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", in.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", f.ARN)
		_, _ = w.Write(in.event)
	case <-r.Context().Done(): // the process has ended
	}
}

func (f *Function) answer(w http.ResponseWriter, r *http.Request, read func(body []byte) result) {
	body, err := io.ReadAll(r.Body)
	f.mu.Lock()
	in := f.running
	f.running = nil
	f.mu.Unlock()
	if err != nil || in == nil || in.id != r.PathValue("id") {
		http.Error(w, "no such invocation", http.StatusBadRequest)
		return
	}
	in.answer <- read(body)
	w.WriteHeader(http.StatusAccepted)
}

// Invoke gives the function's answer to an event. Its error is an *Error where the function answers one; a
// function that takes longer than its Timeout is killed, as Lambda does.
func (f *Function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	f.one.Lock()
	defer f.one.Unlock()
	if err := f.launch(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	in := &invocation{
		id: uuid.NewString(), event: event, deadline: deadline,
		answer: make(chan result, 1),
	}
	queue := f.queue
	for {
		select {
		case queue <- in:
			queue = nil
		case r := <-in.answer:
			return r.answer, r.err
		case <-f.exited:
			f.process = nil
			return nil, errors.New("the function's process has ended; it printed:\n" + f.Output())
		case <-ctx.Done():
			f.Kill()
			return nil, fmt.Errorf("the function was killed, as it gave no answer in %s: %w", f.Timeout, ctx.Err())
		}
	}
}

// Kill ends the process, if there is one.
func (f *Function) Kill() {
	if f.process != nil {
		_ = f.process.Process.Kill() // fails only if it has ended already
		<-f.exited
		f.process = nil
	}
}

// PID is the running process's; zero before the first invocation and after a process has ended.
func (f *Function) PID() int {
	if f.process == nil {
		return 0
	}
	return f.process.Process.Pid
}

// Output is all that the processes have printed so far.
func (f *Function) Output() string {
	text, err := os.ReadFile(f.output.Name())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (f *Function) launch() error {
	if f.process != nil {
		return nil
	}
	cmd := exec.Command(f.Bootstrap)
	cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(f.api.URL, "http://"),
		"AWS_REGION=" + strings.Split(f.ARN, ":")[3],
	}
	for name, value := range f.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = f.output, f.output
	f.mu.Lock()
	f.queue = make(chan *invocation) // a killed process may have left a call for the next event behind
	f.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the function: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what matters is that it has ended
		close(exited)
	}()
	f.process, f.exited = cmd, exited
	return nil
}
