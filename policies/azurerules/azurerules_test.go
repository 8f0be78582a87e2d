package azurerules_test

import (
	"slices"
	"testing"
	"time"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	insights "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20210501preview"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/storage/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/azurerules"
	"github.com/secretstack/secretstack/policies/azurerules/fixes"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/policytest"
)

func TestCases(t *testing.T) { policytest.Run(t, azurerules.All, "testdata") }

func TestFixes(t *testing.T) { policytest.Fixes(t, azurerules.All, fixes.All, azurerules.Fixes) }

// TestOutsideCases has what cases cannot say: what Azure reports in a state of a resource that a rule looks at alone, and a
// property that is newer than the SDK.
func TestOutsideCases(t *testing.T) {
	const account, credential = "azure-native:storage:StorageAccount", "azure-native:managedidentity:FederatedIdentityCredential"
	expression := func(text string) property.Map {
		return one("claimsMatchingExpression", property.New(map[string]property.Value{
			"languageVersion": property.New(1.0), "value": property.New(text),
		}))
	}
	tls10, tls12 := one("minimumTlsVersion", property.New("TLS1_0")), one("minimumTlsVersion", property.New("TLS1_2"))
	for name, test := range map[string]struct {
		rule     string
		resource policy.Resource
		fails    int
	}{
		"nothing declared, nothing reported": {"azure-storage-https-tls12", policy.Resource{Type: account}, 1},
		"nothing declared, but reported":     {"azure-storage-https-tls12", policy.Resource{Type: account, Outputs: tls12}, 0},
		"declared, and reported otherwise": {
			"azure-storage-https-tls12", policy.Resource{Type: account, Inputs: tls10, Outputs: tls12}, 1,
		},
		"a managed identity's expression for release branches": {
			"azure-federated-credential-subject-pinned",
			policy.Resource{Type: credential, Inputs: expression("claims['sub'] matches 'repo:example/shop:ref:refs/heads/release/*'")},
			0,
		},
		"a managed identity's expression for a whole repository": {
			"azure-federated-credential-subject-pinned",
			policy.Resource{Type: credential, Inputs: expression("claims['sub'] matches 'repo:example/shop:*'")},
			1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := slices.IndexFunc(azurerules.All, func(r policy.Rule) bool { return r.Name == test.rule })
			checker := policy.NewChecker([]policy.Chosen{{Rule: azurerules.All[i], Level: policy.Mandatory}}, time.Now())
			if findings := checker.Look(&test.resource); len(findings) != test.fails {
				t.Errorf("findings: %v", findings)
			}
		})
	}
}

func one(name string, v property.Value) property.Map {
	return property.NewMap(map[string]property.Value{name: v})
}

func TestTypes(t *testing.T) {
	const registry = "https://www.pulumi.com/registry/packages/"
	policytest.Types(t, azurerules.All, fixes.All, "testdata", map[string]policytest.Type{
		"azure-native:app:ContainerApp":                            {Resource: app.ContainerApp{}, Args: app.ContainerAppArgs{}},
		"azure-native:app:Job":                                     {Resource: app.Job{}, Args: app.JobArgs{}},
		"azure-native:authorization:RoleAssignment":                {Resource: authorization.RoleAssignment{}, Args: authorization.RoleAssignmentArgs{}},
		"azure-native:authorization:RoleDefinition":                {Resource: authorization.RoleDefinition{}, Args: authorization.RoleDefinitionArgs{}},
		"azure-native:insights:DiagnosticSetting":                  {Resource: insights.DiagnosticSetting{}, Args: insights.DiagnosticSettingArgs{}},
		"azure-native:keyvault:AccessPolicy":                       {Resource: keyvault.AccessPolicy{}, Args: keyvault.AccessPolicyArgs{}},
		"azure-native:keyvault:Key":                                {Resource: keyvault.Key{}, Args: keyvault.KeyArgs{}},
		"azure-native:keyvault:Secret":                             {Resource: keyvault.Secret{}, Args: keyvault.SecretArgs{}},
		"azure-native:keyvault:Vault":                              {Resource: keyvault.Vault{}, Args: keyvault.VaultArgs{}},
		"azure-native:managedidentity:FederatedIdentityCredential": {Resource: managedidentity.FederatedIdentityCredential{}, Args: managedidentity.FederatedIdentityCredentialArgs{}},
		"azure-native:resources:ResourceGroup":                     {Resource: resources.ResourceGroup{}, Args: resources.ResourceGroupArgs{}},
		"azure-native:storage:BlobContainer":                       {Resource: storage.BlobContainer{}, Args: storage.BlobContainerArgs{}},
		"azure-native:storage:StorageAccount":                      {Resource: storage.StorageAccount{}, Args: storage.StorageAccountArgs{}},

		"azure-native:monitor:DiagnosticSetting":              {Unserved: registry + "azure-native/api-docs/monitor/diagnosticsetting/"},
		"azure-native:network:PrivateEndpoint":                {Unserved: registry + "azure-native/api-docs/network/privateendpoint/"},
		"azure-native:security:Pricing":                       {Unserved: registry + "azure-native/api-docs/security/pricing/"},
		"azure-native:web:WebApp":                             {Unserved: registry + "azure-native/api-docs/web/webapp/"},
		"azure-native:web:WebAppAuthSettings":                 {Unserved: registry + "azure-native/api-docs/web/webappauthsettings/"},
		"azure-native:web:WebAppAuthSettingsV2":               {Unserved: registry + "azure-native/api-docs/web/webappauthsettingsv2/"},
		"azure-native:web:WebAppAuthSettingsV2WithoutSecrets": {Unserved: registry + "azure-native/api-docs/web/webappauthsettingsv2withoutsecrets/"},
		"azure-native:web:WebAppSlot":                         {Unserved: registry + "azure-native/api-docs/web/webappslot/"},
		"azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential": {
			Unserved: registry + "azuread/api-docs/applicationfederatedidentitycredential/",
		},
		"azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential": {
			Unserved: registry + "azuread/api-docs/applicationflexiblefederatedidentitycredential/",
		},
	})
}
