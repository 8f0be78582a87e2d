package awssecret

import (
	"fmt"
	"slices"
)

// policy is an IAM policy document:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid, Effect string
	Principal   any       `json:",omitempty"` // "*", awsPrincipals, awsService or awsServices; nil in the policy of a role
	Action      any       // one or several
	Resource    any       // the same
	Condition   condition `json:",omitempty"`
}

type (
	awsPrincipals struct{ AWS []string }
	awsService    struct{ Service string }
	awsServices   struct{ Service []string }
	condition     map[string]map[string]any // operator, key, one value or several
)

const policyVersion = "2012-10-17"

func (p policy) text() (string, error) { return marshal(p) }

// access is who may read one secret.
type access struct {
	secret       string   // the ARN, as home.secret gives it: known before AWS has made the secret
	readers      []string // the ARNs of roles and users
	replicated   bool
	account      string // of the secret
	organization string // or "", where the organisation does not matter
	rotator      string // the ARN of the rotator's role, or ""
	rotates      bool   // the rotator changes the value; otherwise it reads it, for the rotation of another secret
}

// What a rotator calls; with less it stops half-way.
var (
	rotatorReads   = []string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}
	rotatorRotates = append(rotatorReads, "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")
)

// policy lets the readers and the rotator read and nobody else, whatever their own policies say. Only GetSecretValue is
// denied, so that administrators keep everything else and cannot lock themselves out; reading many values
// at once (BatchGetSecretValue) asks for GetSecretValue on each secret:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html.
//
// aws:PrincipalArn is the role's ARN in all its sessions; a principal without one, such as an AWS service,
// is none of the readers:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn.
func (a access) policy() policy {
	readers := slices.Compact(slices.Sorted(slices.Values(a.readers)))
	// In a secret's policy, * is this secret. AWS copies the policy to replicas, whose ARN has another
	// region, and they cannot have one of their own.
	resource := a.secret
	if a.replicated {
		resource = "*"
	}
	p := policy{Version: policyVersion}
	nobodyElse := statement{
		Sid:       "NobodyElseReads",
		Effect:    "Deny",
		Principal: "*",
		Action:    "secretsmanager:GetSecretValue",
		Resource:  "*",
	}
	if len(readers) > 0 {
		p.Statement = append(p.Statement, statement{
			Sid:       "ReadersRead",
			Effect:    "Allow",
			Principal: awsPrincipals{readers},
			Action:    []string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"},
			Resource:  resource,
		})
	}
	if a.rotator != "" {
		s := statement{
			Sid:       "RotatorReads",
			Effect:    "Allow",
			Principal: awsPrincipals{[]string{a.rotator}},
			Action:    rotatorReads,
			Resource:  resource,
		}
		if a.rotates {
			s.Sid, s.Action = "RotatorRotates", rotatorRotates
		}
		p.Statement = append(p.Statement, s)
		readers = append(readers, a.rotator)
	}
	if len(readers) > 0 {
		nobodyElse.Condition = condition{"ArnNotEquals": {"aws:PrincipalArn": readers}}
	}
	p.Statement = append(p.Statement, nobodyElse, statement{
		Sid:       "NothingWithoutTLS",
		Effect:    "Deny",
		Principal: "*",
		Action:    "secretsmanager:*",
		Resource:  "*",
		Condition: condition{"Bool": {"aws:SecureTransport": "false"}},
	})
	if a.organization != "" {
		p.Statement = append(p.Statement, statement{
			Sid:       "NobodyOutsideTheOrganization",
			Effect:    "Deny",
			Principal: "*",
			Action:    "secretsmanager:*",
			Resource:  "*",
			Condition: condition{
				// Both must differ: a wrong organisation does not lock out the secret's own account.
				"StringNotEquals": {"aws:PrincipalAccount": a.account, "aws:PrincipalOrgID": a.organization},
				"Bool":            {"aws:PrincipalIsAWSService": "false"},
			},
		})
	}
	return p
}

// text is the policy, or why AWS would refuse it.
func (a access) text() (string, error) {
	text, err := a.policy().text()
	if err == nil && len(text) > maxSecretPolicy {
		err = fmt.Errorf("the secret's policy has %d characters for %d readers, and AWS allows %d; let fewer roles read it, "+
			"or give several workloads one role", len(text), len(a.readers), maxSecretPolicy)
	}
	return text, err
}
