package gcprules_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudfunctions"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudfunctionsv2"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrun"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudscheduler"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/folder"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/iam"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/kms"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/organizations"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/pubsub"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/policies/gcprules"
	"github.com/secretstack/secretstack/policies/gcprules/fixes"
	"github.com/secretstack/secretstack/policies/policytest"
)

func TestCases(t *testing.T) { policytest.Run(t, gcprules.All, "testdata") }

func TestFixes(t *testing.T) { policytest.Fixes(t, gcprules.All, fixes.All, gcprules.Fixes) }

// declared is a resource type of the SDK, and a program that makes one.
type declared struct {
	typ     policytest.Type
	program pulumi.RunFunc
}

func a[R, A any](create func(*pulumi.Context, string, *A, ...pulumi.ResourceOption) (*R, error), args A) declared {
	var resource R
	return declared{
		policytest.Type{Resource: resource, Args: any(args).(pulumi.Input)},
		func(ctx *pulumi.Context) error {
			_, err := create(ctx, "one", &args)
			return err
		},
	}
}

var (
	text  = pulumi.String("text")
	texts = pulumi.StringArray{text}
)

// sdk are all types that the rules name. Most examples grant to one member, so here are the other ways as well.
var sdk = []declared{
	a(secretmanager.NewSecret, secretmanager.SecretArgs{SecretId: text, Replication: secretmanager.SecretReplicationArgs{}}),
	a(secretmanager.NewSecretIamMember, secretmanager.SecretIamMemberArgs{SecretId: text, Role: text, Member: text}),
	a(secretmanager.NewSecretIamBinding, secretmanager.SecretIamBindingArgs{SecretId: text, Role: text, Members: texts}),
	a(secretmanager.NewSecretIamPolicy, secretmanager.SecretIamPolicyArgs{SecretId: text, PolicyData: text}),
	a(kms.NewCryptoKey, kms.CryptoKeyArgs{KeyRing: text}),
	a(kms.NewCryptoKeyIAMMember, kms.CryptoKeyIAMMemberArgs{CryptoKeyId: text, Role: text, Member: text}),
	a(kms.NewCryptoKeyIAMBinding, kms.CryptoKeyIAMBindingArgs{CryptoKeyId: text, Role: text, Members: texts}),
	a(kms.NewCryptoKeyIAMPolicy, kms.CryptoKeyIAMPolicyArgs{CryptoKeyId: text, PolicyData: text}),
	a(kms.NewKeyRingIAMMember, kms.KeyRingIAMMemberArgs{KeyRingId: text, Role: text, Member: text}),
	a(kms.NewKeyRingIAMBinding, kms.KeyRingIAMBindingArgs{KeyRingId: text, Role: text, Members: texts}),
	a(kms.NewKeyRingIAMPolicy, kms.KeyRingIAMPolicyArgs{KeyRingId: text, PolicyData: text}),
	a(projects.NewIAMMember, projects.IAMMemberArgs{Project: text, Role: text, Member: text}),
	a(projects.NewIAMBinding, projects.IAMBindingArgs{Project: text, Role: text, Members: texts}),
	a(projects.NewIAMPolicy, projects.IAMPolicyArgs{Project: text, PolicyData: text}),
	a(projects.NewIAMCustomRole, projects.IAMCustomRoleArgs{RoleId: text, Title: text, Permissions: texts}),
	a(projects.NewIAMAuditConfig, projects.IAMAuditConfigArgs{
		Project: text, Service: text, AuditLogConfigs: projects.IAMAuditConfigAuditLogConfigArray{},
	}),
	a(projects.NewServiceIdentity, projects.ServiceIdentityArgs{Service: text}),
	a(folder.NewIAMMember, folder.IAMMemberArgs{Folder: text, Role: text, Member: text}),
	a(folder.NewIAMBinding, folder.IAMBindingArgs{Folder: text, Role: text, Members: texts}),
	a(folder.NewIAMPolicy, folder.IAMPolicyArgs{Folder: text, PolicyData: text}),
	a(folder.NewIamAuditConfig, folder.IamAuditConfigArgs{
		Folder: text, Service: text, AuditLogConfigs: folder.IamAuditConfigAuditLogConfigArray{},
	}),
	a(organizations.NewIAMMember, organizations.IAMMemberArgs{OrgId: text, Role: text, Member: text}),
	a(organizations.NewIAMBinding, organizations.IAMBindingArgs{OrgId: text, Role: text, Members: texts}),
	a(organizations.NewIAMPolicy, organizations.IAMPolicyArgs{OrgId: text, PolicyData: text}),
	a(organizations.NewIAMCustomRole, organizations.IAMCustomRoleArgs{OrgId: text, RoleId: text, Title: text, Permissions: texts}),
	a(organizations.NewIamAuditConfig, organizations.IamAuditConfigArgs{
		OrgId: text, Service: text, AuditLogConfigs: organizations.IamAuditConfigAuditLogConfigArray{},
	}),
	a(serviceaccount.NewAccount, serviceaccount.AccountArgs{AccountId: text}),
	a(serviceaccount.NewKey, serviceaccount.KeyArgs{ServiceAccountId: text}),
	a(iam.NewWorkloadIdentityPoolProvider, iam.WorkloadIdentityPoolProviderArgs{
		WorkloadIdentityPoolId: text, WorkloadIdentityPoolProviderId: text,
	}),
	a(pubsub.NewTopic, pubsub.TopicArgs{}),
	a(pubsub.NewTopicIAMMember, pubsub.TopicIAMMemberArgs{Topic: text, Role: text, Member: text}),
	a(pubsub.NewTopicIAMBinding, pubsub.TopicIAMBindingArgs{Topic: text, Role: text, Members: texts}),
	a(pubsub.NewTopicIAMPolicy, pubsub.TopicIAMPolicyArgs{Topic: text, PolicyData: text}),
	a(pubsub.NewSubscriptionIAMMember, pubsub.SubscriptionIAMMemberArgs{Subscription: text, Role: text, Member: text}),
	a(pubsub.NewSubscriptionIAMBinding, pubsub.SubscriptionIAMBindingArgs{Subscription: text, Role: text, Members: texts}),
	a(pubsub.NewSubscriptionIAMPolicy, pubsub.SubscriptionIAMPolicyArgs{Subscription: text, PolicyData: text}),
	a(cloudscheduler.NewJob, cloudscheduler.JobArgs{}),
	a(cloudfunctions.NewFunction, cloudfunctions.FunctionArgs{Runtime: text}),
	a(cloudfunctions.NewFunctionIamMember, cloudfunctions.FunctionIamMemberArgs{CloudFunction: text, Role: text, Member: text}),
	a(cloudfunctions.NewFunctionIamBinding, cloudfunctions.FunctionIamBindingArgs{CloudFunction: text, Role: text, Members: texts}),
	a(cloudfunctions.NewFunctionIamPolicy, cloudfunctions.FunctionIamPolicyArgs{CloudFunction: text, PolicyData: text}),
	a(cloudfunctionsv2.NewFunction, cloudfunctionsv2.FunctionArgs{Location: text}),
	a(cloudfunctionsv2.NewFunctionIamMember, cloudfunctionsv2.FunctionIamMemberArgs{CloudFunction: text, Role: text, Member: text}),
	a(cloudfunctionsv2.NewFunctionIamBinding, cloudfunctionsv2.FunctionIamBindingArgs{CloudFunction: text, Role: text, Members: texts}),
	a(cloudfunctionsv2.NewFunctionIamPolicy, cloudfunctionsv2.FunctionIamPolicyArgs{CloudFunction: text, PolicyData: text}),
	a(cloudrun.NewService, cloudrun.ServiceArgs{Location: text}),
	a(cloudrun.NewIamMember, cloudrun.IamMemberArgs{Service: text, Role: text, Member: text}),
	a(cloudrun.NewIamBinding, cloudrun.IamBindingArgs{Service: text, Role: text, Members: texts}),
	a(cloudrun.NewIamPolicy, cloudrun.IamPolicyArgs{Service: text, PolicyData: text}),
	a(cloudrunv2.NewService, cloudrunv2.ServiceArgs{Location: text, Template: cloudrunv2.ServiceTemplateArgs{}}),
	a(cloudrunv2.NewServiceIamMember, cloudrunv2.ServiceIamMemberArgs{Role: text, Member: text}),
	a(cloudrunv2.NewServiceIamBinding, cloudrunv2.ServiceIamBindingArgs{Role: text, Members: texts}),
	a(cloudrunv2.NewServiceIamPolicy, cloudrunv2.ServiceIamPolicyArgs{PolicyData: text}),
	a(cloudrunv2.NewJob, cloudrunv2.JobArgs{Location: text, Template: cloudrunv2.JobTemplateArgs{
		Template: cloudrunv2.JobTemplateTemplateArgs{},
	}}),
	a(cloudrunv2.NewJobIamMember, cloudrunv2.JobIamMemberArgs{Role: text, Member: text}),
	a(cloudrunv2.NewJobIamBinding, cloudrunv2.JobIamBindingArgs{Role: text, Members: texts}),
	a(cloudrunv2.NewJobIamPolicy, cloudrunv2.JobIamPolicyArgs{PolicyData: text}),
}

func TestTypes(t *testing.T) {
	const regional = "https://www.pulumi.com/registry/packages/gcp/api-docs/secretmanager/regionalsecret"
	types := map[string]policytest.Type{
		"gcp:secretmanager/regionalSecret:RegionalSecret":                     {Unserved: regional},
		"gcp:secretmanager/regionalSecretIamMember:RegionalSecretIamMember":   {Unserved: regional + "iammember"},
		"gcp:secretmanager/regionalSecretIamBinding:RegionalSecretIamBinding": {Unserved: regional + "iambinding"},
		"gcp:secretmanager/regionalSecretIamPolicy:RegionalSecretIamPolicy":   {Unserved: regional + "iampolicy"},
	}
	programs := maps.Clone(fixes.All)
	for i, d := range sdk {
		g, err := plan.Run(t.Context(), d.program, plan.Options{Config: map[string]string{"gcp:project": "shop"}})
		if err != nil {
			t.Fatalf("%T: %v", d.typ.Resource, err)
		}
		types[g.Resources[0].Type] = d.typ
		programs[fmt.Sprint(i)] = d.program
	}
	policytest.Types(t, gcprules.All, programs, "testdata", types)
}
