package main

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/e2e/needs"
)

// A rotator in Python imports boto3 and makes a client before it can begin. A tenth of that time after its start,
// and with half of that memory, ours has asked Secrets Manager for a secret and has answered. With TLS it keeps to
// half of the memory too; the time for that handshake, Python has still before it. They are measured in turns, and
// the best of each counts, as the machine has other work.
func TestCost(t *testing.T) {
	python := needs.Program(t, "python3", "Install it, and then run: make .venv/installed")
	if err := exec.Command(python, "-c", "import boto3").Run(); err != nil {
		needs.Missing(t, "boto3 in "+python, "Install it with: make .venv/installed")
	}
	plain, tls := service(t, httptest.NewServer), service(t, httptest.NewTLSServer)
	theirs, ours, oursTLS := worst, worst, worst
	for range 7 {
		theirs = theirs.best(startPython(t, python))
		ours = ours.best(startOurs(t, plain))
		oursTLS = oursTLS.best(startOurs(t, tls))
	}
	t.Logf("from start to first answer: %s; with TLS: %s; Python to its client: %s", ours, oursTLS, theirs)
	if ours.time > theirs.time/10 {
		t.Errorf("it takes %s, which is more than a tenth of Python's %s", ours.time, theirs.time)
	}
	if most := max(ours.memory, oursTLS.memory); most > theirs.memory/2 {
		t.Errorf("it has %d KiB at its peak, which is more than half of Python's %d", most, theirs.memory)
	}
}

// BenchmarkStart is the time from the start of the process to its first answer.
func BenchmarkStart(b *testing.B) {
	for name, server := range map[string]func(http.Handler) *httptest.Server{
		"plain": httptest.NewServer, "TLS": httptest.NewTLSServer,
	} {
		b.Run(name, func(b *testing.B) {
			env := service(b, server)
			var sum time.Duration
			peak := 0
			for b.Loop() {
				c := startOurs(b, env)
				sum += c.time
				peak = max(peak, c.memory)
			}
			b.ReportMetric(float64(sum.Nanoseconds())/float64(b.N), "ns/op")
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
		})
	}
}

type cost struct {
	time   time.Duration
	memory int // at its peak, in KiB
}

var worst = cost{time.Hour, 1 << 30}

func (c cost) best(d cost) cost { return cost{min(c.time, d.time), min(c.memory, d.memory)} }

func (c cost) String() string {
	return fmt.Sprintf("%.1f ms, %.1f MiB", float64(c.time.Microseconds())/1000, float64(c.memory)/1024)
}

func startOurs(t testing.TB, env map[string]string) cost {
	t.Helper()
	f := start(t, 0, env)
	defer f.Kill()
	began := time.Now()
	_, err := f.Invoke(t.Context(), []byte(`{"Step": "createSecret", "SecretId": "key", "ClientRequestToken": "token"}`))
	took := time.Since(began)
	if err == nil || !strings.Contains(err.Error(), "its rotation is turned off") { // which Secrets Manager has told it
		t.Fatal("the answer is ", err)
	}
	return cost{took, peak(t, f.PID())}
}

func startPython(t testing.TB, python string) cost {
	t.Helper()
	cmd := exec.Command(python, "-c", "import boto3, sys\n"+
		"boto3.client('secretsmanager', region_name='eu-west-1')\nprint('ready', flush=True)\nsys.stdin.read()")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	took := time.Since(began)
	if err != nil || line != "ready\n" {
		t.Fatalf("Python says %q, error %v", line, err)
	}
	memory := peak(t, cmd.Process.Pid)
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return cost{took, memory}
}

// peak reads the most memory that a process had. What wait(2) tells counts its parent's too.
func peak(t testing.TB, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		needs.Missing(t, "/proc", "Measure on Linux.")
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			return kib
		}
	}
	t.Fatal("the process has no VmHWM")
	return 0
}

// service is a Secrets Manager that answers at once, and gives an environment that leads to it. With TLS, it is
// trusted beside all the authorities that the machine trusts, so that there is as much to read as on Lambda.
func service(t testing.TB, start func(http.Handler) *httptest.Server) (env map[string]string) {
	t.Helper()
	server := start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"RotationEnabled": false}`)
	}))
	t.Cleanup(server.Close)
	env = map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"SECRETSTACK_ROTATIONS": jobsFile(t, []string{"key"}),
	}
	if server.TLS != nil {
		authorities, _ := os.ReadFile("/etc/ssl/certs/ca-certificates.crt") // where there is none, there is less to read
		authorities = append(authorities, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})...)
		env["SSL_CERT_FILE"] = filepath.Join(t.TempDir(), "authorities.pem")
		if err := os.WriteFile(env["SSL_CERT_FILE"], authorities, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return env
}

// BenchmarkRotation is a whole rotation, with moto; most of the time is moto's.
func BenchmarkRotation(b *testing.B) {
	w := newWorld(b, 0, map[string]string{"key": "canary"})
	for b.Loop() {
		if err := w.Rotate(b.Context(), w.client, "key"); err != nil {
			b.Fatal(err)
		}
	}
}
