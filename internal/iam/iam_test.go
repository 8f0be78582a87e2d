package iam

import (
	"fmt"
	"testing"
)

const reader = "arn:aws:iam::1:role/reader"

func TestAllows(t *testing.T) {
	policy := func(statements string) string {
		return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [%s]}`, statements)
	}
	const (
		toReader  = `{"Effect": "Allow", "Principal": {"AWS": "` + reader + `"}, "Action": "x:Get", "Resource": "r"}`
		toAccount = `{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::1:root"]}, "Action": ["x:Get", "kms:Get"], "Resource": "*"}`
		toNobody  = `{"Effect": "Allow", "Principal": {"AWS": []}, "Action": "x:Get", "Resource": "r"}`
		denyRest  = `{"Effect": "Deny", "Principal": "*", "Action": "x:*", "Resource": "*", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "` + reader + `"}}}`
		own       = `{"Effect": "Allow", "Action": ["x:Get", "kms:Get"], "Resource": "*"}`
		ownDeny   = `{"Effect": "Deny", "Action": "*", "Resource": "*"}`
	)
	for name, test := range map[string]struct {
		resource, own, owner, action string
		arn                          string
		want                         bool
	}{
		"named":                           {toReader, "", "1", "x:Get", reader, true},
		"another is named":                {toReader, "", "1", "x:Get", reader + "2", false},
		"another action":                  {toReader, "", "1", "x:Put", reader, false},
		"by its own policy":               {toNobody, own, "1", "x:Get", reader, true},
		"by its own policy, a key":        {toNobody, own, "1", "kms:Get", reader, false},
		"delegated, without own policy":   {toAccount, "", "1", "kms:Get", reader, false},
		"delegated, with own policy":      {toAccount, own, "1", "kms:Get", reader, true},
		"other account, one side":         {toReader, "", "2", "x:Get", reader, false},
		"other account, its side":         {toNobody, own, "2", "x:Get", reader, false},
		"other account, both sides":       {toReader, own, "2", "x:Get", reader, true},
		"its own policy denies":           {toReader, own + "," + ownDeny, "1", "x:Get", reader, false},
		"deny wins":                       {toReader + "," + denyRest, own, "1", "x:Get", reader + "2", false},
		"deny is not about it":            {toReader + "," + denyRest, own, "1", "x:Get", reader, true},
		"deny without an ARN in the call": {toAccount + "," + denyRest, own, "1", "x:Get", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Parse(policy(test.resource))
			if err != nil {
				t.Fatal(err)
			}
			who := Principal{ARN: test.arn, Account: "1"}
			if test.own != "" {
				if who.Policy, err = Parse(policy(test.own)); err != nil {
					t.Fatal(err)
				}
			}
			if got := d.Allows(test.owner, Request{Principal: who, Action: test.action, Resource: "r"}); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, statement := range map[string]string{
		"field":     `{"Effect": "Allow", "NotAction": "x:Get", "Resource": "*"}`,
		"effect":    `{"Effect": "Permit", "Action": "x:Get", "Resource": "*"}`,
		"principal": `{"Effect": "Allow", "Principal": {"Federated": "x"}, "Action": "x:Get", "Resource": "*"}`,
		"wildcard":  `{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "x:Get", "Resource": "*"}`,
		"pattern":   `{"Effect": "Allow", "Action": "x:Get*", "Resource": "*"}`,
		"variable":  `{"Effect": "Allow", "Action": "x:Get", "Resource": "a/${aws:username}"}`,
		"operator":  `{"Effect": "Allow", "Action": "x:Get", "Resource": "*", "Condition": {"StringLike": {"a": "b"}}}`,
		"value":     `{"Effect": "Allow", "Action": "x:Get", "Resource": "*", "Condition": {"ArnNotEquals": {"a": "b*"}}}`,
		"none":      ``,
	} {
		if _, err := Parse(fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [%s]}`, statement)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
