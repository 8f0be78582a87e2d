package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// secretsManager answers as AWS does for three secrets of the stack dev, of which warehouse/api-token is being rotated;
// the others are not there. The function rotates session-signing-key alone.
func secretsManager(t testing.TB) (url string) {
	const arns = "arn:aws:%:eu-west-1:111122223333:"
	arn := func(service, name string) string { return strings.Replace(arns, "%", service, 1) + name }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			SecretID, RotationLambdaARN, ClientRequestToken, Step string // names match in any case
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		if strings.HasSuffix(r.URL.Path, "/invocations") {
			if r.URL.Path != "/2015-03-31/functions/"+arn("lambda", "function:shop-dev-rotator")+"/invocations" {
				t.Errorf("the function %s", r.URL.Path)
			}
			if in.Step != "rotate" || in.SecretID != "shop/dev/session-signing-key" {
				w.Header().Set("X-Amz-Function-Error", "Unhandled")
				_, _ = w.Write([]byte(`{"errorMessage": "begin a round: readers may still use the previous credential"}`))
			}
			return
		}
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		secret, _ := strings.CutPrefix(in.SecretID, "shop/dev/")
		out := map[string]any{"ARN": arn("secretsmanager", "secret:"+in.SecretID+"-AbCdEf")}
		switch call := operation + " " + secret; {
		case !slices.Contains([]string{"orders-db", "session-signing-key", "warehouse/api-token"}, secret):
			out = map[string]any{"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."}
		case operation == "DescribeSecret":
		case operation == "RotateSecret" && in.RotationLambdaARN != "":
			t.Errorf("%s with the function %q", call, in.RotationLambdaARN)
		case call == "RotateSecret warehouse/api-token":
			out = map[string]any{"__type": "InvalidRequestException", "Message": "A previous rotation isn't complete. That rotation will be reattempted."}
		case operation == "RotateSecret":
			out["VersionId"] = in.ClientRequestToken
		case operation == "ListSecretVersionIds":
			out["Versions"] = []map[string]any{
				{"VersionId": "11111111-aaaa-4aaa-8aaa-111111111111", "CreatedDate": 1893456000, "VersionStages": []string{"AWSPREVIOUS"}},
				{"VersionId": "22222222-bbbb-4bbb-8bbb-222222222222", "CreatedDate": 1896048000, "VersionStages": []string{"AWSCURRENT"}},
			}
		default:
			t.Errorf("an unexpected call: %s", call)
		}
		if out["__type"] != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
