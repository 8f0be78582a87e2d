package source

import (
	"cmp"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// azure is checked against the documentation of version 4.79 of Terraform's provider
// (https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs), and has names of versions 3 and 5 that differ.
// Pulumi's provider for Azure is not made from it: it has the names of Azure's own interface.
var azure = []row{
	{typ: "azuread_application_federated_identity_credential", token: "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential"},
	{typ: "azuread_application_flexible_federated_identity_credential", token: "azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential"},
	{typ: "azurerm_container_app", token: "azure-native:app:ContainerApp", fields: containers + `
		name=containerAppName container_app_environment_id=managedEnvironmentId revision_mode=configuration.activeRevisionsMode
		ingress=configuration.ingress! ingress.allow_insecure_connections=allowInsecure ingress.external_enabled=external
		ingress.ip_security_restriction=ipSecurityRestrictions ingress.traffic_weight=traffic`},
	{typ: "azurerm_container_app_job", token: "azure-native:app:Job", fields: containers + `
		name=jobName container_app_environment_id=environmentId replica_timeout_in_seconds=configuration.replicaTimeout
		replica_retry_limit=configuration.replicaRetryLimit
		schedule_trigger_config=configuration.scheduleTriggerConfig! manual_trigger_config=configuration.manualTriggerConfig!`},
	{typ: "azurerm_federated_identity_credential", token: "azure-native:managedidentity:FederatedIdentityCredential", fields: `
		name=federatedIdentityCredentialResourceName audience=audiences
		parent_id=resourceName|last user_assigned_identity_id=resourceName|last`},
	{typ: "azurerm_function_app_flex_consumption", token: "azure-native:web:WebApp", fields: functions, shape: kinds("functionapp,linux"), beside: settings},
	{typ: "azurerm_key_vault", token: "azure-native:keyvault:Vault", fields: `
		name=vaultName tenant_id=properties.tenantId sku_name=properties.sku.name
		enable_rbac_authorization=properties.enableRbacAuthorization rbac_authorization_enabled=properties.enableRbacAuthorization
		enabled_for_deployment=properties.enabledForDeployment enabled_for_disk_encryption=properties.enabledForDiskEncryption
		enabled_for_template_deployment=properties.enabledForTemplateDeployment
		purge_protection_enabled=properties.enablePurgeProtection soft_delete_retention_days=properties.softDeleteRetentionInDays
		public_network_access_enabled=properties.publicNetworkAccess|enabled
		network_acls=properties.networkAcls! network_acls.ip_rules|each:value
		network_acls.virtual_network_subnet_ids=virtualNetworkRules|each:id
		access_policy=properties.accessPolicies access_policy.certificate_permissions=permissions.certificates
		access_policy.key_permissions=permissions.keys access_policy.secret_permissions=permissions.secrets
		access_policy.storage_permissions=permissions.storage`},
	{typ: "azurerm_key_vault_access_policy", token: "azure-native:keyvault:AccessPolicy", fields: `
		key_vault_id=vaultName|last application_id=policy.applicationId object_id=policy.objectId tenant_id=policy.tenantId
		certificate_permissions=policy.permissions.certificates key_permissions=policy.permissions.keys
		secret_permissions=policy.permissions.secrets storage_permissions=policy.permissions.storage`},
	{typ: "azurerm_key_vault_key", token: "azure-native:keyvault:Key", fields: `
		name=keyName key_vault_id=vaultName|last key_type=properties.kty key_size=properties.keySize curve=properties.curveName
		key_opts=properties.keyOps expiration_date=properties.attributes.expires|unix
		not_before_date=properties.attributes.notBefore|unix rotation_policy=properties.rotationPolicy!|rotation rotation_policy.automatic!`},
	{typ: "azurerm_key_vault_secret", token: "azure-native:keyvault:Secret", fields: `
		name=secretName key_vault_id=vaultName|last value=properties.value content_type=properties.contentType
		expiration_date=properties.attributes.expires|unix not_before_date=properties.attributes.notBefore|unix`},
	{typ: "azurerm_linux_function_app", token: "azure-native:web:WebApp", fields: functions, shape: kinds("functionapp,linux"), beside: settings},
	{typ: "azurerm_linux_function_app_slot", token: "azure-native:web:WebAppSlot", fields: functions + slot, shape: kinds("functionapp,linux")},
	{typ: "azurerm_monitor_diagnostic_setting", token: "azure-native:insights:DiagnosticSetting", fields: `
		target_resource_id=resourceUri log_analytics_workspace_id=workspaceId eventhub_name=eventHubName
		eventhub_authorization_rule_id=eventHubAuthorizationRuleId partner_solution_id=marketplacePartnerId
		log=logs log.retention_policy! enabled_log=logs|on enabled_log.retention_policy!
		metric=metrics metric.retention_policy! enabled_metric=metrics|on`},
	{typ: "azurerm_private_endpoint", token: "azure-native:network:PrivateEndpoint", fields: `
		name=privateEndpointName subnet_id=subnet.id private_service_connection=privateLinkServiceConnections
		private_service_connection.private_connection_resource_id=privateLinkServiceId
		private_service_connection.subresource_names=groupIds`},
	{typ: "azurerm_resource_group", token: "azure-native:resources:ResourceGroup", fields: "name=resourceGroupName"},
	{typ: "azurerm_role_assignment", token: "azure-native:authorization:RoleAssignment", fields: `
		name=roleAssignmentName role_definition_id=roleDefinitionId role_definition_name=roleDefinitionId`, shape: roleByName},
	{typ: "azurerm_role_definition", token: "azure-native:authorization:RoleDefinition", fields: "name=roleName"},
	{typ: "azurerm_security_center_subscription_pricing", token: "azure-native:security:Pricing", fields: `
		resource_type=pricingName tier=pricingTier subplan=subPlan extension=extensions`},
	{typ: "azurerm_storage_account", token: "azure-native:storage:StorageAccount", fields: `
		name=accountName account_kind=kind enable_https_traffic_only=enableHttpsTrafficOnly
		https_traffic_only_enabled=enableHttpsTrafficOnly min_tls_version=minimumTlsVersion
		allow_nested_items_to_be_public=allowBlobPublicAccess shared_access_key_enabled=allowSharedKeyAccess
		public_network_access_enabled=publicNetworkAccess|enabled local_user_enabled=isLocalUserEnabled sftp_enabled=isSftpEnabled
		cross_tenant_replication_enabled=allowCrossTenantReplication default_to_oauth_authentication=defaultToOAuthAuthentication
		infrastructure_encryption_enabled=encryption.requireInfrastructureEncryption identity! identity.identity_ids=userAssignedIdentities
		customer_managed_key=encryption! customer_managed_key.key_vault_key_id=keyVaultProperties.keyVaultUri
		customer_managed_key.user_assigned_identity_id=encryptionIdentity.encryptionUserAssignedIdentity
		customer_managed_key.key_source=keySource
		sas_policy! sas_policy.expiration_period=sasExpirationPeriod
		network_rules=networkRuleSet! network_rules.bypass|joined network_rules.ip_rules|each:iPAddressOrRange
		network_rules.virtual_network_subnet_ids=virtualNetworkRules|each:virtualNetworkResourceId
		network_rules.private_link_access=resourceAccessRules network_rules.private_link_access.endpoint_resource_id=resourceId
		network_rules.private_link_access.endpoint_tenant_id=tenantId`, shape: keySource},
	{typ: "azurerm_storage_account_customer_managed_key", token: "azure-native:storage:StorageAccount", partOf: "storage_account_id", fields: `
		storage_account_id=accountName|last key_source=encryption.keySource key_vault_key_id=encryption.keyVaultProperties.keyVaultUri
		key_vault_id=encryption.keyVaultProperties.keyVaultUri key_name=encryption.keyVaultProperties.keyName
		key_version=encryption.keyVaultProperties.keyVersion
		user_assigned_identity_id=encryption.encryptionIdentity.encryptionUserAssignedIdentity`, shape: vaultKeySource},
	{typ: "azurerm_storage_account_network_rules", token: "azure-native:storage:StorageAccount", partOf: "storage_account_id", fields: `
		storage_account_id=accountName|last default_action=networkRuleSet.defaultAction bypass=networkRuleSet.bypass|joined
		ip_rules=networkRuleSet.ipRules|each:iPAddressOrRange
		virtual_network_subnet_ids=networkRuleSet.virtualNetworkRules|each:virtualNetworkResourceId
		private_link_access=networkRuleSet.resourceAccessRules private_link_access.endpoint_resource_id=resourceId
		private_link_access.endpoint_tenant_id=tenantId`},
	{typ: "azurerm_storage_container", token: "azure-native:storage:BlobContainer", fields: `
		name=containerName storage_account_name=accountName storage_account_id=accountName|last
		container_access_type=publicAccess|access`},
	{typ: "azurerm_user_assigned_identity", token: "azure-native:managedidentity:UserAssignedIdentity", fields: "name=resourceName"},
	{typ: "azurerm_windows_function_app", token: "azure-native:web:WebApp", fields: functions, shape: kinds("functionapp"), beside: settings},
	{typ: "azurerm_windows_function_app_slot", token: "azure-native:web:WebAppSlot", fields: functions + slot, shape: kinds("functionapp")},
}

// containers are the fields that container apps and their jobs share.
const containers = `
	identity! identity.identity_ids=userAssignedIdentities secret=configuration.secrets secret.key_vault_secret_id=keyVaultUrl
	registry=configuration.registries registry.password_secret_name=passwordSecretRef
	template! template.container=containers template.container.env.secret_name=secretRef
	template.init_container=initContainers template.init_container.env.secret_name=secretRef template.volume=volumes`

// functions are the fields that the kinds of function apps share.
const functions = `
	https_only service_plan_id=serverFarmId public_network_access_enabled=publicNetworkAccess|enabled
	client_certificate_enabled=clientCertEnabled key_vault_reference_identity_id=keyVaultReferenceIdentity
	identity! identity.identity_ids=userAssignedIdentities app_settings=siteConfig.appSettings|pairs
	connection_string=siteConfig.connectionStrings connection_string.value=connectionString
	site_config=siteConfig! site_config.minimum_tls_version=minTlsVersion site_config.scm_minimum_tls_version=scmMinTlsVersion
	site_config.ip_restriction=ipSecurityRestrictions site_config.scm_ip_restriction=scmIpSecurityRestrictions
	site_config.ip_restriction_default_action=ipSecurityRestrictionsDefaultAction
	site_config.scm_ip_restriction_default_action=scmIpSecurityRestrictionsDefaultAction`

const slot = " name=slot function_app_id=name|last"

// settings are blocks of a function app that are resources of their own for Azure.
var settings = []row{
	{typ: "auth_settings", token: "azure-native:web:WebAppAuthSettings"},
	{typ: "auth_settings_v2", token: "azure-native:web:WebAppAuthSettingsV2", fields: `
		auth_enabled=platform.enabled require_authentication=globalValidation.requireAuthentication
		unauthenticated_action=globalValidation.unauthenticatedClientAction excluded_paths=globalValidation.excludedPaths
		require_https=httpSettings.requireHttps`},
}

// kinds says which kind of web app it is.
func kinds(kind string) func(attributes) {
	return func(a attributes) { a["kind"] = property.New(kind) }
}

// keySource says where the key of a storage account is.
func keySource(a attributes) {
	keys := a["customer_managed_key"]
	if !blocks(keys) || !keys.AsArray().Get(0).IsMap() {
		return
	}
	key := attributes(keys.AsArray().Get(0).AsMap().AsMap())
	vaultKeySource(key)
	a["customer_managed_key"] = property.New([]property.Value{property.New(map[string]property.Value(key))})
}

func vaultKeySource(a attributes) { a["key_source"] = property.New("Microsoft.Keyvault") }

// roleByName gives a role by its id. Terraform asks Azure for the id of a name when the plan is applied.
func roleByName(a attributes) {
	name := a["role_definition_name"]
	delete(a, "role_definition_name")
	if id := a["role_definition_id"]; !id.IsString() && name.IsString() {
		role := cmp.Or(builtinRoles[name.AsString()], name.AsString())
		a["role_definition_id"] = property.New("/providers/Microsoft.Authorization/roleDefinitions/" + role)
	} else if id.IsNull() && name.IsComputed() {
		a["role_definition_id"] = name
	}
}

// builtinRoles are those that rules know by their ids. Another is named by its name in place of the id.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var builtinRoles = map[string]string{
	"Owner":                     "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
	"Contributor":               "b24988ac-6180-42a0-ab88-20f7382dd24c",
	"User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
	"Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
	"Reader":                                   "acdd72a7-3385-48ef-bd42-f606fba81ae7",
	"Key Vault Administrator":                  "00482a5a-887f-4fb3-b363-3b7fe8e74483",
	"Key Vault Certificate User":               "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
	"Key Vault Certificates Officer":           "a4417e6f-fecd-4de8-b567-7b0420556985",
	"Key Vault Crypto Officer":                 "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
	"Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
	"Key Vault Crypto User":                    "12338af0-0e69-4776-bea7-57ae8d297424",
	"Key Vault Reader":                         "21090545-7ca7-4776-b22c-e363652d74d2",
	"Key Vault Secrets Officer":                "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
	"Key Vault Secrets User":                   "4633458b-17de-408a-b874-0445c86b69e6",
}
