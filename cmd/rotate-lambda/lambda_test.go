package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"

	"github.com/secretstack/secretstack/e2e/lambdaruntime"
	"github.com/secretstack/secretstack/e2e/motoserver"
	"github.com/secretstack/secretstack/internal/bundle"
)

var built string // where bootstrap puts the executable

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rotate-lambda-")
	if err != nil {
		panic(err)
	}
	built = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// bootstrap is the bundle's executable, but for this machine.
var bootstrap = sync.OnceValue(func() error {
	return bundle.Compile(context.Background(), "", runtime.GOARCH, filepath.Join(built, "bootstrap"))
})

// world is a function with its secrets, in moto.
type world struct {
	*lambdaruntime.Function
	client *secretsmanager.Client
	values []string // all that there ever were
	// fault answers a request to Secrets Manager instead of moto, if it does.
	fault atomic.Pointer[func(action string, w http.ResponseWriter, r *http.Request) bool]
}

// newWorld has a rotation of each secret; one that has a value is made.
func newWorld(t testing.TB, timeout time.Duration, secrets map[string]string) *world {
	t.Helper()
	moto := motoserver.Start(t)
	w := &world{client: moto.SecretsManager("eu-west-1")}
	target, err := url.Parse(moto.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if fault := w.fault.Load(); fault == nil || !(*fault)(action, rw, r) {
			proxy.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(server.Close)

	env := moto.Env()
	env["AWS_ENDPOINT_URL"] = server.URL
	env["SECRETSTACK_ROTATIONS"] = jobsFile(t, slices.Sorted(maps.Keys(secrets)))
	w.Function = start(t, timeout, env)
	for name, value := range secrets {
		in := &secretsmanager.CreateSecretInput{Name: &name}
		if value != "" {
			in.SecretString = &value
			w.values = append(w.values, value)
		}
		if _, err := w.client.CreateSecret(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, value := range w.values {
			if strings.Contains(w.Output(), value) {
				t.Errorf("the function printed a value:\n%s", w.Output())
			}
		}
	})
	return w
}

func start(t testing.TB, timeout time.Duration, env map[string]string) *lambdaruntime.Function {
	t.Helper()
	if err := bootstrap(); err != nil {
		t.Fatal(err)
	}
	return lambdaruntime.Start(t, lambdaruntime.Config{
		Bootstrap: filepath.Join(built, "bootstrap"), Timeout: timeout, Env: env,
	})
}

func jobsFile(t testing.TB, names []string) string {
	t.Helper()
	jobs := map[string]any{}
	for _, name := range names {
		jobs[name] = map[string]any{
			"secret": "declared-" + name, "id": name,
			"rotation": map[string]any{"every": "30d", "grace": "1h", "generated": map[string]any{"length": 40}},
		}
	}
	text, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rotations.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// value gives the value with a label, or "".
func (w *world) value(t *testing.T, name, label string) string {
	t.Helper()
	out, err := w.client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name, VersionStage: &label})
	if err != nil {
		return ""
	}
	w.values = append(w.values, *out.SecretString)
	return *out.SecretString
}

func (w *world) describe(t *testing.T, name string) *secretsmanager.DescribeSecretOutput {
	t.Helper()
	out, err := w.client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &name})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// begin does what Secrets Manager does before it invokes the first step.
func (w *world) begin(t *testing.T, name string) (arn, token string) {
	t.Helper()
	token = uuid.NewString()
	out, err := w.client.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{
		SecretId: &name, ClientRequestToken: &token, RotationLambdaARN: &w.ARN,
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.ARN, token
}

func TestRotation(t *testing.T) {
	w := newWorld(t, 0, map[string]string{"app/key": "canary-one", "app/new": ""})
	for range 3 {
		before := w.value(t, "app/key", "AWSCURRENT")
		if err := w.Rotate(t.Context(), w.client, "app/key"); err != nil {
			t.Fatal(err)
		}
		after := w.value(t, "app/key", "AWSCURRENT")
		if len(after) != 40 || after == before || w.value(t, "app/key", "AWSPREVIOUS") != before {
			t.Error("the values are not a new one and the one before")
		}
		for id, labels := range w.describe(t, "app/key").VersionIdsToStages {
			if slices.Contains(labels, "AWSPREVIOUS") != (len(labels) == 2 && strings.HasPrefix(labels[1], "secretstack:retire-after:")) {
				t.Errorf("the version %s has the labels %v", id, labels)
			}
		}
	}
	// Without a current version, the first one.
	if err := w.Rotate(t.Context(), w.client, "app/new"); err != nil {
		t.Fatal(err)
	}
	if len(w.value(t, "app/new", "AWSCURRENT")) != 40 || w.value(t, "app/new", "AWSPREVIOUS") != "" {
		t.Error("the first rotation made no current value")
	}

	var seen []string
	for line := range strings.Lines(w.Output()) {
		record := map[string]any{}
		if err := json.Unmarshal([]byte(line), &record); err != nil || record["msg"] != "rotation" || record["outcome"] == "failed" || record["request_id"] == "" {
			t.Errorf("the record %s, error %v", line, err)
		}
		seen = append(seen, fmt.Sprint(record["secret"], " ", record["step"]))
	}
	want := []string{}
	for _, secret := range []string{"app/key", "app/key", "app/key", "app/new"} {
		for _, step := range []string{"create", "set", "test", "finish"} {
			want = append(want, "declared-"+secret+" "+step)
		}
	}
	if !slices.Equal(seen, want) {
		t.Errorf("the records are of %v", seen)
	}
}

// A person rotates a secret that has no schedule, again and again.
func TestByHand(t *testing.T) {
	w := newWorld(t, 0, map[string]string{"app/key": "canary-one", "app/new": ""})
	for _, id := range []string{"app/key", "app/key", "app/new"} {
		before := w.value(t, id, "AWSCURRENT")
		answer, err := w.Invoke(t.Context(), []byte(`{"step": "rotate", "secretId": "`+id+`"}`))
		if err != nil || string(answer) != "null" {
			t.Fatalf("%s: %s, %v", id, answer, err)
		}
		if after := w.value(t, id, "AWSCURRENT"); len(after) != 40 || after == before || w.value(t, id, "AWSPREVIOUS") != before {
			t.Errorf("%s: the values are not a new one and the one before", id)
		}
		if d := w.describe(t, id); d.RotationEnabled != nil && *d.RotationEnabled {
			t.Errorf("%s: it is rotated automatically now", id)
		}
	}
	if _, err := w.Invoke(t.Context(), []byte(`{"step": "rotate", "secretId": "app/other"}`)); err == nil || !strings.Contains(err.Error(), "no rotation for it") {
		t.Errorf("a secret that it is not meant for: %v", err)
	}
}

// Secrets Manager tests a rotation that is not to begin at once with the third step alone.
func TestTestStepAlone(t *testing.T) {
	w := newWorld(t, 0, map[string]string{"app/key": "canary-one"})
	arn, token := w.begin(t, "app/key")
	if err := w.Step(t.Context(), "testSecret", arn, token); err != nil {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	w := newWorld(t, 0, map[string]string{"app/key": "canary-one", "app/off": "canary-two"})
	_, err := w.client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("app/other"), SecretString: aws.String("x")})
	if err != nil {
		t.Fatal(err)
	}
	other, otherToken := w.begin(t, "app/other")
	off, offToken := w.begin(t, "app/off")
	if _, err := w.client.CancelRotateSecret(t.Context(), &secretsmanager.CancelRotateSecretInput{SecretId: &off}); err != nil {
		t.Fatal(err)
	}
	arn, token := w.begin(t, "app/key")

	tests := map[string]struct{ step, secret, token, want string }{
		"of no job":         {"createSecret", other, otherToken, "this function has no rotation for it, but for 2 others"},
		"of another region": {"createSecret", strings.Replace(arn, "eu-west-1", "us-east-1", 1), token, "in another account or region"},
		"turned off":        {"createSecret", off, offToken, "its rotation is turned off"},
		"made-up token":     {"createSecret", arn, uuid.NewString(), "is neither pending nor current"},
		"unknown step":      {"dropSecret", arn, token, "give createSecret, setSecret, testSecret, finishSecret, rotate or retire"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := w.Step(t.Context(), tt.step, tt.secret, tt.token)
			var answer *lambdaruntime.Error
			if !errors.As(err, &answer) || !strings.Contains(answer.Message, tt.want) {
				t.Errorf("the answer is %v, without %q", err, tt.want)
			}
		})
	}
	for _, name := range []string{"app/key", "app/off", "app/other"} {
		if w.value(t, name, "AWSPENDING") != "" {
			t.Errorf("%s has a pending value", name)
		}
	}
}

func TestWithoutJobs(t *testing.T) {
	f := start(t, 0, map[string]string{"SECRETSTACK_ROTATIONS": filepath.Join(t.TempDir(), "none.json")})
	_, err := f.Invoke(t.Context(), []byte(`{"step": "retire"}`))
	if err == nil || !strings.Contains(err.Error(), "none.json") || !strings.Contains(err.Error(), "deploy the stack again") {
		t.Errorf("the answer is %v", err)
	}
}

// A step that fails says why, and the next attempt of the service takes the rotation up.
func TestFailingStep(t *testing.T) {
	for _, action := range []string{"DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t, 0, map[string]string{"app/key": "canary-one"})
			arn, token := w.begin(t, "app/key")
			var failed atomic.Bool
			fault := func(now string, rw http.ResponseWriter, _ *http.Request) bool {
				if now != action || failed.Swap(true) {
					return false
				}
				rw.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(rw, `{"__type": "AccessDeniedException", "message": "not authorized"}`)
				return true
			}
			w.fault.Store(&fault)

			var err error
			for _, step := range []string{"createSecret", "setSecret", "testSecret", "finishSecret"} {
				if err = w.Step(t.Context(), step, arn, token); err != nil {
					break
				}
			}
			if want := "allow the rotator's role secretsmanager:" + action; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the answer is %v, without %q", err, want)
			}
			if w.value(t, "app/key", "AWSCURRENT") != "canary-one" && action != "UpdateSecretVersionStage" {
				t.Error("the current value changed")
			}
			if err := w.Rotate(t.Context(), w.client, "app/key"); err != nil {
				t.Error(err)
			}
			if w.value(t, "app/key", "AWSPREVIOUS") != "canary-one" {
				t.Error("it is not rotated once")
			}
		})
	}
}

// The function answers before Lambda ends it, and the same process goes on.
func TestDeadline(t *testing.T) {
	w := newWorld(t, 7*time.Second, map[string]string{"app/key": "canary-one"})
	arn, token := w.begin(t, "app/key")
	hang := func(action string, _ http.ResponseWriter, r *http.Request) bool {
		if action == "PutSecretValue" {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}
		return action == "PutSecretValue"
	}
	w.fault.Store(&hang)
	err := w.Step(t.Context(), "createSecret", arn, token)
	var answer *lambdaruntime.Error
	if !errors.As(err, &answer) || !strings.Contains(answer.Message, "the rotator's time ran out") {
		t.Errorf("the answer is %v", err)
	}
	if !strings.Contains(w.Output(), `"outcome":"failed"`) || !strings.Contains(w.Output(), `"class":"deadline"`) {
		t.Errorf("there is no record of it:\n%s", w.Output())
	}
	pid := w.PID()
	w.fault.Store(nil)
	if err := w.Rotate(t.Context(), w.client, "app/key"); err != nil || w.PID() != pid || pid == 0 {
		t.Errorf("the process %d is now %d, error %v", pid, w.PID(), err)
	}
}

func TestRetire(t *testing.T) {
	w := newWorld(t, 0, map[string]string{"a/due": "canary-a", "b/later": "canary-b", "c/unscheduled": "canary-c", "d/adopted": "canary-d", "e/gone": "canary-e"})
	label := func(name, label string) {
		id := ""
		for version, labels := range w.describe(t, name).VersionIdsToStages {
			if slices.Contains(labels, "AWSPREVIOUS") {
				id = version
			}
		}
		_, err := w.client.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{
			SecretId: &name, VersionStage: &label, MoveToVersionId: &id,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(name string) {
		value := "canary-" + uuid.NewString()
		w.values = append(w.values, value)
		_, err := w.client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("a/due")
	put("b/later")
	put("c/unscheduled")
	put("d/adopted")
	later := "secretstack:retire-after:" + strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	label("a/due", "secretstack:retire-after:1700000000")
	label("b/later", later)
	label("c/unscheduled", "secretstack:rotated")

	var got sweep
	answer, err := w.Invoke(t.Context(), []byte(`{"step": "retire"}`))
	if err != nil || json.Unmarshal(answer, &got) != nil || got != (sweep{Looked: 5, Due: 2}) {
		t.Errorf("the answer is %s, error %v", answer, err)
	}
	if log := w.Output(); !strings.Contains(log, `"step":"look","outcome":"ok","looked":5`) {
		t.Errorf("no record says that all are on time:\n%s", log)
	}
	labels := func(name string) (all []string) {
		for _, own := range w.describe(t, name).VersionIdsToStages {
			all = append(all, own...)
		}
		slices.Sort(all)
		return all
	}
	if got := labels("a/due"); !slices.Equal(got, []string{"AWSCURRENT"}) {
		t.Errorf("what was due has the labels %v", got)
	}
	if got := labels("b/later"); !slices.Equal(got, []string{"AWSCURRENT", "AWSPREVIOUS", later}) {
		t.Errorf("what is due later has the labels %v", got)
	}
	if got := labels("c/unscheduled"); len(got) != 4 || !strings.HasPrefix(got[2], "secretstack:retire-after:") {
		t.Errorf("what was not scheduled has the labels %v", got)
	}
	if got := labels("d/adopted"); !slices.Equal(got, []string{"AWSCURRENT", "AWSPREVIOUS"}) {
		t.Errorf("what was never rotated has the labels %v", got)
	}

	// One that fails does not keep the others.
	_, err = w.client.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{
		SecretId: aws.String("e/gone"), ForceDeleteWithoutRecovery: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	put("a/due")
	label("a/due", "secretstack:retire-after:1700000001")
	answer, err = w.Invoke(t.Context(), []byte(`{"step": "retire"}`))
	if err == nil || !strings.Contains(err.Error(), "1 of 5 secrets failed") || !strings.Contains(err.Error(), "e/gone") {
		t.Errorf("the answer is %s, error %v", answer, err)
	}
	if got := labels("a/due"); !slices.Equal(got, []string{"AWSCURRENT"}) {
		t.Errorf("what was due beside it has the labels %v", got)
	}
}

// Where the time is too short for all, a sweep says how many are left, and is no failure.
func TestRetireDeadline(t *testing.T) {
	moto := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	t.Cleanup(moto.Close)
	var names []string
	for i := range 1000 {
		names = append(names, "secret-"+strconv.Itoa(i))
	}
	f := start(t, 3*time.Second, map[string]string{
		"AWS_ENDPOINT_URL": moto.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"SECRETSTACK_ROTATIONS": jobsFile(t, names),
	})
	var got sweep
	answer, err := f.Invoke(t.Context(), []byte(`{"step": "retire"}`))
	if err != nil || json.Unmarshal(answer, &got) != nil || got.Looked < 50 || got.Looked > 150 || got.Looked+got.Left != len(names) {
		t.Errorf("the answer is %s, error %v", answer, err)
	}
	if n := strings.Count(f.Output(), "\n"); n != got.Looked+1 || !strings.Contains(f.Output(), `"step":"look","outcome":"failed","looked"`) {
		t.Errorf("%d records, want one for each of %d looks and one that says not ok:\n%s", n, got.Looked, f.Output())
	}
}
