package gcpalert_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/gcpalert"
)

// extract does what is documented of an extractor: a regular expression has one group, and what cannot be
// extracted is empty (https://cloud.google.com/logging/docs/logs-based-metrics/labels). That it takes the first of a list
// is assumed.
func extract(t *testing.T, extractor string, record []byte) string {
	t.Helper()
	m := regexp.MustCompile(`^(?:EXTRACT\(([\w.]+)\)|REGEXP_EXTRACT\(([\w.]+), "([^"\\]+)"\))$`).FindStringSubmatch(extractor)
	if m == nil {
		t.Fatalf("%s is no extractor", extractor)
	}
	if m[1] != "" {
		value := gjson.ParseBytes(record)
		for name := range strings.SplitSeq(m[1], ".") {
			if value = value.Get(name); value.IsArray() {
				value = value.Get("0")
			}
		}
		return value.Str
	}
	re := regexp.MustCompile(m[3])
	if re.NumSubexp() != 1 {
		t.Fatalf("%s has not one group", extractor)
	}
	if found := re.FindStringSubmatch(gjson.GetBytes(record, m[2]).Str); found != nil {
		return found[1]
	}
	return ""
}

func TestExtractors(t *testing.T) {
	s := sample()
	for file, want := range map[string]map[string]string{
		"read-burst/fires-restart-loop": {
			"secret": "shop-prod-orders-db", "who": "checkout@shop-prod.iam.gserviceaccount.com", "from": "10.20.4.7",
			"subject": "serviceAccount:checkout@shop-prod.iam.gserviceaccount.com",
			"behind":  "", "method": "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
			"resource": "projects/123456789012/secrets/shop-prod-orders-db/versions/latest",
		},
		"read-by-stranger/quiet-impersonated": {
			"secret": "shop-prod-orders-db", "who": "checkout@shop-prod.iam.gserviceaccount.com", "from": "203.0.113.24",
			"subject": "serviceAccount:checkout@shop-prod.iam.gserviceaccount.com", "behind": "alice@example.com",
			"method":   "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
			"resource": "projects/123456789012/secrets/shop-prod-orders-db/versions/latest",
		},
		"secret-deleted/fires-companion": {
			"secret": s.SecretID("warehouse/api-token" + gcpalert.Companion), "who": "mallory@example.com", "from": "203.0.113.24", "subject": "user:mallory@example.com",
			"behind": "", "method": "google.cloud.secretmanager.v1.SecretManagerService.DeleteSecret", "resource": "projects/123456789012/secrets/shop-prod-warehouse--sapi-token--rotation",
		},
		"audit-changed/fires-sink-deleted": {
			"secret": "", "who": "mallory@example.com", "from": "203.0.113.24", "subject": "user:mallory@example.com",
			"behind": "", "method": "google.logging.v2.ConfigServiceV2.DeleteSink", "resource": "projects/shop-prod/sinks/_Default",
		},
		"rotation-failed/fires-start": {"secret": "shop-prod-warehouse--sapi-token", "step": "start", "class": "refused"},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var c struct{ Records []json.RawMessage }
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		id, _, _ := strings.Cut(file, "/")
		got := map[string]string{}
		for label, extractor := range s.Extractors(alert.ByID(alert.ID(id)).When) {
			got[label] = extract(t, extractor, c.Records[0])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", file, diff)
		}
	}
}
