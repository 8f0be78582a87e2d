package azurealert

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
)

// columnsOf says to which column of its table a workspace takes a field of a record: see the tables' reference, in doc.go.
var columnsOf = map[string]map[string]string{
	"AuditEvent": {
		"time": "TimeGenerated", "resourceId": "_ResourceId", "operationName": "OperationName", "callerIpAddress": "CallerIpAddress",
		"identity": "Identity", "properties.id": "Id", "properties.requestUri": "RequestUri", "properties.httpStatusCode": "HttpStatusCode",
	},
	"Administrative": {
		"time": "TimeGenerated", "resourceId": "_ResourceId", "operationName": "OperationNameValue", "callerIpAddress": "CallerIpAddress",
		"resultType": "ActivityStatusValue", "identity.claims": "Claims_d", "properties": "Properties_d",
	},
}

// inTable gives a record as a row, and its table.
func inTable(t *testing.T, record []byte) (string, row) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(record, &fields); err != nil {
		t.Fatal(err)
	}
	table, ok := fields["Type"].(string)
	made := row{}
	if ok {
		for column, v := range fields {
			made[column] = cell(v)
		}
	} else {
		category, _ := fields["category"].(string)
		table = map[string]string{"AuditEvent": "AZKVAuditLogs", "Administrative": "AzureActivity"}[category]
		for field, column := range columnsOf[category] {
			var v any = fields
			for part := range strings.SplitSeq(field, ".") {
				v = v.(map[string]any)[part]
				if v == nil {
					break
				}
			}
			if v != nil {
				made[column] = cell(v)
			}
		}
		made["_ResourceId"] = strings.ToLower(made["_ResourceId"].(string))
	}
	for column, v := range made {
		text, ok := v.(string)
		switch {
		case column == "TimeGenerated":
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			made[column] = at
		case ok && absent(column) == nil: // an export that has all as text
			made[column] = fromJSON(text)
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				made[column] = n
			}
		}
	}
	return table, made
}

// cell gives what a column has: a text stays one.
func cell(v any) any {
	if text, ok := v.(string); ok {
		return text
	}
	return dynamic(v)
}
