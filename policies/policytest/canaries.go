package policytest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/secretstack/secretstack/policies/policy"
)

// canary is what no message may show.
const canary = "zq7canary4x"

// shapes are secrets as they occur. They are put together here, so that no scanner takes this file for a leak.
var shapes = []string{
	canary,
	canary + "-Vb7!kq2wZt90",
	"AKIA" + strings.ToUpper(canary) + "23456",
	"postgres://shop:" + canary + "@db.example.com/orders",
	"http://" + canary + ".example.com/?token=" + canary,
	"arn:aws:iam::111122223333:role/" + canary,
	`{"password":"` + canary + `"}`,
	`{"Statement":{"Sid":"` + canary + `","Effect":"Allow","Principal":"*","Action":["*","` + canary + `:*"],"Resource":"` + canary + `*"}}`,
	`{"Statement":[{"` + canary,
}

// Canaries asks all rules of the cases of all in which texts are secret and have a canary, and checks that no message
// shows one: with every text of a case changed, with those of one property, and with secrets of several shapes in their
// place.
func Canaries(t *testing.T, rules []policy.Rule, folders ...string) {
	t.Helper()
	client := Client(t, rules, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	all := map[string]*pulumirpc.PolicyConfig{}
	for _, r := range rules {
		all[r.Name] = &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY}
	}
	if _, err := client.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: all}); err != nil {
		t.Fatal(err)
	}
	shown, masked := map[string]bool{}, 0
	for _, folder := range folders {
		for _, f := range files(t, folder) {
			for _, c := range f.Cases {
				for _, change := range c.canaries(t) {
					in, err := c.request(change)
					if err != nil {
						t.Fatal(err)
					}
					for _, d := range answers(t, client, in) {
						if strings.Contains(strings.ToLower(d.GetMessage()), canary) && !shown[d.GetPolicyName()] {
							shown[d.GetPolicyName()] = true
							t.Errorf("%s shows a secret value, as in the case %q: %s", d.GetPolicyName(), c.Says, d.GetMessage())
						}
						if strings.Contains(d.GetMessage(), "[secret]") {
							masked++
						}
					}
				}
			}
		}
	}
	if masked == 0 {
		t.Error("no message has left out a secret: nothing was tested")
	}
}

// canaries are changes of a case's properties.
func (c *Case) canaries(t *testing.T) []func(property.Map) property.Map {
	t.Helper()
	names := map[string]bool{}
	if _, err := c.request(func(m property.Map) property.Map {
		for name := range m.All {
			names[name] = true
		}
		return m
	}); err != nil {
		t.Fatal(err)
	}
	changes := []func(property.Map) property.Map{
		func(m property.Map) property.Map { return texts(property.New(m), marked).AsMap() },
	}
	for _, only := range slices.Sorted(maps.Keys(names)) {
		changes = append(changes, func(m property.Map) property.Map {
			if v, ok := m.GetOk(only); ok {
				return m.Set(only, texts(v, marked))
			}
			return m
		})
	}
	for _, shape := range shapes {
		changes = append(changes, func(m property.Map) property.Map {
			return texts(property.New(m), func(string) string { return shape }).AsMap()
		})
	}
	return changes
}

// texts changes all texts in a value, and makes secrets of them.
func texts(v property.Value, change func(string) string) property.Value {
	switch {
	case v.IsString():
		return property.New(change(v.AsString())).WithSecret(true)
	case v.IsArray() && v.AsArray().Len() > 0: // an empty slice would become null
		items := v.AsArray().AsSlice()
		for i, item := range items {
			items[i] = texts(item, change)
		}
		return property.New(items).WithSecret(v.Secret())
	case v.IsMap() && v.AsMap().Len() > 0:
		fields := v.AsMap().AsMap()
		for name, field := range fields {
			fields[name] = texts(field, change)
		}
		return property.New(fields).WithSecret(v.Secret())
	}
	return v
}

// marked is a text with the canary, which means the same as far as that is possible: in a document the words that have
// a meaning stay, and each statement has the canary as its name.
func marked(text string) string {
	var document any
	if json.Unmarshal([]byte(text), &document) != nil {
		return text + canary
	}
	out, err := json.Marshal(markedIn(document))
	if err != nil {
		return text + canary
	}
	return string(out)
}

func markedIn(document any) any {
	switch d := document.(type) {
	case string:
		if slices.Contains([]string{"*", "Allow", "Deny", "2012-10-17"}, d) {
			return d
		}
		return d + canary
	case []any:
		for i, item := range d {
			d[i] = markedIn(item)
		}
	case map[string]any:
		for name, field := range d {
			d[name] = markedIn(field)
		}
		if d["Effect"] != nil {
			d["Sid"] = canary
		}
	}
	return document
}
