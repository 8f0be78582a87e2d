package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretstack/secretstack/rotation/gcpstore"
	"github.com/secretstack/secretstack/rotation/gcpstore/secretmanagertest"
)

const id = "shop-prod-signing-key"

var name = secretmanagertest.SecretName(id)

const canary = "canary-of-a-value"

// A world is a service, and the secret manager behind it.
type world struct {
	*secretmanagertest.Server
	t       *testing.T
	admin   *secretmanager.Client
	issuer  *issuer
	service *service
	url     string

	mu   sync.Mutex
	logs bytes.Buffer
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logs.Write(p)
}

func (w *world) log() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logs.String()
}

const job = `{"secret":"signing-key","id":"projects/shop-prod/secrets/` + id + `",` +
	`"rotation":{"every":"30d","grace":"1h","generated":{"kind":"hex"}}}`

func newWorld(t *testing.T, opts ...grpc.DialOption) *world {
	t.Helper()
	server := secretmanagertest.New()
	w := &world{Server: server, t: t, admin: server.Client(t), issuer: newIssuer(t)}
	server.MustCreate(t, id, map[string]string{gcpstore.JobAnnotation: job})
	server.MustCreate(t, id+"--rotation", nil)
	server.MustAdd(t, name, canary)
	c := config{prefixes: []string{"projects/" + secretmanagertest.ProjectNumber + "/secrets/shop-prod-"}, push: caller{audience: audience, account: account}}
	w.service = newService(c, server.Client(t, opts...), w.issuer.validator(), newLog(w))
	front := httptest.NewServer(w.service.handler())
	t.Cleanup(front.Close)
	w.url = front.URL
	t.Cleanup(func() {
		for _, v := range w.values() {
			if strings.Contains(w.log(), v) {
				t.Errorf("a value is in the log:\n%s", w.log())
			}
		}
	})
	return w
}

// values gives each value that can still be read.
func (w *world) values() []string {
	var values []string
	for n := 1; ; n++ {
		got, err := w.AccessSecretVersion(context.Background(), &pb.AccessSecretVersionRequest{Name: fmt.Sprintf("%s/versions/%d", name, n)})
		switch status.Code(err) {
		case codes.OK:
			values = append(values, string(got.Payload.Data))
		case codes.NotFound:
			return values
		}
	}
}

func (w *world) states() string {
	w.t.Helper()
	var states []string
	for v, err := range w.admin.ListSecretVersions(w.t.Context(), &pb.ListSecretVersionsRequest{Parent: name}).All() {
		if err != nil {
			w.t.Fatal(err)
		}
		states = append(states, strings.ToLower(v.State.String()))
	}
	slices.Reverse(states)
	return strings.Join(states, " ")
}

// envelope is what Pub/Sub sends of an event of Secret Manager's.
func envelope(kind, secret string, published time.Time) string {
	text, err := json.Marshal(map[string]any{
		"message": map[string]any{
			"attributes": map[string]string{
				"eventType": kind, "secretId": secret, "dataFormat": "JSON_API_V1", "timestamp": published.Format(time.RFC3339Nano),
			},
			"data": "e30=", "messageId": "136969346945", "publishTime": published.Format(time.RFC3339Nano),
		},
		"subscription": "projects/shop-prod/subscriptions/rotation", "deliveryAttempt": 1,
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// deliver pushes a body as Pub/Sub does, but for some headers, and gives the answer's status.
func deliver(t *testing.T, url, token, body string, headers map[string]string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}

func (w *world) deliver(body string) int {
	w.t.Helper()
	return deliver(w.t, w.url, w.issuer.token(nil), body, nil)
}

func (w *world) want(what string, got, want int) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: status %d, want %d; the log:\n%s", what, got, want, w.log())
	}
}

func TestRotationAndRetirement(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	w.Now = func() time.Time { return now }
	due := envelope(rotate, name, now)
	w.want("the event", w.deliver(due), http.StatusNoContent)
	if got := w.states(); got != "enabled enabled" {
		t.Fatalf("the versions are %s", got)
	}
	w.want("the event again", w.deliver(due), http.StatusNoContent)
	if got := w.states(); got != "enabled enabled" {
		t.Errorf("after it was delivered again the versions are %s", got)
	}
	w.want("the companion's event, early", w.deliver(envelope(rotate, name+"--rotation", now)), http.StatusNoContent)
	if got := w.states(); got != "enabled enabled" {
		t.Errorf("within the grace the versions are %s", got)
	}
	w.gracePasses()
	w.want("the companion's event, late", w.deliver(envelope(rotate, name+"--rotation", now)), http.StatusNoContent)
	if got := w.states(); got != "destroyed enabled" {
		t.Errorf("after the grace the versions are %s", got)
	}
	if !strings.Contains(w.log(), `"message":"rotation","message_id":"136969346945","attempt":1,"secret":"projects/shop-prod/secrets/`+id+`","step":"finish","outcome":"ok"`) {
		t.Errorf("there is no record of the rotation:\n%s", w.log())
	}
}

// The tokens of a secret that is made again are others.
func TestLife(t *testing.T) {
	life := func() string {
		w := newWorld(t)
		r, _, _, err := w.service.rotator(t.Context(), w.service.log, event{secret: name, published: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		return r.Life
	}
	if first, second := life(), life(); first == "" || first == second {
		t.Errorf("the lives are %q and %q", first, second)
	}
}

// The clock rotates what is due, and makes the first value.
func TestClock(t *testing.T) {
	w := newWorld(t)
	clock := envelope(rotate, name+"--rotation", time.Now())
	w.want("not due", w.deliver(clock), http.StatusNoContent)
	if got := w.states(); got != "enabled" {
		t.Fatalf("a rotation that is not due: the versions are %s", got)
	}
	made := time.Now()
	w.Now = func() time.Time { return made.Add(-31 * 24 * time.Hour) } // of the service, when this value is put
	w.MustAdd(t, name, "an old value")
	w.Now = time.Now
	w.want("due", w.deliver(clock), http.StatusNoContent)
	if got := w.states(); got != "enabled enabled enabled" {
		t.Errorf("a rotation that is due: the versions are %s; the log:\n%s", got, w.log())
	}

	const empty = "shop-prod-empty"
	w.MustCreate(t, empty, map[string]string{gcpstore.JobAnnotation: strings.ReplaceAll(job, id, empty)})
	w.MustCreate(t, empty+"--rotation", nil)
	first := envelope(rotate, secretmanagertest.SecretName(empty)+"--rotation", time.Now())
	w.want("the first value", w.deliver(first), http.StatusNoContent)
	v, err := w.admin.AccessSecretVersion(t.Context(), &pb.AccessSecretVersionRequest{
		Name: secretmanagertest.SecretName(empty) + "/versions/latest",
	})
	if err != nil || len(v.GetPayload().GetData()) == 0 {
		t.Errorf("there is no first value: %v; the log:\n%s", err, w.log())
	}
}

func TestAnswers(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	good := envelope(rotate, name, old)
	for what, tt := range map[string]struct {
		body string
		want int
	}{
		"another type":         {envelope("SECRET_VERSION_ADD", name, old), http.StatusNoContent},
		"a test message":       {`{"message":{"attributes":{"eventType":"TOPIC_CONFIGURED"},"messageId":"1"}}`, http.StatusNoContent},
		"no attributes":        {`{"message":{"messageId":"1"}}`, http.StatusNoContent},
		"another stack":        {envelope(rotate, secretmanagertest.SecretName("shop-dev-signing-key"), old), http.StatusForbidden},
		"another project":      {envelope(rotate, "projects/42/secrets/"+id, old), http.StatusForbidden},
		"no secret's name":     {envelope(rotate, name+"/versions/1", old), http.StatusBadRequest},
		"no secret":            {envelope(rotate, "", old), http.StatusBadRequest},
		"a path":               {envelope(rotate, "projects/123456789012/secrets/../secrets/x", old), http.StatusBadRequest},
		"a secret that is not": {envelope(rotate, name+"-2", old), http.StatusInternalServerError},
		"no time":              {strings.Replace(good, "publishTime", "time", 1), http.StatusBadRequest},
		"another time":         {strings.Replace(good, `"publishTime":"2`, `"publishTime":"x`, 1), http.StatusBadRequest},
		"nothing":              {"", http.StatusBadRequest},
		"no message":           {"{}", http.StatusBadRequest},
		"no object":            {"[]", http.StatusBadRequest},
		"half of it":           {good[:len(good)/2], http.StatusBadRequest},
		"too much":             {strings.Replace(good, "e30=", strings.Repeat("A", maxPush), 1), http.StatusBadRequest},
		"a good one":           {good, http.StatusNoContent},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.want(what, w.deliver(tt.body), tt.want)
			if rotated := w.states() != "enabled"; rotated != (what == "a good one") {
				t.Errorf("rotated: %v", rotated)
			}
		})
	}
}

func TestCaller(t *testing.T) {
	body := envelope(rotate, name, time.Now())
	stripped := func(token string) string {
		return token[:strings.LastIndexByte(token, '.')+1] + "SIGNATURE_REMOVED_BY_GOOGLE"
	}
	type claims = map[string]any
	for what, tt := range map[string]struct {
		checked bool
		claims  claims
		change  func(string) string
		headers map[string]string
		want    int
	}{
		"good":              {want: http.StatusNoContent},
		"short issuer":      {claims: claims{"iss": "accounts.google.com"}, want: http.StatusNoContent},
		"no token":          {change: func(string) string { return "" }, want: http.StatusUnauthorized},
		"no JWT":            {change: func(string) string { return "no-jwt" }, want: http.StatusUnauthorized},
		"basic":             {headers: map[string]string{"Authorization": "Basic eDp5"}, want: http.StatusUnauthorized},
		"another audience":  {claims: claims{"aud": "https://other.example"}, want: http.StatusUnauthorized},
		"expired":           {claims: claims{"exp": time.Now().Add(-time.Minute).Unix()}, want: http.StatusUnauthorized},
		"another issuer":    {claims: claims{"iss": "https://issuer.example"}, want: http.StatusUnauthorized},
		"another account":   {claims: claims{"email": "other@shop-prod.iam.gserviceaccount.com"}, want: http.StatusForbidden},
		"no account":        {claims: claims{"email": nil}, want: http.StatusForbidden},
		"not verified":      {claims: claims{"email_verified": false}, want: http.StatusForbidden},
		"verified as text":  {claims: claims{"email_verified": "true"}, want: http.StatusForbidden},
		"another signature": {change: func(token string) string { return token[:len(token)-8] + "AAAAAAAA" }, want: http.StatusUnauthorized},
		"no signature":      {change: func(token string) string { return token[:strings.LastIndexByte(token, '.')+1] }, want: http.StatusUnauthorized},
		"another key":       {change: func(string) string { return newIssuer(t).token(nil) }, want: http.StatusUnauthorized},

		"signature removed, not by Cloud Run":   {change: stripped, want: http.StatusUnauthorized},
		"signature removed":                     {checked: true, change: stripped, want: http.StatusNoContent},
		"signature removed, another audience":   {checked: true, change: stripped, claims: claims{"aud": "https://other.example"}, want: http.StatusUnauthorized},
		"signature removed, expired":            {checked: true, change: stripped, claims: claims{"exp": 1}, want: http.StatusUnauthorized},
		"signature removed, another account":    {checked: true, change: stripped, claims: claims{"email": "other@example.com"}, want: http.StatusForbidden},
		"signature removed, another was looked": {checked: true, change: stripped, headers: map[string]string{"X-Serverless-Authorization": "Bearer x"}, want: http.StatusUnauthorized},
		"signature removed, no claims":          {checked: true, change: func(string) string { return "a.b.SIGNATURE_REMOVED_BY_GOOGLE" }, want: http.StatusUnauthorized},
		"wrong signature, though checked":       {checked: true, change: func(token string) string { return token[:len(token)-8] + "AAAAAAAA" }, want: http.StatusUnauthorized},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.service.config.push.checked = tt.checked
			token := w.issuer.token(tt.claims)
			if tt.change != nil {
				token = tt.change(token)
			}
			w.want(what, deliver(t, w.url, token, body, tt.headers), tt.want)
			if rotated := w.states() != "enabled"; rotated != (tt.want == http.StatusNoContent) {
				t.Errorf("rotated: %v", rotated)
			}
			if token != "" && strings.Contains(w.log(), token) {
				t.Errorf("the token is in the log:\n%s", w.log())
			}
		})
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	for request, want := range map[string]int{
		"GET /health": http.StatusNoContent,
		"GET /":       http.StatusMethodNotAllowed,
		"POST /other": http.StatusNotFound,
	} {
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		w.want(request, answer.StatusCode, want)
	}
}

// Two deliveries of one event at once: one rotates, the other is told to come again, and then there is nothing
// left to do.
func TestTwoAtOnce(t *testing.T) {
	held, let := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := newWorld(t, grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if strings.HasSuffix(method, "/AddSecretVersion") {
			once.Do(func() { close(held); <-let })
		}
		return invoke(ctx, method, request, answer, conn, opts...)
	}))
	body := envelope(rotate, name, time.Now())
	first := make(chan int)
	go func() { first <- w.deliver(body) }()
	<-held
	w.want("the second", w.deliver(body), http.StatusTooManyRequests)
	close(let)
	w.want("the first", <-first, http.StatusNoContent)
	w.want("the second again", w.deliver(body), http.StatusNoContent)
	if got := w.states(); got != "enabled enabled" {
		t.Errorf("the versions are %s", got)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	held, let := make(chan struct{}), make(chan struct{})
	w := newWorld(t, grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		held <- struct{}{}
		<-let
		return invoke(ctx, method, request, answer, conn, opts...)
	}))
	statuses := make(chan int)
	for i := range atOnce {
		go func() { statuses <- w.deliver(envelope(rotate, fmt.Sprintf("%s-%d", name, i), time.Now())) }()
	}
	for range atOnce {
		<-held
	}
	w.want("one too many", w.deliver(envelope(rotate, name, time.Now())), http.StatusTooManyRequests)
	close(let)
	for range atOnce {
		<-statuses
	}
}

func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		method string
		code   codes.Code
		want   int
		class  string
	}{
		{"GetSecret", codes.PermissionDenied, http.StatusInternalServerError, "refused"},
		{"GetSecret", codes.Unavailable, http.StatusServiceUnavailable, "unreachable"},
		{"AddSecretVersion", codes.Unavailable, http.StatusServiceUnavailable, "unreachable"},
		{"UpdateSecret", codes.FailedPrecondition, http.StatusTooManyRequests, "busy"},
	} {
		t.Run(tt.method+" "+tt.code.String(), func(t *testing.T) {
			broken := true
			w := newWorld(t, grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any,
				conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
			) error {
				if broken && strings.HasSuffix(method, "/"+tt.method) {
					return status.Error(tt.code, "what the service says")
				}
				return invoke(ctx, method, request, answer, conn, opts...)
			}))
			body := envelope(rotate, name, time.Now())
			w.want("while it fails", w.deliver(body), tt.want)
			if !strings.Contains(w.log(), `"class":"`+tt.class+`"`) {
				t.Errorf("there is no record of class %s:\n%s", tt.class, w.log())
			}
			broken = false
			w.want("delivered again", w.deliver(body), http.StatusNoContent)
			if got := w.states(); got != "enabled enabled" {
				t.Errorf("the versions are %s", got)
			}
		})
	}
}

func TestSecretWithoutJob(t *testing.T) {
	w := newWorld(t)
	w.MustUpdate(t, name, func(s *pb.Secret) []string {
		s.Annotations = nil
		return []string{"annotations"}
	})
	w.want("the event", w.deliver(envelope(rotate, name, time.Now())), http.StatusInternalServerError)
	if !strings.Contains(w.log(), "not to be rotated") || w.states() != "enabled" {
		t.Errorf("the versions are %s, the log:\n%s", w.states(), w.log())
	}
}

func TestLogFields(t *testing.T) {
	var b bytes.Buffer
	log := newLog(&b)
	for level, severity := range map[slog.Level]string{
		slog.LevelInfo: "INFO", slog.LevelWarn: "WARNING", slog.LevelError: "ERROR",
	} {
		b.Reset()
		log.Log(t.Context(), level, "rotation", slog.Group("g", "level", "x"))
		var line map[string]any
		if err := json.Unmarshal(b.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line["severity"] != severity || line["message"] != "rotation" || line["g"].(map[string]any)["level"] != "x" {
			t.Errorf("%s", &b)
		}
	}
}

func TestConfig(t *testing.T) {
	good := map[string]string{
		"SECRETSTACK_SECRETS":       "projects/p/secrets/a-,projects/1/secrets/a-",
		"SECRETSTACK_PUSH_AUDIENCE": audience,
		"SECRETSTACK_PUSH_ACCOUNT":  account,
	}
	parse := func(differ map[string]string) (config, error) {
		env := maps.Clone(good)
		maps.Copy(env, differ)
		return parseConfig(func(name string) string { return env[name] })
	}
	c, err := parse(nil)
	if err != nil || c.port != "8080" || len(c.prefixes) != 2 || c.push.checked {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := parse(map[string]string{"PORT": "1", "SECRETSTACK_INVOKER_CHECKED": "true"}); err != nil || c.port != "1" || !c.push.checked {
		t.Errorf("%+v, %v", c, err)
	}
	_, err = parse(map[string]string{
		"SECRETSTACK_SECRETS": "", "SECRETSTACK_PUSH_AUDIENCE": "", "SECRETSTACK_PUSH_ACCOUNT": "x", "SECRETSTACK_INVOKER_CHECKED": "yes",
	})
	for _, name := range []string{"SECRETSTACK_SECRETS", "SECRETSTACK_PUSH_AUDIENCE", "SECRETSTACK_PUSH_ACCOUNT", "SECRETSTACK_INVOKER_CHECKED"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not in %v", name, err)
		}
	}
}
