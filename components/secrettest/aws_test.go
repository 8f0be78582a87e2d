package secrettest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/awssecret"
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
		for _, s := range specs {
			args := &awssecret.SecretArgs{Store: store, Spec: s, Readers: readers}
			if s.Rotation != nil {
				args.Rotator = rotator
			}
			if _, err := awssecret.NewSecret(ctx, s.Name, args); err != nil {
				return err
			}
		}
		return nil
	},
	Config:   map[string]string{"aws:region": "eu-west-1"},
	Identity: awsIdentity,
	Create: func(r plan.Resource) (string, property.Map) {
		arn := "arn:aws:kms:eu-west-1:" + awsAccount + ":key/" + r.Name
		if r.Type == "aws:secretsmanager/secret:Secret" {
			arn = "arn:aws:secretsmanager:eu-west-1:" + awsAccount + ":secret:" + r.Inputs.Get("name").AsString() + "-AbCdEf"
		}
		return arn, property.NewMap(map[string]property.Value{"arn": property.New(arn), "keyId": property.New(r.Name)})
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
