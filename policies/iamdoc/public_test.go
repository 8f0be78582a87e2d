package iamdoc

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

// document reads a document whose statements are JSON, with «unknown» where a value is not known.
func document(t *testing.T, statements string) Document {
	t.Helper()
	r := policy.Resource{Inputs: property.NewMap(map[string]property.Value{
		"policy": property.New(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`),
	})}
	object, err := r.Get("policy").Document()
	if err != nil {
		t.Fatalf("%v in %s", err, statements)
	}
	r.Inputs = property.NewMap(map[string]property.Value{"policy": unknowns(object)})
	d, err := Read(r.Get("policy"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func unknowns(v policy.Value) property.Value {
	switch {
	case v.Text() == "«unknown»":
		return property.New(property.Computed)
	case v.IsMap():
		fields := map[string]property.Value{}
		for name, f := range v.Fields() {
			fields[name] = unknowns(f)
		}
		return property.New(fields)
	case v.IsList():
		var items []property.Value
		for _, item := range v.Items() {
			items = append(items, unknowns(item))
		}
		return property.New(items)
	case v.True() || v.False():
		return property.New(v.True())
	}
	if n, ok := v.Number(); ok && v.Text() == "" {
		return property.New(n)
	}
	return property.New(v.Text())
}

func TestPublic(t *testing.T) {
	allow := func(principal, more string) string {
		return fmt.Sprintf(`{"Effect": "Allow", "Principal": %s, "Action": "sns:Publish", "Resource": "*" %s}`, principal, more)
	}
	when := func(operator, key, values string) string {
		return allow(`"*"`, fmt.Sprintf(`, "Condition": {%q: {%q: %s}}`, operator, key, values))
	}
	deny := func(more string) string {
		return allow(`"*"`, "") + `, {"Effect": "Deny", "Action": "sns:*", "Resource": "*", ` + more + `}`
	}
	for name, test := range map[string]struct {
		statements string
		want       string // where, and whether it is not known
	}{
		"everybody":                  {allow(`"*"`, ""), "policy.Statement[0].Principal"},
		"everybody of AWS":           {allow(`{"AWS": ["111122223333", "*"]}`, ""), "policy.Statement[0].Principal.AWS[1]"},
		"any account":                {allow(`{"AWS": "arn:aws:iam::*:root"}`, ""), "policy.Statement[0].Principal.AWS"},
		"every service":              {allow(`{"Service": "*"}`, ""), "policy.Statement[0].Principal.Service"},
		"all but one":                {`{"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}`, "policy.Statement[0].NotPrincipal.AWS"},
		"an account":                 {allow(`{"AWS": "111122223333"}`, ""), ""},
		"a service":                  {allow(`{"Service": "events.amazonaws.com"}`, ""), ""},
		"nobody":                     {allow(`{"AWS": []}`, ""), ""},
		"no principal":               {`{"Effect": "Allow", "Action": "*", "Resource": "*"}`, ""},
		"denied":                     {`{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}`, ""},
		"an effect in small letters": {`{"Effect": "allow", "Principal": "*", "Action": "*", "Resource": "*"}`, "policy.Statement[0].Principal"},

		"unknown principal":                   {allow(`"«unknown»"`, ""), "policy.Statement[0].Principal unknown"},
		"unknown account":                     {allow(`{"AWS": ["«unknown»"]}`, ""), "policy.Statement[0].Principal.AWS[0] unknown"},
		"unknown account beside everybody":    {allow(`{"AWS": ["«unknown»", "*"]}`, ""), "policy.Statement[0].Principal.AWS[1]"},
		"unknown effect":                      {`{"Effect": "«unknown»", "Principal": "*", "Action": "*"}`, "policy.Statement[0].Effect unknown"},
		"unknown statement":                   {`"«unknown»"`, "policy.Statement[0] unknown"},
		"unknown conditions":                  {allow(`"*"`, `, "Condition": "«unknown»"`), "policy.Statement[0].Condition unknown"},
		"unknown keys":                        {allow(`"*"`, `, "Condition": {"StringEquals": "«unknown»"}`), "policy.Statement[0].Condition.StringEquals unknown"},
		"unknown keys that must not be":       {allow(`"*"`, `, "Condition": {"StringNotEquals": "«unknown»"}`), "policy.Statement[0].Principal"},
		"unknown value":                       {when("StringEquals", "aws:SourceAccount", `"«unknown»"`), "policy.Statement[0].Condition.StringEquals.aws:SourceAccount unknown"},
		"unknown value beside an open one":    {when("StringLike", "aws:SourceAccount", `["«unknown»", "*"]`), "policy.Statement[0].Principal"},
		"unknown value of a key of no use":    {when("StringEquals", "aws:UserAgent", `"«unknown»"`), "policy.Statement[0].Principal"},
		"unknown account and open conditions": {allow(`{"AWS": "«unknown»"}`, `, "Condition": {"Bool": {"aws:SecureTransport": "true"}}`), "policy.Statement[0].Principal.AWS unknown"},
		"unknown account, tamed":              {allow(`{"AWS": "«unknown»"}`, `, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}`), ""},

		"organization":                   {when("StringEquals", "aws:PrincipalOrgID", `"o-a1b2c3d4e5"`), ""},
		"organization, in other letters": {when("StringEquals", "AWS:principalorgid", `"o-a1b2c3d4e5"`), ""},
		"any organization":               {when("StringLike", "aws:PrincipalOrgID", `"o-*"`), "policy.Statement[0].Principal"},
		"no such organization":           {when("StringNotEquals", "aws:PrincipalOrgID", `"o-a1b2c3d4e5"`), "policy.Statement[0].Principal"},
		"organization if any":            {when("StringEqualsIfExists", "aws:PrincipalOrgID", `"o-a1b2c3d4e5"`), "policy.Statement[0].Principal"},
		"organization if any, required":  {allow(`"*"`, `, "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:PrincipalOrgID": "false"}}`), ""},
		"part of an organization":        {when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", `"o-a1b2c3d4e5/*"`), ""},
		"part of any organization":       {when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", `"*/ou-1/*"`), "policy.Statement[0].Principal"},
		"all parts, or none":             {when("ForAllValues:StringLike", "aws:PrincipalOrgPaths", `"o-a1b2c3d4e5/*"`), "policy.Statement[0].Principal"},
		"source account":                 {when("StringEquals", "aws:SourceAccount", `["111122223333", "444455556666"]`), ""},
		"source account as a number":     {when("StringEquals", "aws:SourceAccount", `111122223333`), ""},
		"any of two source accounts":     {when("StringLike", "aws:SourceAccount", `["111122223333", "*"]`), "policy.Statement[0].Principal"},
		"no value":                       {when("StringEquals", "aws:SourceAccount", `[]`), "policy.Statement[0].Principal"},
		"variable":                       {when("StringEquals", "aws:SourceAccount", `"${aws:PrincipalAccount}"`), "policy.Statement[0].Principal"},
		"source":                         {when("ArnLike", "aws:SourceArn", `"arn:aws:events:eu-west-1:111122223333:rule/shop-*"`), ""},
		"source of any account":          {when("ArnLike", "aws:SourceArn", `"arn:aws:events:eu-west-1:*:rule/shop"`), "policy.Statement[0].Principal"},
		"a bucket":                       {when("ArnEquals", "aws:SourceArn", `"arn:aws:s3:::uploads"`), ""},
		"buckets by prefix":              {when("ArnLike", "aws:SourceArn", `"arn:aws:s3:::uploads-*"`), "policy.Statement[0].Principal"},
		"principal":                      {when("ArnEquals", "aws:PrincipalArn", `"arn:aws:iam::111122223333:role/*"`), ""},
		"caller of a key":                {when("StringEquals", "kms:CallerAccount", `"111122223333"`), ""},
		"by a service":                   {when("StringEquals", "kms:ViaService", `"secretsmanager.eu-west-1.amazonaws.com"`), "policy.Statement[0].Principal"},
		"endpoint":                       {when("StringEquals", "aws:SourceVpce", `"vpce-1a2b3c4d"`), ""},
		"any endpoint":                   {when("StringLike", "aws:SourceVpce", `"vpce-*"`), "policy.Statement[0].Principal"},
		"addresses":                      {when("IpAddress", "aws:SourceIp", `["203.0.113.0/24", "203.0.113.7", "2001:db8::/32"]`), ""},
		"private addresses":              {when("IpAddress", "aws:SourceIp", `"10.0.0.0/8"`), ""},
		"half of the addresses":          {when("IpAddress", "aws:SourceIp", `"0.0.0.0/1"`), "policy.Statement[0].Principal"},
		"all addresses of IPv6":          {when("IpAddress", "aws:SourceIp", `["203.0.113.0/24", "::/0"]`), "policy.Statement[0].Principal"},
		"other addresses":                {when("NotIpAddress", "aws:SourceIp", `"203.0.113.0/24"`), "policy.Statement[0].Principal"},
		"TLS":                            {when("Bool", "aws:SecureTransport", `true`), "policy.Statement[0].Principal"},
		"a tag":                          {when("StringEquals", "aws:PrincipalTag/team", `"shop"`), "policy.Statement[0].Principal"},
		"two conditions":                 {allow(`"*"`, `, "Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:UserAgent": "x", "aws:SourceOwner": "111122223333"}}`), ""},

		"denied to those outside":              {deny(`"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}`), ""},
		"denied to those outside but services": {deny(`"Principal": {"AWS": "*"}, "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}`), ""},
		"denied to all but one":                {deny(`"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/shop"}`), ""},
		"denied to those outside, not known":   {deny(`"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "«unknown»"}}`), "policy.Statement[1].Condition.StringNotEquals.aws:PrincipalOrgID unknown"},
		"denied to those inside":               {deny(`"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}`), "policy.Statement[0].Principal"},
		"denied without TLS":                   {deny(`"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}`), "policy.Statement[0].Principal"},
		"denied outside and without TLS":       {deny(`"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}`), "policy.Statement[0].Principal"},
		"another action is denied outside": {
			allow(`"*"`, "") + `, {"Effect": "Deny", "Principal": "*", "Action": "sns:Subscribe", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}`, "policy.Statement[0].Principal",
		},
		"denied to one": {deny(`"Principal": {"AWS": "111122223333"}`), "policy.Statement[0].Principal"},
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			for _, o := range document(t, test.statements).Public() {
				got += o.At.Path()
				if o.Answer == Unknown {
					got += " unknown"
				}
			}
			if got != test.want {
				t.Errorf("open at %q, want %q", got, test.want)
			}
		})
	}
}

func TestNothingIsKnownOfADocument(t *testing.T) {
	r := policy.Resource{Inputs: property.NewMap(map[string]property.Value{"policy": property.New(property.Computed)})}
	d, err := Read(r.Get("policy"))
	if open := d.Public(); err != nil || len(open) != 1 || open[0].Answer != Unknown || open[0].At.Path() != "policy" {
		t.Errorf("%+v, %v; want an opening that is not known, at the policy", open, err)
	}
}

func TestPrincipals(t *testing.T) {
	for id, want := range map[string]struct {
		kind, account, service string
		class                  Class
	}{
		"*":                                   {"AWS", "", "", Everybody},
		"111122223333":                        {"AWS", "111122223333", "", Account},
		"arn:aws:iam::111122223333:root":      {"AWS", "111122223333", "", Account},
		"arn:aws-cn:iam::111122223333:root":   {"AWS", "111122223333", "", Account},
		"arn:aws:iam::111122223333:role/shop": {"AWS", "111122223333", "", Identity},
		"arn:aws:iam::111122223333:user/a:b":  {"AWS", "111122223333", "", Identity},
		"arn:aws:sts::111122223333:assumed-role/shop/session":               {"AWS", "111122223333", "", Identity},
		"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1": {"AWS", "", "", Identity},
		"AROAEXAMPLEEXAMPLE":               {"AWS", "", "", Identity},
		"":                                 {"AWS", "", "", Unclear},
		"events.amazonaws.com":             {"Service", "", "events.amazonaws.com", Service},
		"logs.eu-west-1.amazonaws.com":     {"Service", "", "logs.amazonaws.com", Service},
		"logs.cn-north-1.amazonaws.com.cn": {"Service", "", "logs.amazonaws.com", Service},
		"accounts.google.com":              {"Federated", "", "", Federated},
		"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com": {"Federated", "111122223333", "", Federated},
		"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be":            {"CanonicalUser", "", "", Canonical},
	} {
		r := policy.Resource{Inputs: property.NewMap(map[string]property.Value{"id": property.New(id)})}
		p := Principal{want.kind, r.Get("id")}
		if p.Class() != want.class || p.Account() != want.account || p.ServiceName() != want.service {
			t.Errorf("%s: class %d, account %q, service %q", id, p.Class(), p.Account(), p.ServiceName())
		}
	}
}
