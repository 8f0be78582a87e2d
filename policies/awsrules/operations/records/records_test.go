package records

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

const id = "requestParameters.secretId"

var read = Call("secretsmanager", "GetSecretValue", true, []string{id}, "versionStage")

// text is a value as a rule sees it.
func text(s string) policy.Value {
	r := policy.Resource{Inputs: property.NewMap(map[string]property.Value{"pattern": property.New(s)})}
	return r.Get("pattern")
}

func parse(t testing.TB, form, pattern string) Pattern {
	t.Helper()
	var p Pattern
	var err error
	switch form {
	case "event":
		p, err = EventPattern(text(pattern))
	case "filter":
		p, err = FilterPattern(text(pattern))
	case "insight":
		p, err = Insight(text(`{"LogFormat": "JSON", "Contribution": {"Filters": ` + pattern + `}}`))
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPatterns(t *testing.T) {
	type question struct {
		kind   Kind
		secret string
	}
	ours, theirs := question{read, "shop/db"}, question{read, "billing/db"}
	denied := question{read.Denied(), "shop/db"}
	for _, test := range []struct {
		form, pattern string
		want          map[*question]bool
	}{
		{"event", `{"source": ["aws.secretsmanager"]}`, map[*question]bool{&ours: true, &theirs: true, &denied: true}},
		{"event", `{"source": ["aws.kms"]}`, map[*question]bool{&ours: false, &denied: false}},
		{"event", `{"source": [{"prefix": "aws.secrets"}], "account": ["111122223333"], "region": ["eu-west-1"]}`, map[*question]bool{&ours: true}},
		{"event", `{"detail-type": ["AWS Service Event via CloudTrail"]}`, map[*question]bool{&ours: false}},
		{"event", `{"detail": {"eventName": ["GetSecretValue"], "errorCode": [{"exists": false}]}}`, map[*question]bool{&ours: true, &denied: false}},
		{"event", `{"detail": {"eventName": ["GetSecretValue"], "errorCode": [{"exists": true}]}}`, map[*question]bool{&ours: false, &denied: true}},
		{"event", `{"detail": {"errorCode": [{"suffix": {"equals-ignore-case": "denied"}}]}}`, map[*question]bool{&ours: false, &denied: true}},
		{"event", `{"detail": {"eventName": [{"equals-ignore-case": "getsecretvalue"}]}}`, map[*question]bool{&ours: true}},
		{"event", `{"detail": {"eventName": [{"anything-but": ["ListSecrets", "DescribeSecret"]}]}}`, map[*question]bool{&ours: true}},
		{"event", `{"detail": {"eventName": [{"anything-but": {"prefix": ["Get", "List"]}}]}}`, map[*question]bool{&ours: false}},
		{"event", `{"detail": {"readOnly": [true]}}`, map[*question]bool{&ours: true}},
		{"event", `{"detail": {"readOnly": [false]}}`, map[*question]bool{&ours: false}},
		{"event", `{"detail": {"requestParameters": {"secretId": [{"wildcard": "sh*/d*"}]}}}`, map[*question]bool{&ours: true, &theirs: false}},
		{"event", `{"detail": {"requestParameters": {"secretId": [{"anything-but": {"suffix": "op/db"}}]}}}`, map[*question]bool{&ours: false, &theirs: true}},
		{"event", `{"detail": {"requestParameters": {"secretId": ["shop/d", {"suffix": "/dbx"}, {"prefix": "hop"}]}}}`, map[*question]bool{&ours: false}},
		{"event", `{"detail": {"requestParameters": {"secretId": [{"exists": true}]}}}`, map[*question]bool{&ours: true}},
		{"event", `{"detail": {"requestParameters": {"secretId": [{"numeric": [">", 1]}]}}}`, map[*question]bool{&ours: false}},
		{"event", `{"detail": {"sourceIPAddress": [{"cidr": "203.0.113.0/24"}]}}`, map[*question]bool{&ours: true}},
		{"event", `{"detail": {"requestParameters": {"name": ["shop/db"]}}}`, map[*question]bool{&ours: false}},
		{"event", `{"detail": {"requestParameters": {"versionStage": ["AWSPREVIOUS"]}}}`, map[*question]bool{&ours: true}},
		{"event", `{"$or": [{"source": ["aws.kms"]}, {"detail": {"requestParameters": {"secretId": ["shop/db"]}}}]}`, map[*question]bool{&ours: true, &theirs: false}},
		{"event", `{"detail": {"$or": [{"eventName": ["ListSecrets"]}, {"errorCode": ["AccessDenied"]}]}}`, map[*question]bool{&ours: false, &denied: true}},

		{"filter", `{ $.eventName = "GetSecretValue" }`, map[*question]bool{&ours: true, &theirs: true, &denied: true}},
		{"filter", `{$.eventName=GetSecretValue && $.errorCode NOT EXISTS}`, map[*question]bool{&ours: true, &denied: false}},
		{"filter", `{ ($.eventName = Get*) && ($.errorCode = "*Denied") }`, map[*question]bool{&ours: false, &denied: true}},
		{"filter", `{ ($.eventName = ListSecrets) || ($.eventName = %^Get(Secret)?Value$%) }`, map[*question]bool{&ours: true}},
		{"filter", `{ $.eventName = ListSecrets || $.eventName = GetSecretValue && $.requestParameters.secretId = "shop/*" }`, map[*question]bool{&ours: true, &theirs: false}},
		{"filter", `{ ($.eventName = "GetSecretValue") && ($.requestParameters.secretId != "shop/*") && ($.requestParameters.secretId != "*x*") }`, map[*question]bool{&ours: false, &theirs: true}},
		{"filter", `{ ($.eventName != "GetSecretValue") }`, map[*question]bool{&ours: false}},
		{"filter", `{ ($.readOnly IS TRUE) && ($.userIdentity.type = "Root") && ($.eventType != "AwsServiceEvent") }`, map[*question]bool{&ours: true}},
		{"filter", `{ $.msg = "rotation" }`, map[*question]bool{&ours: false, &denied: false}},
		{"filter", `{ $.eventVersion > 1 && $.eventName EXISTS }`, map[*question]bool{&ours: true}},
		{"filter", `GetSecretValue`, map[*question]bool{&ours: true}},
		{"filter", `GetSecretValue -AccessDenied`, map[*question]bool{&ours: true, &denied: false}},
		{"filter", `?ListSecrets ?GetSecretValue`, map[*question]bool{&ours: true}},
		{"filter", `"GetSecretValue" "shop/"`, map[*question]bool{&ours: true, &theirs: false}},
		{"filter", `%Get\w+Value%`, map[*question]bool{&ours: true}},
		{"filter", `[ip, user, ...]`, map[*question]bool{&ours: false}},

		{"insight", `[{"Match": "$.eventName", "In": ["GetSecretValue"]}]`, map[*question]bool{&ours: true, &denied: true}},
		{"insight", `[{"Match": "$.eventName", "NotIn": ["GetSecretValue"]}]`, map[*question]bool{&ours: false}},
		{"insight", `[{"Match": "$.errorCode", "IsPresent": true}]`, map[*question]bool{&ours: false, &denied: true}},
		{"insight", `[{"Match": "$.requestParameters.secretId", "StartsWith": ["shop/", "x"]}, {"Match": "$.userIdentity.type", "In": ["IAMUser"]}]`, map[*question]bool{&ours: true, &theirs: false}},
	} {
		p := parse(t, test.form, test.pattern)
		for q, want := range test.want {
			left := p.Of(q.kind)
			var x Index
			x.Add(left)
			subject := map[string]string{id: q.secret}
			if got := x.Holds(subject); got != want || left.holds(subject) != want {
				t.Errorf("%s %s: on %s (%s): %t, want %t", test.form, test.pattern, q.secret, q.kind.known["errorCode"], got, want)
			}
		}
	}
}

func TestSpecific(t *testing.T) {
	for pattern, want := range map[string]bool{
		`{ $.eventName = GetSecretValue }`:                                                true,
		`{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }`: true,
		`{ ($.errorCode = "AccessDenied*") || ($.sourceIPAddress != "10.*") }`:            false,
		`{ $.awsRegion = "eu-west-1" }`:                                                   false,
		``:                                                                                false,
		`ERROR`:                                                                           true,
	} {
		if got := parse(t, "filter", pattern).Specific(); got != want {
			t.Errorf("%s: %t, want %t", pattern, got, want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, pattern := range []string{
		`{ $.a = 1`, `{ $.a }`, `{ a = 1 }`, `{ ($.a = 1 }`, `{ $.a = "1 }`, `{ $.a = }`, `{ $.a = 1 $.b = 2 }`, `{ $.a IS 1 }`, `{ $.a NOT 1 }`,
		`{ $.a ~ 1 }`, `{ $.a = %(% }`, `{ }`, `%(%`, `"open`, `{` + strings.Repeat("(", 60) + "$.a = 1" + strings.Repeat(")", 60) + `}`,
	} {
		if p, err := FilterPattern(text(pattern)); err == nil || !p.Never() {
			t.Errorf("%s is taken", pattern)
		}
	}
	for _, pattern := range []string{
		``, `[]`, `{`, `{"source": "aws.kms"}`, `{"detail": {"$or": [{"a": 1}]}}`, strings.Repeat(`{"a":`, 60) + `[]` + strings.Repeat(`}`, 60),
	} {
		if p, err := EventPattern(text(pattern)); err == nil || !p.Never() {
			t.Errorf("%s is taken", pattern)
		}
	}
	if p, err := Insight(text(`{"LogFormat": "CLF"}`)); err != nil || !p.Never() {
		t.Error("lines of words are taken")
	}
}

// FuzzPatterns: whatever a state file holds, nothing panics or hangs.
func FuzzPatterns(f *testing.F) {
	for _, seed := range []string{
		`{ ($.eventName = "GetSecretValue") && ($.a NOT EXISTS) || $.b IS TRUE }`, `?a -b "c d" %e%`,
		`{"$or": [{"detail": {"a": [{"anything-but": {"wildcard": ["*x*"]}}, {"exists": false}, null, 1]}}]}`,
		`{"LogFormat": "JSON", "Contribution": {"Filters": [{"Match": "$.a[0].b", "In": ["x"]}, {"Match": 1, "IsPresent": "no"}]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		begin := time.Now()
		var patterns []Pattern
		for _, read := range []func(policy.Value) (Pattern, error){EventPattern, FilterPattern, Insight} {
			if p, err := read(text(pattern)); err == nil {
				patterns = append(patterns, p)
			}
		}
		for _, p := range patterns {
			left := p.Of(read)
			var x Index
			x.Add(left)
			subject := map[string]string{id: "shop/db"}
			if x.Holds(subject) != left.holds(subject) {
				t.Errorf("%q: the index says otherwise than the pattern", pattern)
			}
			p.Specific()
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%q takes %v", pattern, took)
		}
	})
}

// TestWildcard compares with what a wildcard means.
func TestWildcard(t *testing.T) {
	for pattern, texts := range map[string]map[string]bool{
		"a*b":   {"ab": true, "axb": true, "a": false, "abc": false},
		"*a*b*": {"ab": true, "xaxbx": true, "ba": false},
		"a*a":   {"a": false, "aa": true},
		"*":     {"": true, "x": true},
		"a":     {"a": true, "ab": false},
		"a?c":   {"a?c": true, "abc": false},
	} {
		for text, want := range texts {
			if got := matching("x", pattern, false).fits(text); got != want {
				t.Errorf("%s fits %s: %t", pattern, text, got)
			}
		}
	}
}

// TestJSON: a pattern as an object means what its JSON does.
func TestJSON(t *testing.T) {
	const pattern = `{"detail": {"requestParameters": {"secretId": [{"prefix": "shop/"}]}}}`
	v, err := text(pattern).Document()
	if err != nil || !json.Valid([]byte(pattern)) {
		t.Fatal(err)
	}
	object, err := EventPattern(v)
	if err != nil {
		t.Fatal(err)
	}
	if left := object.Of(read); !left.holds(map[string]string{id: "shop/db"}) || left.holds(map[string]string{id: "billing/db"}) {
		t.Error("the object means something else")
	}
}
