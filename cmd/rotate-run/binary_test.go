package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"

	"github.com/secretstack/secretstack/rotation/gcpstore"
	"github.com/secretstack/secretstack/rotation/gcpstore/secretmanagertest"
)

// The very program, with Google's hosts behind a proxy: a rotation, the retirement after it, and its end.
func TestProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "rotate-run")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w := newWorld(t)
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(w.Environment(t, map[string]http.Handler{"www.googleapis.com": w.issuer}),
		"PATH="+os.Getenv("PATH"), "PORT=0",
		"SECRETSTACK_SECRETS=projects/shop-prod/secrets/shop-prod-,projects/"+secretmanagertest.ProjectNumber+"/secrets/shop-prod-",
		"SECRETSTACK_PUSH_AUDIENCE="+audience, "SECRETSTACK_PUSH_ACCOUNT="+account)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the program said nothing")
	}
	var first struct{ Severity, Message, Address string }
	if err := json.Unmarshal(lines.Bytes(), &first); err != nil || first.Message != "listening" || first.Severity != "INFO" {
		t.Fatalf("%v: %s", err, lines.Text())
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines.Scan() {
			_, _ = w.Write(append(lines.Bytes(), '\n'))
		}
	}()
	url := "http://127.0.0.1" + first.Address[strings.LastIndexByte(first.Address, ':'):]

	due := envelope(rotate, name, time.Now())
	for _, what := range []string{"the event", "the event again"} {
		w.want(what, deliver(t, url, w.issuer.token(nil), due, nil), http.StatusNoContent)
		if got := w.states(); got != "enabled enabled" {
			t.Fatalf("%s: the versions are %s; the log:\n%s", what, got, w.log())
		}
	}
	w.want("no token", deliver(t, url, "", due, nil), http.StatusUnauthorized)
	w.gracePasses()
	w.want("the companion's event", deliver(t, url, w.issuer.token(nil), envelope(rotate, name+"--rotation", time.Now()), nil), http.StatusNoContent)
	if got := w.states(); got != "destroyed enabled" {
		t.Errorf("the versions are %s; the log:\n%s", got, w.log())
	}

	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-read
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v; the log:\n%s", err, w.log())
	}
}

// gracePasses sets the time to retire the previous version to one that has passed, since the program's clock is
// the real one.
func (w *world) gracePasses() {
	w.t.Helper()
	w.MustUpdate(w.t, name+"--rotation", func(s *pb.Secret) []string {
		var state map[string]any
		if err := json.Unmarshal([]byte(s.Annotations[gcpstore.StateAnnotation]), &state); err != nil {
			w.t.Fatal(err)
		}
		state["retire"].(map[string]any)["after"] = time.Now().Add(-time.Minute)
		text, err := json.Marshal(state)
		if err != nil {
			w.t.Fatal(err)
		}
		s.Annotations[gcpstore.StateAnnotation] = string(text)
		return []string{"annotations"}
	})
}

// An event that does not come to its end is interrupted, and answered.
func TestShutdownInterrupts(t *testing.T) {
	stopped := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	began := make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		stopped <- serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(began)
			<-r.Context().Done()
			w.WriteHeader(http.StatusServiceUnavailable)
		}), 100*time.Millisecond, newLog(t.Output()))
	}()
	status := make(chan int, 1)
	go func() { status <- deliver(t, "http://"+l.Addr().String(), "", "", nil) }()
	<-began
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if got := <-status; got != http.StatusServiceUnavailable {
		t.Errorf("status %d", got)
	}
}
