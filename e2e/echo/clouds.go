package echo

const (
	subscription = "/subscriptions/00000000-0000-0000-0000-000000000001"
	azureVault   = subscription + "/resourceGroups/{resourceGroupName}/providers/Microsoft.KeyVault/vaults/{vaultName}"
	vaultURI     = "https://{vaultName}.vault.azure.net/"
	googleSecret = "projects/{project}/secrets/{secretId}"
	googleAgent  = "service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
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
		"gcp:projects/service:Service": {id: "{project}/{service}"},
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
	},
}
