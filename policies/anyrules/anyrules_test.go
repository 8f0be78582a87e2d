package anyrules_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/codebuild"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi-azure-native-sdk/app/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	gcp "github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/policies/anyrules"
	"github.com/secretstack/secretstack/policies/anyrules/fixes"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/policytest"
)

// canary is in every credential of the cases.
const canary = "hunter2"

func TestCases(t *testing.T) {
	rules := slices.Clone(anyrules.All)
	for i, rule := range rules {
		rules[i].Check = func(s policy.Subject) []policy.Finding {
			findings := rule.Check(s)
			for _, f := range findings {
				if strings.Contains(f.Message, canary) {
					t.Errorf("%s shows a credential: %s", rule.Name, f.Message)
				}
			}
			return findings
		}
	}
	policytest.Run(t, rules, "testdata")
}

func TestFixes(t *testing.T) { policytest.Fixes(t, anyrules.All, fixes.All, anyrules.Fixes) }

// Functions often have their code in the program, as texts in an archive, which cases cannot write down.
func TestCodeInArchives(t *testing.T) {
	code, err := asset.FromText("import db\ndb.connect(password='" + canary + "')\n")
	if err != nil {
		t.Fatal(err)
	}
	files, err := archive.FromAssets(map[string]any{"main.py": code})
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range anyrules.All {
		if rule.Name != "no-hardcoded-secret-in-inputs" {
			continue
		}
		got := policy.NewChecker([]policy.Chosen{{Rule: rule, Level: policy.Mandatory}}, time.Now()).Look(&policy.Resource{
			Type: "aws:lambda/function:Function", Inputs: property.NewMap(map[string]property.Value{"code": property.New(files)}),
		})
		if len(got) != 1 || got[0].Property != "code[main.py]" {
			t.Errorf("findings %v", got)
		}
	}
}

var text = pulumi.String("text")

// sdk are the types that the rules name, by token.
var sdk = map[string]struct {
	policytest.Type
	program pulumi.RunFunc
}{
	"aws:codebuild/project:Project": a(codebuild.NewProject, codebuild.ProjectArgs{
		ServiceRole: text, Artifacts: codebuild.ProjectArtifactsArgs{Type: text}, Source: codebuild.ProjectSourceArgs{Type: text},
		Environment: codebuild.ProjectEnvironmentArgs{ComputeType: text, Image: text, Type: text},
	}),
	"aws:ec2/instance:Instance":                      a(ec2.NewInstance, ec2.InstanceArgs{}),
	"aws:ec2/launchTemplate:LaunchTemplate":          a(ec2.NewLaunchTemplate, ec2.LaunchTemplateArgs{}),
	"aws:ecs/taskDefinition:TaskDefinition":          a(ecs.NewTaskDefinition, ecs.TaskDefinitionArgs{ContainerDefinitions: text, Family: text}),
	"aws:kms/key:Key":                                a(kms.NewKey, kms.KeyArgs{}),
	"aws:kms/replicaKey:ReplicaKey":                  a(kms.NewReplicaKey, kms.ReplicaKeyArgs{PrimaryKeyArn: text}),
	"aws:lambda/function:Function":                   a(lambda.NewFunction, lambda.FunctionArgs{Role: text}),
	"aws:secretsmanager/secret:Secret":               a(secretsmanager.NewSecret, secretsmanager.SecretArgs{}),
	"aws:secretsmanager/secretVersion:SecretVersion": a(secretsmanager.NewSecretVersion, secretsmanager.SecretVersionArgs{SecretId: text}),
	"aws:ssm/parameter:Parameter":                    a(ssm.NewParameter, ssm.ParameterArgs{Type: text}),
	"gcp:secretmanager/secret:Secret":                a(gcp.NewSecret, gcp.SecretArgs{SecretId: text, Replication: gcp.SecretReplicationArgs{}}),
	"gcp:secretmanager/secretVersion:SecretVersion":  a(gcp.NewSecretVersion, gcp.SecretVersionArgs{Secret: text, SecretData: text}),
	"azure-native:app:ContainerApp":                  a(app.NewContainerApp, app.ContainerAppArgs{ResourceGroupName: text}),
	"azure-native:app:Job":                           a(app.NewJob, app.JobArgs{ResourceGroupName: text}),
	"azure-native:keyvault:Key": a(keyvault.NewKey, keyvault.KeyArgs{
		ResourceGroupName: text, VaultName: text, Properties: keyvault.KeyPropertiesArgs{},
	}),
	"azure-native:keyvault:Secret": a(keyvault.NewSecret, keyvault.SecretArgs{
		ResourceGroupName: text, VaultName: text, Properties: keyvault.SecretPropertiesArgs{},
	}),
	"azure-native:keyvault:Vault": a(keyvault.NewVault, keyvault.VaultArgs{
		ResourceGroupName: text, Properties: keyvault.VaultPropertiesArgs{TenantId: text, Sku: keyvault.SkuArgs{
			Family: text, Name: keyvault.SkuNameStandard,
		}},
	}),
	"gcp:secretmanager/regionalSecret:RegionalSecret":               {Type: policytest.Type{Unserved: "https://www.pulumi.com/registry/packages/gcp/api-docs/secretmanager/regionalsecret/"}},
	"gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion": {Type: policytest.Type{Unserved: "https://www.pulumi.com/registry/packages/gcp/api-docs/secretmanager/regionalsecretversion/"}},
	"azure-native:web:WebApp":                                       {Type: policytest.Type{Unserved: "https://www.pulumi.com/registry/packages/azure-native/api-docs/web/webapp/"}},
	"azure-native:web:WebAppApplicationSettings":                    {Type: policytest.Type{Unserved: "https://www.pulumi.com/registry/packages/azure-native@2.x/api-docs/web/webappapplicationsettings/"}},
	"pulumi:pulumi:Stack":                                           {Type: policytest.Type{Unserved: "https://www.pulumi.com/docs/iac/concepts/stacks/"}},
}

func a[R, A any](create func(*pulumi.Context, string, *A, ...pulumi.ResourceOption) (*R, error), args A) (one struct {
	policytest.Type
	program pulumi.RunFunc
},
) {
	var resource R
	one.Type = policytest.Type{Resource: resource, Args: any(args).(pulumi.Input)}
	one.program = func(ctx *pulumi.Context) error {
		_, err := create(ctx, "one", &args)
		return err
	}
	return one
}

func TestTypes(t *testing.T) {
	types, programs := map[string]policytest.Type{}, maps.Clone(fixes.All)
	for token, one := range sdk {
		types[token] = one.Type
		if one.program != nil {
			programs[token] = one.program
		}
	}
	policytest.Types(t, anyrules.All, programs, "testdata", types)
}
