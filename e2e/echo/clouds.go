package echo

const (
	subscription  = "/subscriptions/00000000-0000-0000-0000-000000000001"
	azureVault    = subscription + "/resourceGroups/{resourceGroupName}/providers/Microsoft.KeyVault/vaults/{vaultName}"
	vaultURI      = "https://{vaultName}.vault.azure.net/"
	azureGroup    = subscription + "/resourceGroups/{resourceGroupName}"
	googleAlerts  = "projects/{project}"
	azureInsights = azureGroup + "/providers/Microsoft.Insights/"
	googleSecret  = "projects/{project}/secrets/{secretId}"
	googleEmail   = "{accountId}@{project}.iam.gserviceaccount.com"
	googleAccount = "projects/{project}/serviceAccounts/" + googleEmail
	googleAgent   = "service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
)

var azure = provider{
	name: "azure-native",
	kinds: map[string]kind{
		"azure-native:resources:ResourceGroup": {id: subscription + "/resourceGroups/{resourceGroupName}"},
		"azure-native:keyvault:Vault": {
			id:      azureVault,
			outputs: map[string]string{"properties.vaultUri": vaultURI},
		},
		"azure-native:keyvault:Secret": {
			id:       azureVault + "/secrets/{secretName}",
			outputs:  map[string]string{"properties.secretUri": vaultURI + "secrets/{secretName}"},
			hidden:   "properties.value",
			noUpdate: "an update would overwrite the live value",
		},
		"azure-native:authorization/v20220401:RoleAssignment": {
			id: "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
		},
		"azure-native:authorization:RoleDefinition": {
			id: "{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
		},
		"azure-native:managedidentity:UserAssignedIdentity": {
			id: azureGroup + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
			outputs: map[string]string{
				"clientId":    "00000000-0000-0000-0000-000000000005",
				"principalId": "00000000-0000-0000-0000-000000000006",
			},
		},
		"azure-native:operationalinsights/v20230901:Workspace": {
			id: azureGroup + "/providers/Microsoft.OperationalInsights/workspaces/{workspaceName}",
		},
		"azure-native:insights/v20210501preview:DiagnosticSetting": {
			id: "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
		},
		"azure-native:insights/v20210501preview:SubscriptionDiagnosticSetting": {
			id: subscription + "/providers/Microsoft.Insights/diagnosticSettings/{name}",
		},
		"azure-native:insights/v20230101:ActionGroup":        {id: azureInsights + "actionGroups/{actionGroupName}"},
		"azure-native:insights/v20231201:ScheduledQueryRule": {id: azureInsights + "scheduledQueryRules/{ruleName}"},
		"azure-native:insights/v20180301:MetricAlert":        {id: azureInsights + "metricAlerts/{ruleName}"},
		"azure-native:insights/v20201001:ActivityLogAlert":   {id: azureInsights + "activityLogAlerts/{activityLogAlertName}"},
		"azure-native:app/v20240301:ManagedEnvironment": {
			id: azureGroup + "/providers/Microsoft.App/managedEnvironments/{environmentName}",
		},
		"azure-native:app/v20240301:Job": {id: azureGroup + "/providers/Microsoft.App/jobs/{jobName}"},
	},
	invokes: map[string]map[string]string{
		"azure-native:authorization:getClientConfig": {
			"subscriptionId": "00000000-0000-0000-0000-000000000001",
			"tenantId":       "00000000-0000-0000-0000-000000000002",
			"clientId":       "00000000-0000-0000-0000-000000000003",
			"objectId":       "00000000-0000-0000-0000-000000000004",
		},
	},
}

var google = provider{
	name: "gcp",
	kinds: map[string]kind{
		"gcp:projects/service:Service": {id: "{project}/{service}", outputs: map[string]string{"project": "{project}"}},
		"gcp:projects/serviceIdentity:ServiceIdentity": {
			id:      "projects/{project}/services/{service}",
			outputs: map[string]string{"email": googleAgent, "member": "serviceAccount:" + googleAgent},
		},
		"gcp:kms/keyRing:KeyRing":                       {id: "projects/{project}/locations/{location}/keyRings/{name}", autoname: true},
		"gcp:kms/cryptoKey:CryptoKey":                   {id: "{keyRing}/cryptoKeys/{name}", autoname: true},
		"gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": {id: "{cryptoKeyId}/{role}/{member}"},
		"gcp:secretmanager/secret:Secret": {
			id:      googleSecret,
			outputs: map[string]string{"name": googleSecret},
			hidden:  "value", // of the latest version, which is a resource of its own
		},
		"gcp:secretmanager/secretIamMember:SecretIamMember": {id: googleSecret + "/{role}/{member}"},
		"gcp:serviceaccount/account:Account": {
			id: googleAccount,
			outputs: map[string]string{
				"email": googleEmail, "member": "serviceAccount:" + googleEmail, "name": googleAccount, "project": "{project}",
				"uniqueId": "100000000000000000001",
			},
		},
		"gcp:serviceaccount/iAMMember:IAMMember": {id: "{serviceAccountId}/{role}/{member}"},
		"gcp:projects/iAMCustomRole:IAMCustomRole": {
			id:      "projects/{project}/roles/{roleId}",
			outputs: map[string]string{"name": "projects/{project}/roles/{roleId}"},
		},
		"gcp:cloudrunv2/service:Service": {
			id:      "projects/{project}/locations/{location}/services/{name}",
			outputs: map[string]string{"uri": "https://{name}.run.app"},
		},
		"gcp:cloudrunv2/serviceIamMember:ServiceIamMember":       {id: "{location}/{name}/{role}/{member}"},
		"gcp:cloudscheduler/job:Job":                             {id: "projects/{project}/locations/{region}/jobs/{name}"},
		"gcp:pubsub/topic:Topic":                                 {id: "projects/{project}/topics/{name}", autoname: true},
		"gcp:pubsub/topicIAMMember:TopicIAMMember":               {id: "{topic}/{role}/{member}"},
		"gcp:pubsub/subscription:Subscription":                   {id: "projects/{project}/subscriptions/{name}", autoname: true},
		"gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": {id: "{subscription}/{role}/{member}"},
		"gcp:projects/iAMAuditConfig:IAMAuditConfig":             {id: "{project}/audit_config/{service}"},
		"gcp:logging/metric:Metric":                              {id: "{name}"},
		"gcp:monitoring/alertPolicy:AlertPolicy": {
			id: googleAlerts + "/alertPolicies/{displayName}",
			// https://github.com/hashicorp/terraform-provider-google/issues/11102
			late: "googleapi: Error 404: Cannot find metric(s) that match type. If a metric was created recently, it could take up to " +
				"10 minutes to become available. Please try again soon.",
			latePaths: []string{"conditions[0].conditionThreshold", "conditions[0].conditionPrometheusQueryLanguage"},
		},
		"gcp:monitoring/notificationChannel:NotificationChannel": {
			id:      googleAlerts + "/notificationChannels/{displayName}",
			outputs: map[string]string{"name": googleAlerts + "/notificationChannels/{displayName}"},
		},
	},
}
