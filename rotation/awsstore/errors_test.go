package awsstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/awsstore"
)

// client gives a client of a service that answers as it is told, and tries once.
func client(t *testing.T, answer http.HandlerFunc) *secretsmanager.Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return clientOf(server.URL)
}

func clientOf(url string) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: "eu-west-1", BaseEndpoint: &url, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

func TestErrors(t *testing.T) {
	tests := map[string]struct {
		code  string
		class rotation.Class
		want  []string
	}{
		"permission": {"AccessDeniedException", rotation.Refused, []string{"PutSecretValue of orders-db", "allow the rotator's role secretsmanager:PutSecretValue"}},
		"key":        {"DecryptionFailure", rotation.Refused, []string{"KMS key is enabled"}},
		"throttling": {"ThrottlingException", rotation.Throttled, []string{"fewer secrets at once"}},
		"versions":   {"LimitExceededException", rotation.Throttled, []string{"each 10 minutes"}},
		"service":    {"InternalServiceError", rotation.Unreachable, []string{"the service itself failed"}},
		"no secret":  {"ResourceNotFoundException", rotation.Invalid, []string{"see that the secret exists"}},
		"deleted":    {"InvalidRequestException", rotation.Invalid, []string{"not marked deleted"}},
		"value":      {"ValidationException", rotation.Invalid, []string{"65,536 bytes"}},
		"expired":    {"ExpiredTokenException", rotation.Refused, []string{"AWS credentials"}},
		"unheard of": {"SomethingNew", rotation.Internal, []string{"SomethingNew: as the service says"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store := awsstore.New(client(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeSecret") {
					_, _ = io.WriteString(w, "{}")
					return
				}
				w.WriteHeader(http.StatusBadRequest)
				_ = json.NewEncoder(w).Encode(map[string]string{"__type": tt.code, "message": "as the service says"})
			}), "orders-db")
			_, err := store.Stage(t.Context(), "3f9c2a52-0000-4000-8000-000000000000", rotation.NewValue("canary"))
			check(t, err, tt.class, tt.want...)
		})
	}
}

func TestNetworkErrors(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	_, err := awsstore.New(clientOf(gone.URL), "orders-db").Versions(t.Context())
	check(t, err, rotation.Unreachable, "DescribeSecret of orders-db", "connection refused", "interface endpoint")

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = awsstore.New(client(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}), "orders-db").Versions(ctx)
	check(t, err, rotation.Deadline, "the rotator's time ran out")
}

func check(t *testing.T, err error, class rotation.Class, want ...string) {
	t.Helper()
	var e *rotation.Error
	if !errors.As(err, &e) || e.Class != class {
		t.Fatalf("the error is %v, not of class %s", err, class)
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the error %q", part, err)
		}
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the value is in the error %q", err)
	}
}

func TestHistory(t *testing.T) {
	pages := []string{
		`{"NextToken": "more", "Versions": [
			{"VersionId": "a", "CreatedDate": 1000},
			{"VersionId": "w", "CreatedDate": 1500, "VersionStages": ["secretstack:retire-after:5"]},
			{"VersionId": "d", "CreatedDate": 4000, "VersionStages": ["AWSPENDING"]}]}`,
		`{"Versions": [
			{"VersionId": "c", "CreatedDate": 3000, "VersionStages": ["AWSPENDING", "AWSCURRENT"]},
			{"VersionId": "b", "CreatedDate": 2000.5, "VersionStages": ["secretstack:retire-after:5", "AWSPREVIOUS"]}]}`,
	}
	store := awsstore.New(client(t, func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			IncludeDeprecated bool
			NextToken         string
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !in.IncludeDeprecated {
			t.Errorf("the request is %+v, error %v", in, err)
		}
		page := 0
		if in.NextToken == "more" {
			page = 1
		}
		_, _ = io.WriteString(w, pages[page])
	}), "orders-db")
	got, err := store.History(t.Context())
	want := []rotation.Event{
		{Version: "d", Created: time.Unix(4000, 0).UTC(), State: "pending"},
		{Version: "c", Created: time.Unix(3000, 0).UTC(), State: "current"},
		{Version: "b", Created: time.Unix(2000, 5e8).UTC(), State: "previous"},
		{Version: "w", Created: time.Unix(1500, 0).UTC(), State: "previous"},
		{Version: "a", Created: time.Unix(1000, 0).UTC(), State: "retired"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("the history (-want +got), error %v:\n%s", err, diff)
	}
}
