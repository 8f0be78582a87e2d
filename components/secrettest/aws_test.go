package secrettest_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/iam"
	"github.com/secretstack/secretstack/internal/plan"
)

func TestAWS(t *testing.T) { secrettest.Run(t, aws) }

const awsAccount = "111111111111"

var aws = secrettest.Cloud{
	Cloud: awssecret.Limits,
	Build: func(ctx *pulumi.Context, specs []secret.Spec, identities map[string]string, allowDestroy bool) error {
		store, err := awssecret.NewStore(ctx, "shop", &awssecret.StoreArgs{
			Prefix: "shop/", AllowDestroy: allowDestroy, Accounts: []string{awsAccount},
		})
		if err != nil {
			return err
		}
		rotator, err := awssecret.NewRotator(ctx, "shop-rotator", &awssecret.RotatorArgs{
			Store: store, Secrets: specs, Bundle: pulumi.NewFileArchive("rotate-lambda.zip"),
		})
		if err != nil {
			return err
		}
		readers := inputs(identities)
		alerts := &awssecret.AlertsArgs{
			Store: store, Rotators: []*awssecret.Rotator{rotator}, Notify: notify.Args{Email: []string{secrettest.OnCall}},
			Settings: alert.Settings{Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}},
		}
		for _, s := range specs {
			args := &awssecret.SecretArgs{Store: store, Spec: s, Readers: readers}
			if s.Rotation != nil {
				args.Rotator = rotator
			}
			made, err := awssecret.NewSecret(ctx, s.Name, args)
			if err != nil {
				return err
			}
			alerts.Secrets = append(alerts.Secrets, made)
		}
		_, err = awssecret.NewAlerts(ctx, "shop-alerts", alerts)
		return err
	},
	Config:   map[string]string{"aws:region": "eu-west-1"},
	Identity: awsIdentity,
	Create: func(r plan.Resource) (string, property.Map) {
		arn := "arn:aws:kms:eu-west-1:" + awsAccount + ":key/" + r.Name
		switch r.Type {
		case "aws:secretsmanager/secret:Secret":
			arn = "arn:aws:secretsmanager:eu-west-1:" + awsAccount + ":secret:" + r.Inputs.Get("name").AsString() + "-AbCdEf"
		case "aws:sns/topic:Topic":
			arn = "arn:aws:sns:eu-west-1:" + awsAccount + ":" + r.Name
		}
		return arn, property.NewMap(map[string]property.Value{
			"arn": property.New(arn), "keyId": property.New(r.Name), "bucket": property.New(r.Name),
		})
	},

	SecretType:   "aws:secretsmanager/secret:Secret",
	VersionTypes: []string{"aws:secretsmanager/secretVersion:SecretVersion"},

	OwnKey: func(g *plan.Graph, s plan.Resource) bool {
		_, ok := awsKey(g, s)
		return ok
	},
	CanRead: awsCanRead,
	Recoverable: func(_ *plan.Graph, s plan.Resource) bool {
		return s.Inputs.Get("recoveryWindowInDays").AsNumber() >= 7
	},
	Starter: sibling("aws:secretsmanager/secretRotation:SecretRotation"),
	RotationNeeds: []string{
		"aws:cloudwatch/eventTarget:EventTarget", "aws:cloudwatch/logGroup:LogGroup", "aws:iam/role:Role",
		"aws:iam/rolePolicy:RolePolicy", "aws:lambda/function:Function", "aws:lambda/layerVersion:LayerVersion",
		"aws:lambda/permission:Permission", "aws:secretsmanager/secretPolicy:SecretPolicy",
	},
	WatcherTypes: []string{awsRule, awsAlarm},
	Hears:        awsHears,
	AlertGaps:    awsalert.Gaps,
}

const (
	awsRule  = "aws:cloudwatch/eventRule:EventRule"
	awsAlarm = "aws:cloudwatch/metricAlarm:MetricAlarm"
)

// awsHears follows a rule or an alarm to the topics to which it may publish, also with their keys, and to who is subscribed.
func awsHears(g *plan.Graph, watcher plan.Resource) (addresses []string) {
	if watcher.Type == awsRule && watcher.Inputs.Get("eventPattern").IsNull() {
		return []string{secrettest.OnCall} // a clock, which watches nothing
	}
	told, source, service := secrettest.Show(watcher.Inputs.Get("alarmActions")), ":cloudwatch:eu-west-1:"+awsAccount+":alarm:", "cloudwatch"
	if watcher.Type == awsRule {
		told, source, service = "", ":events:eu-west-1:"+awsAccount+":rule/", "events"
		for _, target := range g.Of("aws:cloudwatch/eventTarget:EventTarget") {
			if input(target, "rule") == input(watcher, "name") {
				told += input(target, "arn") + " "
			}
		}
	}
	for _, topic := range g.Of("aws:sns/topic:Topic") {
		arn := "arn:aws:sns:eu-west-1:" + awsAccount + ":" + topic.Name
		may := func(policy, action string) bool {
			return awsPolicy(policy).Allows(awsAccount, iam.Request{
				Principal: iam.Principal{Service: service + ".amazonaws.com", Account: awsAccount}, Action: action, Resource: arn,
				Context: map[string]string{
					"aws:SourceAccount": awsAccount, "aws:SourceArn": "arn:aws" + source + input(watcher, "name"), "aws:SecureTransport": "true",
					"kms:EncryptionContext:aws:sns:topicArn": arn,
				},
			})
		}
		key, ok := g.Get(topic.PropertyDependencies["kmsMasterKeyId"][0])
		if !ok || !strings.Contains(told, arn) || !may(input(topic, "policy"), "sns:Publish") || !may(input(key, "policy"), "kms:GenerateDataKey") {
			continue
		}
		for _, s := range g.Of("aws:sns/topicSubscription:TopicSubscription") {
			if input(s, "topic") == arn && input(s, "protocol") == "email" {
				addresses = append(addresses, input(s, "endpoint"))
			}
		}
	}
	return addresses
}

// sibling finds the resource of a type that has a secret's parent.
func sibling(typ string) func(*plan.Graph, plan.Resource) (plan.Resource, bool) {
	return func(g *plan.Graph, s plan.Resource) (plan.Resource, bool) {
		all := g.Children(s.Parent)
		i := slices.IndexFunc(all, func(r plan.Resource) bool { return r.Type == typ && r.URN != s.URN })
		if i < 0 {
			return plan.Resource{}, false
		}
		return all[i], true
	}
}

func awsIdentity(reader string) string { return "arn:aws:iam::" + awsAccount + ":role/" + reader }

// awsKey is the store's key under which a secret is encrypted.
func awsKey(g *plan.Graph, s plan.Resource) (plan.Resource, bool) {
	deps := s.PropertyDependencies["kmsKeyId"]
	if len(deps) != 1 {
		return plan.Resource{}, false
	}
	key, ok := g.Get(deps[0])
	parent, _ := g.Get(key.Parent)
	return key, ok && key.Type == "aws:kms/key:Key" && parent.Type == awssecret.StoreType
}

// awsCanRead asks the policies of the secret and of its key for an identity in their own account. A
// stranger there has all permissions that an account can give, a reader has none.
func awsCanRead(g *plan.Graph, s plan.Resource, identity string) bool {
	who := iam.Principal{ARN: identity, Account: awsAccount}
	if identity == awsIdentity("stranger") {
		who.Policy = awsPolicy(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`)
	}
	allows := func(policy, action, resource string) bool {
		return awsPolicy(policy).Allows(awsAccount, iam.Request{
			Principal: who, Action: action, Resource: resource, Context: map[string]string{
				"aws:SecureTransport": "true",
				"kms:CallerAccount":   awsAccount,
				"kms:ViaService":      "secretsmanager.eu-west-1.amazonaws.com",
			},
		})
	}
	key, ok := awsKey(g, s)
	if !ok || !allows(key.Inputs.Get("policy").AsString(), "kms:Decrypt", "") {
		return false
	}
	for _, r := range g.Children(s.Parent) {
		if r.Type == "aws:secretsmanager/secretPolicy:SecretPolicy" && slices.Contains(r.PropertyDependencies["secretArn"], s.URN) {
			return allows(r.Inputs.Get("policy").AsString(), "secretsmanager:GetSecretValue", r.Inputs.Get("secretArn").AsString())
		}
	}
	return false
}

// awsPolicy reads a policy in which the account, which a plan does not know, is the readers'.
func awsPolicy(text string) iam.Document {
	d, err := iam.Parse(strings.ReplaceAll(text, "<account>", awsAccount))
	if err != nil {
		panic(err)
	}
	return d
}
