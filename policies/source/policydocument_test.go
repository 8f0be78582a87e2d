package source

import (
	"strings"
	"testing"
)

// A document that is not known as a whole is known in its parts.
func TestPolicyDocuments(t *testing.T) {
	const all = `"actions":["sqs:*"],"resources":["*"]`
	tests := []struct {
		name           string
		after, unknown string // of the data source's statement
		want           string
	}{
		{
			"defaults", `{` + all + `,"effect":null,"sid":"","condition":[],"principals":[]}`, `{}`,
			`Statement[0].Action[0]: "sqs:*", Statement[0].Effect: "Allow", Statement[0].Resource[0]: "*", Version: "2012-10-17"`,
		},
		{
			"what is not", `{"effect":"Deny","not_actions":["sqs:*"],"not_resources":["a"],"not_principals":[{"type":"AWS","identifiers":["b"]}]}`, `{}`,
			`Statement[0].Effect: "Deny", Statement[0].NotAction[0]: "sqs:*", Statement[0].NotPrincipal.AWS[0]: "b", Statement[0].NotResource[0]: "a", Version: "2012-10-17"`,
		},
		{
			"everybody", `{` + all + `,"principals":[{"type":"*","identifiers":["*"]}]}`, `{}`,
			`Statement[0].Action[0]: "sqs:*", Statement[0].Effect: "Allow", Statement[0].Principal[0]: "*", Statement[0].Resource[0]: "*", Version: "2012-10-17"`,
		},
		{
			"principals of one type in two blocks", `{"principals":[{"type":"AWS","identifiers":["a"]},{"type":"Service","identifiers":["s"]},{"type":"AWS","identifiers":[null]}]}`,
			`{"principals":[{},{},{"identifiers":[true]}]}`,
			`Statement[0].Effect: "Allow", Statement[0].Principal.AWS[0]: "a", Statement[0].Principal.AWS[1]: unknown, Statement[0].Principal.Service[0]: "s", Version: "2012-10-17"`,
		},
		{
			"a principal of an unknown type", `{"principals":[{"identifiers":["a"]}]}`, `{"principals":[{"type":true}]}`,
			`Statement[0].Effect: "Allow", Statement[0].Principal: unknown, Version: "2012-10-17"`,
		},
		{
			"conditions", `{"condition":[{"test":"StringEquals","variable":"aws:PrincipalTag/a","values":["&{aws:username}"]},{"test":"StringEquals","variable":"b","values":["c"]}]}`, `{}`,
			`Statement[0].Condition.StringEquals.aws:PrincipalTag/a[0]: "${aws:username}", Statement[0].Condition.StringEquals.b[0]: "c", Statement[0].Effect: "Allow", Version: "2012-10-17"`,
		},
		{"unknown statements", `null`, `true`, `Statement[0]: unknown, Version: "2012-10-17"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const reference = `"data.aws_iam_policy_document.d.json","data.aws_iam_policy_document.d"`
			if got := policyOf(t, "data.aws_iam_policy_document.d", `"statement":[`+tt.after+`]`, `"statement":[`+tt.unknown+`]`, reference); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}

	t.Run("of the same index", func(t *testing.T) {
		got := policyOf(t, `data.aws_iam_policy_document.d[\"a\"]`, `"version":"2008-10-17"`, ``, `"data.aws_iam_policy_document.d","each.key"`)
		if want := `Version: "2008-10-17"`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	for name, reference := range map[string]string{
		"more than the document":   `"data.aws_iam_policy_document.d.json","var.more"`,
		"another attribute":        `"data.aws_iam_policy_document.d.id"`,
		"another source":           `"data.aws_kms_key.d.json"`,
		"no such document":         `"data.aws_iam_policy_document.e.json"`,
		"a document of an index":   `"data.aws_iam_policy_document.d[0].json"`,
		"merged with another":      `"data.aws_iam_policy_document.m.json"`,
		"no reference to anything": ``,
	} {
		t.Run(name, func(t *testing.T) {
			address, after := "data.aws_iam_policy_document.d", ``
			if strings.Contains(reference, ".m.") {
				address, after = "data.aws_iam_policy_document.m", `"source_policy_documents":["{}"]`
			}
			if got := policyOf(t, address, after, ``, reference); got != "unknown" {
				t.Errorf("got %s, want an unknown document", got)
			}
		})
	}
}

// policyOf gives the policy of a queue that refers to a data source.
func policyOf(t *testing.T, source, after, unknown, references string) string {
	t.Helper()
	plan := `{"format_version":"1.2","resource_changes":[
		{"address":"` + source + `","mode":"data","type":"aws_iam_policy_document","name":"d","change":{"actions":["read"],"after":{` + after + `},"after_unknown":{` + unknown + `}}},
		{"address":"aws_sqs_queue_policy.q[\"a\"]","mode":"managed","type":"aws_sqs_queue_policy","name":"q","change":{"actions":["create"],"after":{},"after_unknown":{"policy":true}}}
	],"configuration":{"root_module":{"resources":[{"address":"aws_sqs_queue_policy.q","expressions":{"policy":{"references":[` + references + `]}}}]}}}`
	var found string
	for r, err := range Terraform(strings.NewReader(plan)) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Type == "aws:sqs/queuePolicy:QueuePolicy" {
			var texts []string
			for _, leaf := range paths(r.Inputs.Get("policy"), "") {
				texts = append(texts, strings.TrimPrefix(leaf.path+": ", ": ")+leaf.value)
			}
			found = strings.Join(texts, ", ")
		}
	}
	return found
}

func TestSegments(t *testing.T) {
	for address, want := range map[string]string{
		``:                                   ``,
		`aws_kms_key.main.arn`:               `aws_kms_key|main|arn`,
		`module.keys["a.b"].arn`:             `module|keys|["a.b"]|arn`,
		`module.a.module.b[0].aws_kms_key.k`: `module|a|module|b|[0]|aws_kms_key|k`,
		`aws_kms_key.k["say \"x]\" [y"].id`:  `aws_kms_key|k|["say \"x]\" [y"]|id`,
		`..a..[`:                             `a|[`,
		`var.names[var.index["x"]].y`:        `var|names|[var.index["x"]]|y`,
	} {
		if got := strings.Join(segments(address), "|"); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestLongest(t *testing.T) {
	got := longest([]string{"aws_a.b.id", "aws_a.b", "aws_a.b-2", "aws_a.bc", `aws_a.d["x"]`, "aws_a.d", "each.key"})
	if want := `aws_a.b-2 aws_a.b.id aws_a.bc aws_a.d["x"] each.key`; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}
