package awssecret_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/iam"
	"github.com/secretstack/secretstack/internal/plan"
)

const (
	own, partner = "111111111111", "222222222222"
	org          = "o-a1b2c3d4e5"
	checkout     = "arn:aws:iam::" + own + ":role/apps/checkout"
	reports      = "arn:aws:iam::" + own + ":role/reports"
	partnerRole  = "arn:aws:iam::" + partner + ":role/reader"
	rotatorRole  = "arn:aws:iam::" + own + ":role/rotator"
)

// up records what a program registers, in a world where AWS gives the ARNs; and, also where it fails, the
// resources of the cloud that it has made by then.
func up(program pulumi.RunFunc) (g *plan.Graph, made []string, err error) {
	var mu sync.Mutex
	g, err = plan.Run(context.Background(), program, plan.Options{
		Config: config,
		Create: func(r plan.Resource) (string, property.Map) {
			mu.Lock()
			defer mu.Unlock()
			made = append(made, r.String())
			arn := map[string]string{
				"aws:kms/key:Key":                  "arn:aws:kms:eu-west-1:" + own + ":key/" + r.Name,
				"aws:lambda/function:Function":     "arn:aws:lambda:eu-west-1:" + own + ":function:" + r.Name,
				"aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:eu-west-1:" + own + ":secret:shop/" + r.Name + "-AbCdEf",
				"aws:sns/topic:Topic":              "arn:aws:sns:eu-west-1:" + own + ":" + r.Name,
				"aws:sqs/queue:Queue":              "arn:aws:sqs:eu-west-1:" + own + ":" + r.Name + "-undelivered",
			}[r.Type]
			return r.Name, property.NewMap(map[string]property.Value{
				"arn": property.New(arn), "keyId": property.New(r.Name), "bucket": property.New(r.Name + "-1a2b3c4"),
			})
		},
		Invoke: func(token string, _ property.Map) (property.Map, error) {
			if token == "aws:index/getCallerIdentity:getCallerIdentity" {
				return property.NewMap(map[string]property.Value{"accountId": property.New(own)}), nil
			}
			return property.Map{}, nil
		},
	})
	return g, made, err
}

// get gives the resource of a type and name.
func get(t *testing.T, g *plan.Graph, typ, name string) plan.Resource {
	t.Helper()
	for _, r := range g.Of(typ) {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no %s %s", typ, name)
	return plan.Resource{}
}

func keyPolicy(t *testing.T, g *plan.Graph, name string) string {
	t.Helper()
	return get(t, g, "aws:kms/key:Key", name).Inputs.Get("policy").AsString()
}

func secretPolicy(t *testing.T, g *plan.Graph, name string) string {
	t.Helper()
	return get(t, g, "aws:secretsmanager/secretPolicy:SecretPolicy", name).Inputs.Get("policy").AsString()
}

func parse(t *testing.T, text string) iam.Document {
	t.Helper()
	d, err := iam.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return d
}

// shop makes a store and secrets, each with its readers' names.
func shop(args awssecret.StoreArgs, identities map[string]string, secrets map[string][]string) pulumi.RunFunc {
	var specs []secret.Spec
	for name, names := range secrets {
		specs = append(specs, secret.Spec{Name: name, Readers: names})
	}
	return rotating(args, nil, identities, specs...)
}

const (
	keyARN    = "arn:aws:kms:eu-west-1:" + own + ":key/shop"
	secretARN = "arn:aws:secretsmanager:eu-west-1:" + own + ":secret:shop/stripe-api-key-AbCdEf"

	everything = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:*", "kms:*"], "Resource": "*"}]}`
)

// policies are what decides about one secret.
type policies struct {
	arn         string
	key, secret iam.Document
}

func policiesOf(t *testing.T, g *plan.Graph, name string) policies {
	t.Helper()
	return policies{
		arn: strings.Replace(secretARN, "stripe-api-key", name, 1),
		key: parse(t, keyPolicy(t, g, "shop")), secret: parse(t, secretPolicy(t, g, name)),
	}
}

// can tells whether a principal may do something to the secret or its key. "read" and "put" are what reading a value
// and putting one need, and "log" with the name of a log group what encrypting that needs.
func (p policies) can(who iam.Principal, action string, tls bool) bool {
	ask := func(d iam.Document, action, resource string, context map[string]string) bool {
		context["aws:SecureTransport"] = strconv.FormatBool(tls)
		return d.Allows(own, iam.Request{Principal: who, Action: action, Resource: resource, Context: context})
	}
	through := map[string]string{"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com", "kms:CallerAccount": who.Account}
	group, log := strings.CutPrefix(action, "log ")
	switch {
	case action == "read":
		return ask(p.secret, "secretsmanager:GetSecretValue", p.arn, map[string]string{}) && ask(p.key, "kms:Decrypt", keyARN, through)
	case action == "put":
		return ask(p.secret, "secretsmanager:PutSecretValue", p.arn, map[string]string{}) &&
			ask(p.key, "kms:Decrypt", keyARN, through) && ask(p.key, "kms:GenerateDataKey", keyARN, through)
	case log:
		of := map[string]string{"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:" + own + ":log-group:" + group}
		return ask(p.key, "kms:Decrypt", keyARN, of) && ask(p.key, "kms:GenerateDataKey", keyARN, of)
	case strings.HasPrefix(action, "kms:"):
		return ask(p.key, action, keyARN, map[string]string{"kms:CallerAccount": who.Account})
	}
	return ask(p.secret, action, p.arn, map[string]string{})
}

type question struct {
	who    string
	action string
	tls    bool
}

func TestAccess(t *testing.T) {
	g, _, err := up(rotating(
		awssecret.StoreArgs{Prefix: "shop/", Organization: org, Accounts: []string{partner, own}},
		&awssecret.RotatorArgs{Targets: map[string]target.Args{"stripe-api-key": {URL: pulumi.String("https://issuer.example.com")}}},
		map[string]string{"checkout": checkout, "reports": reports, "partner": partnerRole},
		secret.Spec{Name: "stripe-api-key", Readers: []string{"checkout", "partner"}, Rotation: &secret.Rotation{
			Every: month, Webhook: &secret.Webhook{Key: "request-key"},
		}},
		secret.Spec{Name: "request-key"},
		secret.Spec{Name: "unread"},
	))
	if err != nil {
		t.Fatal(err)
	}
	all := parse(t, everything)
	who := map[string]iam.Principal{
		"reader":                     {ARN: checkout, Account: own, Organization: org},
		"reader of another secret":   {ARN: reports, Account: own, Organization: org},
		"namesake on another path":   {ARN: "arn:aws:iam::" + own + ":role/checkout", Account: own, Organization: org, Policy: all},
		"administrator":              {ARN: "arn:aws:iam::" + own + ":role/admin", Account: own, Organization: org, Policy: all},
		"administrator without org":  {ARN: "arn:aws:iam::" + own + ":role/admin", Account: own, Policy: all},
		"root user":                  {ARN: "arn:aws:iam::" + own + ":root", Account: own, Organization: org, Policy: all},
		"partner":                    {ARN: partnerRole, Account: partner, Organization: org, Policy: parse(t, documentedGrant(t))},
		"partner without own policy": {ARN: partnerRole, Account: partner, Organization: org},
		"partner of no org":          {ARN: partnerRole, Account: partner, Policy: all},
		"partner of another org":     {ARN: partnerRole, Account: partner, Organization: "o-zzzzzzzzzz", Policy: all},
		"partner's administrator":    {ARN: "arn:aws:iam::" + partner + ":role/admin", Account: partner, Organization: org, Policy: all},
		"stranger":                   {ARN: "arn:aws:iam::333333333333:role/checkout", Account: "333333333333", Organization: org, Policy: all},
		"rotator":                    {ARN: rotatorRole, Account: own, Organization: org, Policy: parse(t, rolePolicy(t, g, "rotator"))},
		"rotator of another store":   {ARN: rotatorRole + "2", Account: own, Organization: org},
		"CloudWatch Logs":            {Account: "aws", Service: "logs.eu-west-1.amazonaws.com", Policy: all},
		"CloudWatch Logs elsewhere":  {Account: "aws", Service: "logs.eu-central-1.amazonaws.com", Policy: all},
		"AWS service":                {Account: "aws", Service: "cloudtrail.amazonaws.com", Policy: all},
		"nobody":                     {Account: "anonymous"},
	}
	answers := map[question]bool{}
	is := func(want bool, action string, tls bool, names ...string) {
		for _, n := range names {
			answers[question{n, action, tls}] = want
		}
	}
	everybody := func(but ...string) (names []string) {
		for n := range who {
			if !slices.Contains(but, n) {
				names = append(names, n)
			}
		}
		return names
	}
	allow := func(action string, names ...string) { is(true, action, true, names...) }
	deny := func(action string, names ...string) { is(false, action, true, names...) }

	readers := []string{"reader", "partner", "rotator"}
	allow("read", readers...)
	deny("read", everybody(readers...)...)
	is(false, "read", false, everybody()...)

	admins := []string{"administrator", "administrator without org", "root user", "namesake on another path"}
	for _, action := range []string{"PutResourcePolicy", "DeleteSecret", "RestoreSecret", "RotateSecret", "TagResource", "UpdateSecret"} {
		allow("secretsmanager:"+action, admins...)
		deny("secretsmanager:"+action, everybody(admins...)...)
		is(false, "secretsmanager:"+action, false, everybody()...)
	}
	rotators := slices.Concat(admins, []string{"rotator"})
	rotates := []string{"put", "secretsmanager:UpdateSecretVersionStage"}
	for _, action := range rotates {
		allow(action, rotators...)
		deny(action, everybody(rotators...)...)
		is(false, action, false, everybody()...)
	}
	allow("secretsmanager:DescribeSecret", slices.Concat(admins, readers)...)
	deny("secretsmanager:DescribeSecret", "reader of another secret", "partner of another org", "stranger")

	for _, action := range []string{"PutKeyPolicy", "DescribeKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "DisableKey", "UpdateAlias"} {
		allow("kms:"+action, admins...)
		deny("kms:"+action, everybody(admins...)...)
	}
	for _, action := range []string{"Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "CreateGrant"} {
		deny("kms:"+action, everybody()...) // not through the service: nobody
	}
	allow("log /secretstack/shop/rotator", "CloudWatch Logs")
	deny("log /secretstack/shop/rotator", everybody("CloudWatch Logs")...)
	deny("log /secretstack/shop2/rotator", everybody()...)
	deny("log /aws/lambda/rotator", everybody()...)

	p := policiesOf(t, g, "stripe-api-key")
	for q, want := range answers {
		if got := p.can(who[q.who], q.action, q.tls); got != want {
			t.Errorf("%s: %s (TLS %t) is %t, want %t", q.who, q.action, q.tls, got, want)
		}
	}

	t.Run("each statement matters", func(t *testing.T) {
		without := func(d iam.Document, i int) iam.Document {
			d.Statement = slices.Delete(slices.Clone(d.Statement), i, i+1)
			return d
		}
		differs := func(p policies) bool {
			for q, want := range answers {
				if p.can(who[q.who], q.action, q.tls) != want {
					return true
				}
			}
			return false
		}
		for i, s := range p.key.Statement {
			if !differs(policies{p.arn, without(p.key, i), p.secret}) {
				t.Errorf("no answer depends on the key's statement %s", s.Sid)
			}
		}
		for i, s := range p.secret.Statement {
			if !differs(policies{p.arn, p.key, without(p.secret, i)}) {
				t.Errorf("no answer depends on the secret's statement %s", s.Sid)
			}
		}
	})

	t.Run("without readers", func(t *testing.T) {
		p := policiesOf(t, g, "unread")
		for name, w := range who {
			if p.can(w, "read", true) {
				t.Errorf("%s can read a secret without readers", name)
			}
		}
		if !p.can(who["administrator"], "secretsmanager:PutSecretValue", true) {
			t.Error("nobody can put its value")
		}
		for _, action := range append(rotates, "secretsmanager:DescribeSecret") {
			if p.can(who["rotator"], action, true) {
				t.Errorf("the rotator has nothing to do with it, and may do %s", action)
			}
		}
	})

	t.Run("read by a rotation", func(t *testing.T) {
		p := policiesOf(t, g, "request-key")
		for name, w := range who {
			if got := p.can(w, "read", true); got != (name == "rotator") {
				t.Errorf("%s can read it: %t", name, got)
			}
		}
		if !p.can(who["rotator"], "secretsmanager:DescribeSecret", true) {
			t.Error("the rotator cannot look whether it has a value")
		}
		for _, action := range rotates {
			if p.can(who["rotator"], action, true) {
				t.Errorf("the rotator may change it: %s", action)
			}
		}
	})

	golden.Compare(t, "testdata/key-policy.json", indent(t, keyPolicy(t, g, "shop")))
	golden.Compare(t, "testdata/secret-policy.json", indent(t, secretPolicy(t, g, "stripe-api-key")))
	golden.Compare(t, "testdata/rotator-policy.json", indent(t, rolePolicy(t, g, "rotator")))
}

// documentedGrant is the policy that docs/aws.md tells the owner of a role in another account to give it.
func documentedGrant(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/aws.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)## Readers in other accounts.*?```json\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/aws.md has no policy for readers in other accounts")
	}
	return strings.NewReplacer("<Secret.ARN>", secretARN, "<Store.Key.Arn>", keyARN).Replace(string(block[1]))
}

func indent(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// A replica has the primary's policy but an ARN of another region, and its own key.
func TestReplicas(t *testing.T) {
	g, _, err := up(shop(
		awssecret.StoreArgs{Prefix: "shop/", Replicas: []awssecret.Replica{{Region: "eu-central-1"}}},
		map[string]string{"checkout": checkout},
		map[string][]string{"stripe-api-key": {"checkout"}},
	))
	if err != nil {
		t.Fatal(err)
	}
	replica := strings.Replace(secretARN, "eu-west-1", "eu-central-1", 1)
	policy := parse(t, secretPolicy(t, g, "stripe-api-key"))
	for arn, want := range map[string]bool{checkout: true, "arn:aws:iam::" + own + ":role/admin": false} {
		read := iam.Request{
			Principal: iam.Principal{ARN: arn, Account: own, Policy: parse(t, everything)},
			Action:    "secretsmanager:GetSecretValue", Resource: replica,
			Context: map[string]string{"aws:SecureTransport": "true"},
		}
		if got := policy.Allows(own, read); got != want {
			t.Errorf("%s reads the replica: %t, want %t", arn, got, want)
		}
	}
	key := parse(t, keyPolicy(t, g, "shop-eu-central-1"))
	for region, want := range map[string]bool{"eu-central-1": true, "eu-west-1": false} {
		decrypt := iam.Request{
			Principal: iam.Principal{ARN: checkout, Account: own}, Action: "kms:Decrypt",
			Context: map[string]string{"kms:CallerAccount": own, "kms:ViaService": "secretsmanager." + region + ".amazonaws.com"},
		}
		if got := key.Allows(own, decrypt); got != want {
			t.Errorf("decrypting with the replica's key through %s: %t, want %t", region, got, want)
		}
	}
	used := get(t, g, "aws:secretsmanager/secret:Secret", "stripe-api-key").Inputs.Get("replicas").AsArray().AsSlice()
	if len(used) != 1 || used[0].AsMap().Get("kmsKeyId").AsString() != keyARN+"-eu-central-1" {
		t.Errorf("the replicas are %v, want one with the key of its region", used)
	}
}

// A role that reads 500 secrets has not one character of policy more than a role that reads one.
func TestSizesOfManySecrets(t *testing.T) {
	secrets := map[string][]string{}
	for i := range 500 {
		secrets[fmt.Sprintf("secret-%03d", i)] = []string{"checkout"}
	}
	g, _, err := up(shop(awssecret.StoreArgs{Prefix: "shop/"}, map[string]string{"checkout": checkout}, secrets))
	if err != nil {
		t.Fatal(err)
	}
	longest := 0
	for name := range secrets {
		longest = max(longest, len(secretPolicy(t, g, name)))
	}
	key := len(keyPolicy(t, g, "shop"))
	if longest == 0 || longest > 20480 || key == 0 || key > 32768 {
		t.Errorf("the longest secret policy has %d characters of 20480, the key's policy %d of 32768", longest, key)
	}
	for _, r := range g.Resources {
		if strings.HasPrefix(r.Type, "aws:iam/") {
			t.Errorf("%s: the reader's role must not need a policy", r)
		}
	}
	t.Logf("500 secrets of one role: %d characters in each secret's policy (of 20480), %d in the key's (of 32768), 0 in the role's (of 10240)", longest, key)
}
