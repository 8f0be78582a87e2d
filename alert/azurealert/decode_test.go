package azurealert

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/alerttest"
	"github.com/secretstack/secretstack/alert/logfile"
)

const vaultID = "/SUBSCRIPTIONS/8F3B6C1E-0D47-4A92-B5E8-2C9F7A1D6E04/RESOURCEGROUPS/SHOP-PROD-SECRETS/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/SHOP-PROD-SECRETS"

func TestDecode(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 14, 7, 118374200, time.UTC)
	read := alert.Event{
		Time: at, Action: alert.Read, Outcome: alert.OK, Secret: "warehouse/api-token", Who: reports, From: netip.MustParseAddr("203.0.113.17"),
		Operation: "SecretGet", ID: "c1",
	}
	with := func(e alert.Event, change func(*alert.Event)) alert.Event { change(&e); return e }
	for name, tt := range map[string]struct {
		record string
		want   alert.Event
	}{
		"the page's sample, of a vault": {`{"time":"2016-01-05T01:32:01.2691226Z","resourceId":"` + vaultID + `","operationName":"VaultGet","operationVersion":"2015-06-01","category":"AuditEvent","resultType":"Success","resultSignature":"OK","resultDescription":"","durationMs":"78","callerIpAddress":"104.40.82.76","correlationId":"","identity":{"claim":{"appid":"1950a258-227b-4e31-a9cf-717495945fc2"}},"properties":{"clientInfo":"azure-resource-manager/2.0","id":"https://contosokeyvault.vault.azure.net/","httpStatusCode":200}}`, alert.Event{}},
		"a record": {
			`{"time":"2026-03-02T09:14:07.1183742Z","category":"AuditEvent","operationName":"SecretGet","resourceId":"` + vaultID + `","correlationId":"c1","callerIpAddress":"::ffff:203.0.113.17","identity":{"claim":{"oid":"` + strings.ToUpper(reports) + `"}},"properties":{"id":"https://shop-prod-secrets.vault.azure.net/secrets/Warehouse--sapi-token/4387e9f3","httpStatusCode":200,"requestUri":"https://shop-prod-secrets.vault.azure.net/secrets/warehouse--sapi-token/?api-version=7.6"}}`, read,
		},
		"a row": {
			`{"TimeGenerated":"2026-03-02T09:14:07.1183742Z","Type":"AZKVAuditLogs","OperationName":"SecretGet","_ResourceId":"` + strings.ToLower(vaultID) + `","CorrelationId":"c1","CallerIpAddress":"203.0.113.17","Identity":{"claim":{"oid":"` + reports + `"}},"HttpStatusCode":200,"Id":"","RequestUri":"https://shop-prod-secrets.vault.azure.net:443/secrets/warehouse--sapi-token?api-version=7.6"}`, read,
		},
		"a row as text, denied": {
			`{"TableName":"PrimaryResult","TimeGenerated":"2026-03-02T09:14:07.1183742Z","Type":"AZKVAuditLogs","OperationName":"SecretGet","_ResourceId":"` + strings.ToLower(vaultID) + `","CorrelationId":"c1","CallerIpAddress":"203.0.113.17","Identity":"{\"claim\":{\"oid\":\"` + reports + `\"}}","HttpStatusCode":"403","RequestUri":"https://shop-prod-secrets.vault.azure.net/secrets/warehouse--sapi-token/?api-version=7.6"}`,
			with(read, func(e *alert.Event) { e.Outcome = alert.Denied }),
		},
		"a name that is not declared": {
			`{"time":"2026-03-02T09:14:07.1183742Z","category":"AuditEvent","operationName":"SecretGet","resourceId":"` + vaultID + `","correlationId":"c1","callerIpAddress":"","identity":{"claim":{"oid":"` + reports + `"}},"properties":{"httpStatusCode":404,"requestUri":"https://shop-prod-secrets.vault.azure.net/secrets/old--sapi-token"}}`,
			with(read, func(e *alert.Event) { e.Secret, e.Outcome, e.From = "old/api-token", alert.Failed, netip.Addr{} }),
		},
		"the vault": {
			`{"time":"2026-03-02T09:14:07.1183742Z","category":"Administrative","operationName":"MICROSOFT.KEYVAULT/VAULTS/DELETE","resourceId":"` + vaultID + `","resultType":"Success","correlationId":"c1","callerIpAddress":"203.0.113.17","identity":{"claims":{"http://schemas.microsoft.com/identity/claims/objectidentifier":"` + reports + `"}},"properties":{"entity":"` + vaultID + `"}}`,
			with(read, func(e *alert.Event) {
				e.Action, e.Secret, e.Operation = alert.Delete, "*", "MICROSOFT.KEYVAULT/VAULTS/DELETE"
			}),
		},
		"a row without claims": {
			`{"TimeGenerated":"2026-03-02T09:14:07.1183742Z","Type":"AzureActivity","OperationName":"","OperationNameValue":"MICROSOFT.KEYVAULT/VAULTS/DELETE","_ResourceId":"` + strings.ToLower(vaultID) + `","ActivityStatusValue":"Success","CorrelationId":"c1","CallerIpAddress":"203.0.113.17","Caller":"Operator@example.com"}`,
			with(read, func(e *alert.Event) {
				e.Action, e.Secret, e.Operation, e.Who = alert.Delete, "*", "MICROSOFT.KEYVAULT/VAULTS/DELETE", "operator@example.com"
			}),
		},
		"another category": {`{"time":"2026-03-02T09:14:07Z","category":"AzurePolicyEvaluationDetails","operationName":"SecretGet"}`, alert.Event{}},
		"an empty object":  {`{}`, alert.Event{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sample().Decode([]byte(tt.record))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	for record, want := range map[string]string{
		`time,category`: "no JSON object",
		`{"time":`:      "no JSON object",
		`[]`:            "no JSON object",
		`{"time":"yesterday","category":"AuditEvent","operationName":"SecretList","resourceId":"` + vaultID + `","properties":{"httpStatusCode":200}}`: `SecretList has the time "yesterday"`,
	} {
		if _, err := sample().Decode([]byte(record)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", record, err)
		}
	}
}

// A companion is known by its suffix only where the secret of which it would be is declared.
func TestIDs(t *testing.T) {
	s := &Store{Watch: alert.Watch{Secrets: []alert.Secret{{Name: "a/B"}, {Name: "a/B--rotation"}, {Name: "c--rotation"}}}}
	s.Index()
	want := map[string]string{"a--sb": "a/B", "a--sb--rotation": "a/B--rotation", "c--h--hrotation": "c--rotation"}
	if diff := cmp.Diff(want, s.names); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkReplay takes the records in testdata, again and again, through Decode and all alerts.
func BenchmarkReplay(b *testing.B) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.json"))
	if err != nil {
		b.Fatal(err)
	}
	var lines bytes.Buffer
	records := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		var c alerttest.Case
		if err := json.Unmarshal(data, &c); err != nil {
			b.Fatal(err)
		}
		for _, r := range c.Records {
			records++
			if err := json.Compact(&lines, r); err != nil {
				b.Fatal(err)
			}
			lines.WriteByte('\n')
		}
	}
	var log []io.Reader
	for range (b.N + records - 1) / records {
		log = append(log, bytes.NewReader(lines.Bytes()))
	}
	s := sample()
	replay := alert.NewReplay(&s.Watch, alert.Settings{Networks: s.Networks}.Active(Gaps, true))
	n := 0
	b.ResetTimer()
	if err := logfile.Read(b.Context(), io.MultiReader(log...), s.Decode, func(e alert.Event) { replay.Add(e); n++ }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(lines.Len())/float64(records), "bytes/record")
}
