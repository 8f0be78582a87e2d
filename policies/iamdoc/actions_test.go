package iamdoc

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for pattern, texts := range map[string]struct{ yes, no string }{
		"*":                             {"secretsmanager:GetSecretValue kms:Decrypt", ""},
		"secretsmanager:Get*":           {"secretsmanager:GetSecretValue secretsmanager:Get", "secretsmanager:PutSecretValue ssm:GetParameter"},
		"SecretsManager:getsecretVALUE": {"secretsmanager:GetSecretValue", "secretsmanager:GetSecretValues"},
		"*:*Secret*":                    {"secretsmanager:GetSecretValue x:Secret", "kms:Decrypt"},
		"kms:?ecrypt":                   {"kms:Decrypt", "kms:ecrypt kms:DDecrypt"},
		"iam:*Role*Policy":              {"iam:PutRolePolicy iam:UpdateAssumeRolePolicy", "iam:PutUserPolicy iam:PutRolePolicys"},
		"kms:*crypt*":                   {"kms:Encrypt kms:ReEncryptFrom", "kms:Sign"},
		"":                              {"", "kms:Decrypt"},
	} {
		for text := range strings.FieldsSeq(texts.yes) {
			if !MatchAction(pattern, text) {
				t.Errorf("%q does not cover %q", pattern, text)
			}
		}
		for text := range strings.FieldsSeq(texts.no) {
			if MatchAction(pattern, text) {
				t.Errorf("%q covers %q", pattern, text)
			}
		}
	}
	if MatchResource("arn:aws:sns:*:*:Topic", "arn:aws:sns:eu-west-1:111122223333:topic") {
		t.Error("case does not count in resources")
	}
}

func TestAbout(t *testing.T) {
	for name, test := range map[string]struct {
		statement, action, at string
		want                  Answer
	}{
		"named":            {`"Action": "kms:Decrypt"`, "kms:Decrypt", "policy.Statement[0].Action", Yes},
		"second":           {`"Action": ["kms:Sign", "KMS:*"]`, "kms:Decrypt", "policy.Statement[0].Action[1]", Yes},
		"another":          {`"Action": ["kms:Sign"]`, "kms:Decrypt", "", No},
		"not known":        {`"Action": ["kms:Sign", "«unknown»"]`, "kms:Decrypt", "policy.Statement[0].Action[1]", Unknown},
		"named and others": {`"Action": ["«unknown»", "kms:Decrypt"]`, "kms:Decrypt", "policy.Statement[0].Action[1]", Yes},
		"all but":          {`"NotAction": ["iam:*"]`, "kms:Decrypt", "policy.Statement[0].NotAction[0]", Yes},
		"all but it":       {`"NotAction": ["kms:*"]`, "kms:Decrypt", "policy.Statement[0].NotAction[0]", No},
		"all but unknown":  {`"NotAction": ["«unknown»"]`, "kms:Decrypt", "policy.Statement[0].NotAction[0]", Unknown},
		"in small letters": {`"action": "kms:Decrypt"`, "kms:Decrypt", "policy.Statement[0].action", Yes},
		"none":             {`"Sid": "Empty"`, "kms:Decrypt", "", No},
	} {
		t.Run(name, func(t *testing.T) {
			at, got := document(t, `{"Effect": "Allow", `+test.statement+`}`).Statements[0].About(test.action)
			if got != test.want || at.Path() != test.at {
				t.Errorf("%d at %q, want %d at %q", got, at.Path(), test.want, test.at)
			}
		})
	}
}

func TestHasScope(t *testing.T) {
	for want, actions := range map[Answer]string{
		No: `secretsmanager:GetRandomPassword secretsmanager:ListSecrets kms:ListKeys kms:ListAliases ec2:DescribeInstances ec2:Describe*
			ec2:DescribeVpc* logs:DescribeLogGroups sts:GetCallerIdentity cloudwatch:PutMetricData xray:PutTraceSegments xray:Put*
			ecr:GetAuthorizationToken ECR:getauthorizationtoken tag:GetResources tag:* ssmmessages:CreateDataChannel s3:ListAllMyBuckets`,
		Yes: `secretsmanager:GetSecretValue secretsmanager:Get* secretsmanager:* * *:* kms:List* kms:Decrypt logs:PutLogEvents
			ecr:BatchGetImage rds-db:connect sts:AssumeRole lambda:List*`,
		Unknown: "bedrock:InvokeModel quicksight:*",
	} {
		for action := range strings.FieldsSeq(actions) {
			if got := HasScope(action); got != want {
				t.Errorf("%s: %d, want %d", action, got, want)
			}
		}
	}
}

func TestLevelOf(t *testing.T) {
	for want, actions := range map[Level]string{
		Reads:  "secretsmanager:GetSecretValue secretsmanager:Get* ssm:describe* kms:ListKeys kms:GenerateRandom sts:GetCallerIdentity logs:StartQuery iam:Get* quicksight:DescribeUser",
		Writes: "secretsmanager:PutSecretValue kms:Decrypt kms:Generate* lambda:InvokeFunction sns:Publish sqs:DeleteMessage states:Get* logs:PutLogEvents s3:PutObject secretsmanager:TagResource quicksight:UpdateUser",
		Permits: `* *:* iam:* iam:PassRole iam:Put* iam:CreateAccessKey kms:Put* kms:CreateGrant secretsmanager:PutResourcePolicy lambda:Add*
			dynamodb:PutResourcePolicy s3:PutBucketPolicy s3:Put* logs:*`,
	} {
		for action := range strings.FieldsSeq(actions) {
			if got := LevelOf(action); got != want {
				t.Errorf("%s: %d, want %d", action, got, want)
			}
		}
	}
}

func TestResources(t *testing.T) {
	for resource, want := range map[string]struct{ boundless, secrets bool }{
		"*":                                   {true, true},
		"arn:aws:*":                           {true, true},
		"arn:aws:secretsmanager:*":            {true, true},
		"arn:aws:secretsmanager:*:*:*":        {true, true},
		"arn:aws:secretsmanager:*:*:secret:*": {true, true},
		"arn:*:secretsmanager:*:*:secret:*":   {true, true},
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:*":                  {false, true},
		"arn:aws:secretsmanager:eu-west-1:111122223333:*":                         {false, true},
		"arn:aws-cn:secretsmanager:*:111122223333:secret*":                        {false, true},
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:?*":                 {false, true},
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/*":             {false, false},
		"arn:aws:secretsmanager:*:*:secret:shop/orders-db-??????":                 {false, false},
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/orders-??????": {false, false},
		"arn:aws:s3:::*":                         {true, false},
		"arn:aws:s3:::*/*":                       {true, false},
		"arn:aws:s3:::uploads/*":                 {false, false},
		"arn:aws:kms:*:*:key/*":                  {true, false},
		"arn:aws:sns:*:*:shop-*":                 {false, false},
		"arn:aws:ec2:eu-west-1:111122223333:*/*": {false, false},
		"":                                       {false, false},
	} {
		if got := Boundless(resource); got != want.boundless {
			t.Errorf("Boundless(%s) is %t", resource, got)
		}
		if got := AllOf(resource, "secretsmanager", "secret:"); got != want.secrets {
			t.Errorf("AllOf(%s, secrets) is %t", resource, got)
		}
	}
}
