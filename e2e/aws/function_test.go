package aws_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/secretstack/secretstack/e2e/lambdaruntime"
	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/bundle"
)

// made is what the tests build once: the bundle.
type made struct {
	zip string
	err error
}

var folder string // of made

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "e2e-aws-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

var once = sync.OnceValue(func() made {
	m := made{zip: filepath.Join(folder, "rotate-lambda.zip")}
	m.err = bundle.Build(context.Background(), "", m.zip)
	return m
})

// built is the rotator's bundle.
func built(t *testing.T) []byte {
	t.Helper()
	m := once()
	if m.err != nil {
		t.Fatal(m.err)
	}
	content, err := os.ReadFile(m.zip)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// function runs the stack's deployed rotator: the very executable that was deployed, with the deployed layer.
func (c *cloud) function(name string) *lambdaruntime.Function {
	c.Helper()
	var deployed struct {
		Configuration struct {
			FunctionArn, CodeSha256 string
			Layers                  []struct{ Arn string }
		}
	}
	c.lambda("/2015-03-31/functions/"+name, &deployed)
	sum := sha256.Sum256(built(c.T))
	if got := deployed.Configuration.CodeSha256; got != base64.StdEncoding.EncodeToString(sum[:]) {
		c.Fatal("the deployed code is not the bundle")
	}
	layer := strings.Split(deployed.Configuration.Layers[0].Arn, ":") // arn:aws:lambda:region:account:layer:name:version
	var of struct{ Content struct{ CodeSha256 string } }
	c.lambda("/2018-10-31/layers/"+layer[6]+"/versions/"+layer[7], &of)

	env := c.moto.Env()
	env["SECRETSTACK_ROTATIONS"] = c.unpack(of.Content.CodeSha256, "rotations.json")
	bootstrap := runnable(c.T, c.unpack(deployed.Configuration.CodeSha256, "bootstrap"))
	return lambdaruntime.Start(c.T, lambdaruntime.Config{Bootstrap: bootstrap, ARN: deployed.Configuration.FunctionArn, Env: env})
}

// runnable lets a machine that is not arm64 run an executable that is.
func runnable(t *testing.T, executable string) string {
	t.Helper()
	if err := os.Chmod(executable, 0o700); err != nil {
		t.Fatal(err)
	}
	if runtime.GOARCH == "arm64" {
		return executable
	}
	script := executable + ".sh"
	text := "#!/bin/sh\nexec " + needs.Program(t, "qemu-aarch64", "Install it with: make packages") + " " + executable + "\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}

// lambda gives moto's answer to a question to Lambda.
func (c *cloud) lambda(path string, into any) {
	c.Helper()
	if answer := c.ask("lambda", path); json.Unmarshal(answer, into) != nil {
		c.Fatalf("%s: %s", path, answer)
	}
}

// ask gives moto's answer for a service of which there is no client here.
func (c *cloud) ask(service, path string) []byte {
	c.Helper()
	return c.send(service, http.MethodGet, path, nil, nil)
}

// post has a service that speaks JSON do an action. A nil answer is of no concern.
func (c *cloud) post(service, action string, input, answer any) {
	c.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		c.Fatal(err)
	}
	got := c.send(service, http.MethodPost, "/", http.Header{"X-Amz-Target": {action}, "Content-Type": {"application/x-amz-json-1.1"}}, body)
	if answer != nil && json.Unmarshal(got, answer) != nil {
		c.Fatalf("%s: %s", action, got)
	}
}

func (c *cloud) send(service, method, path string, header http.Header, body []byte) []byte {
	c.Helper()
	request, err := http.NewRequestWithContext(c.Context(), method, c.moto.URL+path, bytes.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	maps.Copy(request.Header, header)
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(c.Context(), aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, request,
		hex.EncodeToString(sum[:]), service, "eu-west-1", time.Now())
	if err != nil {
		c.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		c.Fatalf("%s %s: %s %s, error %v", header.Get("X-Amz-Target"), path, response.Status, answer, err)
	}
	return answer
}

// unpack finds the archive with a checksum among those that the plugin has deployed, and unpacks the one file that it
// holds. moto tells nothing of an archive but its checksum.
func (c *cloud) unpack(checksum, name string) (path string) {
	c.Helper()
	archives, err := filepath.Glob(filepath.Join(c.tmp, "pulumi-asset-*"))
	if err != nil {
		c.Fatal(err)
	}
	i := slices.IndexFunc(archives, func(path string) bool {
		content, err := os.ReadFile(path)
		sum := sha256.Sum256(content)
		return err == nil && base64.StdEncoding.EncodeToString(sum[:]) == checksum
	})
	if i < 0 {
		c.Fatalf("none of %v was deployed", archives)
	}
	archive, err := zip.OpenReader(archives[i])
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	if len(archive.File) != 1 {
		c.Errorf("the archive holds %d files, want %s alone", len(archive.File), name)
	}
	file, err := archive.Open(name)
	if err != nil {
		c.Fatal(err)
	}
	content, err := io.ReadAll(file)
	path = filepath.Join(c.TempDir(), name)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		c.Fatal(err)
	}
	return path
}
