// Package motoserver runs moto, an emulator of AWS (https://docs.getmoto.org), for the
// length of a test.
package motoserver

import (
	"bufio"
	"embed"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/secretstack/secretstack/e2e/needs"
)

// secret and access key alike: moto takes any, AWS would refuse it.
const credential = "test"

// Server is a running moto server. It starts empty and answers for every region.
type Server struct {
	URL string // such as http://127.0.0.1:41234
}

// address is in the line that moto prints as soon as it takes requests.
var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

//go:embed *.py
var fixes embed.FS

// Start runs a moto server on a free port of the loopback interface until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	program := needs.Program(t, "moto_server", "Install it with: make .venv/installed")
	pythonPath := t.TempDir()
	if err := os.CopyFS(pythonPath, fixes); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-H", "127.0.0.1", "-p", "0")
	cmd.Env = append(os.Environ(), "PYTHONPATH="+pythonPath, "MOTO_WANTED="+wanted(t))
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal("starting moto: ", err)
	}
	kill := func() { _ = cmd.Process.Kill() } // fails only if moto has ended already
	t.Cleanup(func() {
		kill()
		_ = cmd.Wait() // says that moto was killed
	})
	tooLong := time.AfterFunc(time.Minute, kill) // which ends its log
	defer tooLong.Stop()

	s := &Server{}
	var printed strings.Builder
	for lines := bufio.NewScanner(io.TeeReader(log, &printed)); s.URL == ""; {
		if !lines.Scan() {
			t.Fatalf("moto did not start within a minute, or ended. It printed:\n%s", &printed)
		}
		s.URL = address.FindString(lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, log) }() // moto would block on a full pipe
	s.pretendToRunFunctions(t)
	return s
}

// pretendToRunFunctions lets a Lambda function be invoked with no effect. Otherwise moto
// wants Docker to run it in.
func (s *Server) pretendToRunFunctions(t testing.TB) {
	t.Helper()
	resp, err := http.Post(s.URL+"/moto-api/config", "application/json",
		strings.NewReader(`{"lambda": {"use_docker": false}}`))
	if err != nil {
		t.Fatal("configuring moto: ", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		t.Fatal("configuring moto: ", resp.Status)
	}
}

// Env is the environment that points AWS clients in other processes at the server, and
// keeps them from the user's own account.
func (s *Server) Env() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL":            s.URL,
		"AWS_ACCESS_KEY_ID":           credential,
		"AWS_SECRET_ACCESS_KEY":       credential,
		"AWS_SESSION_TOKEN":           "",
		"AWS_PROFILE":                 "",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_MAX_ATTEMPTS":            "3", // moto's failures are final
	}
}

// SecretsManager gives a client of the server's Secrets Manager in a region.
func (s *Server) SecretsManager(region string) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region:       region,
		BaseEndpoint: &s.URL,
		Credentials:  credentials.NewStaticCredentialsProvider(credential, credential, ""),
	})
}

// KMS gives a client of the server's Key Management Service in a region.
func (s *Server) KMS(region string) *kms.Client {
	return kms.New(kms.Options{
		Region:       region,
		BaseEndpoint: &s.URL,
		Credentials:  credentials.NewStaticCredentialsProvider(credential, credential, ""),
	})
}

var pin = regexp.MustCompile(`(?m)^moto\[server\]==(\S+)$`)

// wanted is the version of moto that is pinned. Others behave differently, and fail in ways that do not say so.
func wanted(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(needs.Root(t), "e2e", "requirements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	m := pin.FindSubmatch(text)
	if m == nil {
		t.Fatal("e2e/requirements.txt pins no moto")
	}
	return string(m[1])
}
