package identities

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/awsrules/identities/fixes"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/policytest"
)

func TestCases(t *testing.T) { policytest.Run(t, All, "testdata") }

func TestFixes(t *testing.T) { policytest.Fixes(t, All, fixes.All, Fixes) }

func TestTypes(t *testing.T) {
	policytest.Types(t, All, fixes.All, "testdata", map[string]policytest.Type{
		managedPolicy:    {Resource: iam.Policy{}, Args: iam.PolicyArgs{}},
		role:             {Resource: iam.Role{}, Args: iam.RoleArgs{}},
		rolePolicy:       {Resource: iam.RolePolicy{}, Args: iam.RolePolicyArgs{}},
		userPolicy:       {Resource: iam.UserPolicy{}, Args: iam.UserPolicyArgs{}},
		groupPolicy:      {Resource: iam.GroupPolicy{}, Args: iam.GroupPolicyArgs{}},
		roleAttachment:   {Resource: iam.RolePolicyAttachment{}, Args: iam.RolePolicyAttachmentArgs{}},
		roleAttachments:  {Resource: iam.RolePolicyAttachmentsExclusive{}, Args: iam.RolePolicyAttachmentsExclusiveArgs{}},
		userAttachment:   {Resource: iam.UserPolicyAttachment{}, Args: iam.UserPolicyAttachmentArgs{}},
		groupAttachment:  {Resource: iam.GroupPolicyAttachment{}, Args: iam.GroupPolicyAttachmentArgs{}},
		policyAttachment: {Resource: iam.PolicyAttachment{}, Args: iam.PolicyAttachmentArgs{}},
		accessKey:        {Resource: iam.AccessKey{}, Args: iam.AccessKeyArgs{}},
	})
}

// FuzzDocuments checks that no document breaks a rule.
func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`,
		`{"Statement": [{"Effect": "Allow", "Action": ["iam:*", ":", ""], "Resource": [null, "arn:::::"], "Condition": {"StringEquals": {"": "x", "iam:PassedToService": []}}}, {"Effect": "Deny", "NotAction": [], "NotResource": 1}]}`,
		`{"Statement": [{"Effect": "Allow", "Principal": {"Federated": ["a", 1], "Service": "lambda.", "AWS": [null]}, "Action": "sts:*", "Condition": {"StringLike": {":sub": ["::*", 1], "sub": {}}, "Null": {"aws:SourceAccount": {}}}}]}`,
	} {
		f.Add(seed)
	}
	var chosen []policy.Chosen
	for _, rule := range All {
		chosen = append(chosen, policy.Chosen{Rule: rule, Level: policy.Mandatory})
	}
	f.Fuzz(func(t *testing.T, text string) {
		document := property.New(text)
		inline := property.New([]property.Value{property.New(map[string]property.Value{"policy": document})})
		checker := policy.NewChecker(chosen, time.Time{})
		var findings []policy.Finding
		for _, r := range []*policy.Resource{
			{Type: managedPolicy, Inputs: property.NewMap(map[string]property.Value{"policy": document})},
			{Type: role, Inputs: property.NewMap(map[string]property.Value{"assumeRolePolicy": document, "inlinePolicies": inline})},
		} {
			findings = append(findings, checker.Look(r)...)
		}
		for _, finding := range append(findings, checker.Finish()...) {
			if finding.Verdict == policy.Broken {
				t.Errorf("%s: %s", finding.Rule, finding.Message)
			}
		}
	})
}

func BenchmarkRules(b *testing.B) {
	const document = `{"Statement": [
		{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], "Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-??????"},
		{"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "arn:aws:logs:eu-west-1:111122223333:log-group:/shop/rotator:*"},
		{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}}]}`
	var chosen []policy.Chosen
	for _, rule := range All {
		chosen = append(chosen, policy.Chosen{Rule: rule, Level: policy.Mandatory})
	}
	r := &policy.Resource{Type: rolePolicy, Inputs: property.NewMap(map[string]property.Value{"policy": property.New(document)})}
	for b.Loop() {
		if findings := policy.NewChecker(chosen, time.Time{}).Look(r); len(findings) > 0 {
			b.Fatal(findings)
		}
	}
}
