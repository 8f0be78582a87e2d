package iamdoc

import (
	"slices"
	"strings"
	"sync"
)

// unscoped has the actions for which a policy can name no resource, so that "Resource": "*" is right, by the prefix of
// their service: those without an entry in the column "Resource types" of the Service Authorization Reference,
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.
// All other actions of these services have a scope. Of services that are not here nothing is known.
var unscoped = map[string]string{
	"acm": `
		GetAccountConfiguration ListCertificates PutAccountConfiguration RequestCertificate SearchCertificates`,
	"apigateway": "",
	"appconfig": `
		CreateApplication CreateDeploymentStrategy CreateExtension CreateExtensionAssociation GetAccountSettings
		ListApplications ListDeploymentStrategies ListExtensionAssociations ListExtensions UpdateAccountSettings`,
	"cloudformation": `
		ActivateOrganizationsAccess ActivateType BatchDescribeTypeConfigurations CancelResourceRequest
		CreateGeneratedTemplate CreateResource CreateStackSet CreateUploadBucket DeactivateOrganizationsAccess
		DeactivateType DeleteGeneratedTemplate DeleteResource DeregisterType DescribeAccountLimits
		DescribeGeneratedTemplate DescribeOrganizationsAccess DescribePublisher DescribeResourceScan
		DescribeStackDriftDetectionStatus DescribeType DescribeTypeRegistration EstimateTemplateCost
		GetGeneratedTemplate GetHookResult GetResource GetResourceRequestStatus ListAllHookResults ListExports
		ListGeneratedTemplates ListImports ListResourceRequests ListResources ListResourceScan* ListStacks ListStackSets
		ListTypeRegistrations ListTypes ListTypeVersions PublishType RegisterPublisher RegisterType SetTypeConfiguration
		SetTypeDefaultVersion StartResourceScan TestType UpdateGeneratedTemplate UpdateResource ValidateTemplate`,
	"cloudtrail": `
		DeregisterOrganizationDelegatedAdmin DescribeTrails GetImport ListChannels ListDashboards ListEventDataStores
		ListImportFailures ListImports ListPublicKeys ListServiceLinkedChannels ListTrails LookupEvents
		RegisterOrganizationDelegatedAdmin SearchSampleQueries StartImport StopImport`,
	// An alarm can be named, metrics cannot; "cloudwatch:namespace" limits PutMetricData.
	"cloudwatch": `
		BatchGetServiceLevelIndicatorReport CreateServiceLevelObjective DeleteAnomalyDetector DescribeAlarmsForMetric
		DescribeAnomalyDetectors DescribeInsightRules EnableTopologyDiscovery GenerateQuery* GetMetricData
		GetMetricStatistics GetMetricWidgetImage GetTopology* Link ListDashboards ListEntitiesForMetric
		ListManagedInsightRules ListMetrics ListMetricStreams ListServiceLevelObjectives ListServices PutAnomalyDetector
		PutManagedInsightRules PutMetricData`,
	"dynamodb": `
		DescribeEndpoints DescribeLimits DescribeReservedCapacity* GetAbacStatus InjectError ListBackups
		ListContributorInsights ListGlobalTables ListStreams ListTables PurchaseReservedCapacityOfferings
		UpdateAbacStatus`,
	"ec2": `
		AdvertiseByoipCidr AssociateIpamByoasn AssociateTrunkInterface BundleInstance CancelBundleTask
		CancelConversionTask CancelReservedInstancesListing ConfirmProductInstance CreateDefaultSubnet CreateDefaultVpc
		CreateReservedInstancesListing CreateSpotDatafeedSubscription DeleteSpotDatafeedSubscription
		DeleteSubnetCidrReservation DeprovisionByoipCidr DeregisterInstanceEventNotificationAttributes Describe*
		DisableAllowedImagesSettings DisableAwsNetworkPerformanceMetricSubscription DisableCapacityManager
		DisableEbsEncryptionByDefault DisableImageBlockPublicAccess DisableIpamOrganizationAdminAccount
		DisableSerialConsoleAccess DisableSnapshotBlockPublicAccess DisassociateIpamByoasn DisassociateTrunkInterface
		EnableAllowedImagesSettings EnableAwsNetworkPerformanceMetricSubscription EnableCapacityManager
		EnableEbsEncryptionByDefault EnableImageBlockPublicAccess EnableIpamOrganizationAdminAccount
		EnableReachabilityAnalyzerOrganizationSharing EnableSerialConsoleAccess EnableSnapshotBlockPublicAccess
		ExportTransitGatewayRoutes GetAllowedImagesSettings GetAwsNetworkPerformanceData GetCapacityManagerAttributes
		GetCapacityManagerMetricData GetCapacityManagerMetricDimensions GetDefaultCreditSpecification
		GetEbsDefaultKmsKeyId GetEbsEncryptionByDefault GetEnabledIpamPolicy GetHostReservationPurchasePreview
		GetImageBlockPublicAccessState GetInstanceMetadataDefaults GetInstanceTypesFromInstanceRequirements
		GetSerialConsoleAccessStatus GetSnapshotBlockPublicAccessState GetSpotPlacementScores GetSubnetCidrReservations
		GetTransitGatewayAttachmentPropagations GetTransitGatewayPrefixListReferences
		GetTransitGatewayRouteTableAssociations GetTransitGatewayRouteTablePropagations GetVpnConnectionDeviceTypes
		InjectApiError List* ModifyAvailabilityZoneGroup ModifyDefaultCreditSpecification ModifyEbsDefaultKmsKeyId
		ModifyIdentityIdFormat ModifyIdFormat ModifyInstanceMetadataDefaults ModifyVpcBlockPublicAccessOptions
		MoveAddressToVpc ProvisionByoipCidr PurchaseReservedInstancesOffering PurchaseScheduledInstances
		RegisterInstanceEventNotificationAttributes ReplaceImageCriteriaInAllowedImagesSettings ResetEbsDefaultKmsKeyId
		RestoreAddressToClassic RunScheduledInstances StartDeclarativePoliciesReport
		UpdateCapacityManagerOrganizationsAccess WithdrawByoipCidr`,
	"ec2messages": "*",
	"ecr": `
		CreatePullThroughCacheRule CreateRepositoryCreationTemplate DeletePullThroughCacheRule DeleteRegistryPolicy
		DeleteRepositoryCreationTemplate DeleteSigningConfiguration DeregisterPullTimeUpdateExclusion
		DescribePullThroughCacheRules DescribeRegistry DescribeRepositoryCreationTemplates GetAccountSetting
		GetAuthorizationToken GetRegistryPolicy GetRegistryScanningConfiguration GetSigningConfiguration
		ListPullTimeUpdateExclusions PutAccountSetting PutRegistryPolicy PutRegistryScanningConfiguration
		PutReplicationConfiguration PutSigningConfiguration RegisterPullTimeUpdateExclusion UpdatePullThroughCacheRule
		UpdateRepositoryCreationTemplate ValidatePullThroughCacheRule`,
	"ecs": `
		DeleteAccountSetting DeregisterTaskDefinition DescribeTaskDefinition DiscoverPollEndpoint ListAccountSettings
		ListClusters ListDaemons ListDaemonTaskDefinitions ListServices ListServicesByNamespace
		ListTaskDefinitionFamilies ListTaskDefinitions PutAccountSetting PutAccountSettingDefault`,
	"eks": `
		CreateCluster CreateEksAnywhereSubscription DescribeAddonConfiguration DescribeAddonVersions
		DescribeClusterVersions ListAccessPolicies ListClusters ListEksAnywhereSubscriptions RegisterCluster`,
	"elasticache": `
		DescribeCacheEngineVersions DescribeEngineDefaultParameters DescribeEvents DescribeReservedCacheNodesOfferings
		DescribeServiceUpdates`,
	"events": `
		ListApiDestinations ListArchives ListConnections ListEndpoints ListEventBuses ListEventSources
		ListPartnerEventSources ListReplays ListRuleNamesByTarget ListRules PutPartnerEvents PutPermission
		RemovePermission TestEventPattern`,
	"execute-api": "",
	"firehose":    "ListDeliveryStreams",
	"iam": `
		CreateAccountAlias DeleteAccountAlias DeleteAccountPasswordPolicy DeleteCloudFrontPublicKey
		DisableOrganizationsRoot* DisableOutboundWebIdentityFederation EnableOrganizationsRoot*
		EnableOutboundWebIdentityFederation GenerateCredentialReport GetAccountAuthorizationDetails
		GetAccountEmailAddress GetAccountName GetAccountPasswordPolicy GetAccountProperties GetAccountSummary
		GetCloudFrontPublicKey GetContextKeysForCustomPolicy GetCredentialReport GetOrganizationsAccessReport
		GetOutboundWebIdentityFederationInfo GetServiceLastAccessedDetails* ListAccountAliases ListCloudFrontPublicKeys
		ListDelegationRequests ListGroups ListInstanceProfiles ListOpenIDConnectProviders ListOrganizationsFeatures
		ListPolicies ListRoles ListSAMLProviders ListServerCertificates ListSTSRegionalEndpointsStatus ListUsers
		ListVirtualMFADevices PutAccountProperties SetSecurityTokenServicePreferences SetSTSRegionalEndpointStatus
		SimulateCustomPolicy UpdateAccountEmailAddress UpdateAccountName UpdateAccountPasswordPolicy
		UpdateCloudFrontPublicKey UploadCloudFrontPublicKey`,
	"kinesis": `
		DescribeAccountSettings DescribeLimits DisableEnhancedMonitoring EnableEnhancedMonitoring ListStreams
		UpdateAccountSettings UpdateShardCount UpdateStreamMode`,
	"kms": `
		ConnectCustomKeyStore CreateCustomKeyStore CreateKey DeleteCustomKeyStore DescribeCustomKeyStores
		DisconnectCustomKeyStore GenerateRandom ListAliases ListKeys ListRetirableGrants UpdateCustomKeyStore`,
	"lambda": `
		CreateCodeSigningConfig CreateEventSourceMapping GetAccountSettings ListCapacityProviders ListCodeSigningConfigs
		ListEventSourceMappings ListFunctions ListLayers ListLayerVersions`,
	"logs": `
		AssociateSourceToS3TableIntegration CallWithBearerToken CancelExportTask CancelImportTask CreateImportTask
		CreateLogDelivery DeleteAccountPolicy DeleteIndexPolicy DeleteIntegration DeleteLogDelivery DeletePipelineRule
		DeleteQueryDefinition DeleteResourcePolicy DescribeAccountPolicies DescribeConfigurationTemplates
		DescribeDeliveries DescribeDeliveryDestinations DescribeDeliverySources DescribeDestinations DescribeExportTasks
		DescribeFieldIndexes DescribeImportTask* DescribeIndexPolicies DescribeLogGroups DescribeLookupTables
		DescribeQueries DescribeQueryDefinitions DescribeResourcePolicies DisassociateSourceFromS3TableIntegration
		GetIntegration GetLogDelivery GetLogFields Link ListAggregateLogGroupSummaries ListEntitiesForLogGroup
		ListIntegrations ListLogDeliveries ListLogGroups ListLogGroupsForEntity ListLogGroupsForQuery
		ListScheduledQueries ListSourcesForS3TableIntegration PutAccountPolicy PutIndexPolicy PutIntegration
		PutPipelineRule PutQueryDefinition PutResourcePolicy StopLiveTail StopQuery TestMetricFilter TestTransformer
		UpdateLogDelivery`,
	"rds": `
		CancelExportTask CreateDBProxy DescribeAccountAttributes DescribeCertificates DescribeDBEngineVersions
		DescribeDBMajorEngineVersions DescribeDBRecommendations DescribeEngineDefault*Parameters DescribeEventCategories
		DescribeEvents DescribeOptionGroupOptions DescribeOrderableDBInstanceOptions DescribeRecommendationGroups
		DescribeRecommendations DescribeReservedDBInstancesOfferings DescribeSourceRegions ModifyCertificates
		ModifyDBRecommendation ModifyRecommendation`,
	"rds-data": "",
	"rds-db":   "",
	"s3": `
		CreateJob CreateStorageLensGroup GetAccessPoint GetAccountPublicAccessBlock ListAccessGrantsInstances
		ListAccessPoints* ListAllMyBuckets ListJobs ListMultiRegionAccessPoints ListStorageLens*
		PutAccessPointPublicAccessBlock PutAccountPublicAccessBlock PutStorageLensConfiguration`,
	"scheduler":      "ListScheduleGroups ListSchedules ListSchedulesByTarget",
	"secretsmanager": "BatchGetSecretValue GetRandomPassword ListSecrets",
	"sns": `
		CheckIfPhoneNumberIsOptedOut CreatePlatformApplication CreatePlatformEndpoint CreateSMSSandboxPhoneNumber
		DeleteEndpoint DeletePlatformApplication DeleteSMSSandboxPhoneNumber GetEndpointAttributes
		GetPlatformApplicationAttributes GetSMS* ListEndpointsByPlatformApplication ListOriginationNumbers
		ListPhoneNumbersOptedOut ListPlatformApplications ListSMSSandboxPhoneNumbers ListSubscriptions ListTopics
		OptInPhoneNumber SetEndpointAttributes SetPlatformApplicationAttributes SetSMSAttributes
		VerifySMSSandboxPhoneNumber`,
	"sqs": "ListQueues",
	"ssm": `
		CancelCommand CreateActivation CreateMaintenanceWindow CreateOpsItem CreateOpsMetadata CreatePatchBaseline
		DeleteActivation DeleteInventory DescribeActivations DescribeAutomationExecutions DescribeAvailablePatches
		DescribeInstanceInformation DescribeInstancePatchStatesForPatchGroup DescribeInstanceProperties
		DescribeInventoryDeletions DescribeMaintenanceWindowExecutionTask* DescribeMaintenanceWindows
		DescribeMaintenanceWindowSchedule DescribeMaintenanceWindowsForTarget DescribeOpsItems DescribeParameters
		DescribePatchBaselines DescribePatchGroups DescribePatchGroupState DescribePatchProperties DescribeSessions
		ExecuteAPI GetCommandInvocation GetDeployablePatchSnapshotForInstance GetExecutionPreview GetInventory
		GetInventorySchema GetMaintenanceWindowExecution* GetManifest GetPatchBaselineForPatchGroup ListAssociations
		ListCommandInvocations ListCommands ListCompliance* ListDocuments ListInventoryEntries ListOpsItemEvents
		ListOpsItemRelatedItems ListOpsMetadata ListResourceComplianceSummaries ListResourceDataSync
		PutConfigurePackageResult PutInventory RegisterManagedInstance StartExecutionPreview`,
	"ssmmessages": "*",
	"states": `
		InvokeHTTPEndpoint ListActivities ListStateMachines RevealSecrets SendTask* TestState
		ValidateStateMachineDefinition`,
	"sts": `
		DecodeAuthorizationMessage GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetServiceBearerToken
		GetSessionToken GetWebIdentityToken TagGetWebIdentityToken`,
	"tag": "*",
	"xray": `
		BatchGet* CancelTraceRetrieval DeleteResourcePolicy GetDistinctTraceGraphs GetEncryptionConfig GetGroups
		GetIndexingRules GetInsight* GetRetrievedTracesGraph GetSampling* GetServiceGraph GetTimeSeriesServiceStatistics
		GetTrace* Link ListResourcePolicies ListRetrievedTraces Put* StartTraceRetrieval UpdateIndexingRule
		UpdateTraceSegmentDestination`,
}

// entries are the patterns of unscoped.
var entries = sync.OnceValue(func() map[string][]string {
	split := map[string][]string{}
	for service, list := range unscoped {
		split[service] = strings.Fields(list)
	}
	return split
})

// HasScope tells whether a policy can name the resources of an action, or of an action that the pattern covers. It is
// unknown of services that are not among those that the rules are about.
func HasScope(pattern string) Answer {
	service, name, ok := strings.Cut(pattern, ":")
	if !ok || strings.ContainsAny(service, "*?") {
		return Yes
	}
	list, known := entries()[strings.ToLower(service)]
	if !known {
		return Unknown
	}
	return answer(!slices.ContainsFunc(list, func(entry string) bool { return MatchAction(entry, name) }))
}

// Level is what an action can do, as the Service Authorization Reference tells access levels apart, but for
// what is Read and List there, which is Reads here, and for what makes a credential, which is Write there and Permits here.
type Level int

// The levels.
const (
	Reads   Level = iota + 1
	Writes        // changes something, or uses it
	Permits       // changes who may do what
)

// reads are the words by which the names of actions begin that change nothing.
var reads = []string{
	"BatchCheck", "BatchDescribe", "BatchGet", "Check", "Count", "Describe", "Detect", "Discover", "Download", "Estimate", "Filter",
	"Find", "Get", "Head", "Is", "List", "Lookup", "Preview", "Query", "Read", "Receive", "Scan", "Search", "Select", "Simulate",
	"Test", "Validate", "Verify", "View",
}

// levels are those of actions whose name does not tell.
var levels = map[Level][]string{
	Reads: {
		"cloudwatch:GenerateQuery*", "dynamodb:ConditionCheckItem", "dynamodb:PartiQLSelect", "iam:GenerateCredentialReport",
		"cloudtrail:GenerateQuery*", "iam:GenerateOrganizationsAccessReport", "iam:GenerateServiceLastAccessedDetails", "kms:GenerateRandom", "logs:StartLiveTail",
		"logs:StartQuery", "logs:StopLiveTail", "logs:StopQuery", "logs:Unmask", "sts:DecodeAuthorizationMessage",
	},
	Writes: {
		"lambda:CheckpointDurableExecution", "sts:GetDelegatedAccessToken", "sts:GetWebIdentityToken", "sns:VerifySMSSandboxPhoneNumber", "states:GetActivityTask", "states:TestState",
	},
	Permits: {
		"*:DeleteResourcePolicy", "*:PutResourcePolicy", "ec2:*Permission", "ecr:DeleteRe*Policy", "ecr:PutRegistryPolicy",
		"ecr:SetRepositoryPolicy", "events:PutPermission", "events:RemovePermission", "iam:AddUserToGroup",
		"iam:Attach*", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreatePolicy", "iam:CreatePolicyVersion",
		"iam:CreateServiceSpecificCredential", "iam:DeleteGroupPolicy", "iam:DeletePolicy", "iam:DeletePolicyVersion",
		"iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:DeleteUserPermissionsBoundary", "iam:DeleteUserPolicy",
		"iam:Detach*", "iam:PassRole", "iam:PutGroupPolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
		"iam:PutUserPermissionsBoundary", "iam:PutUserPolicy", "iam:ResetServiceSpecificCredential", "iam:SetDefaultPolicyVersion",
		"iam:UpdateAccessKey", "iam:UpdateAssumeRolePolicy", "iam:UpdateLoginProfile", "kms:CreateGrant", "kms:PutKeyPolicy",
		"kms:RetireGrant", "kms:RevokeGrant", "lambda:AddLayerVersionPermission", "lambda:AddPermission", "lambda:RemoveLayerVersionPermission", "lambda:RemovePermission", "s3:BypassGovernanceRetention", "s3:DeleteAccessPointPolicy*", "s3:DeleteBucketPolicy",
		"s3:ObjectOwnerOverrideToBucketOwner", "s3:Put*AccessBlock", "s3:PutAccessPointPolicy*", "s3:PutBucketAcl",
		"s3:PutBucketOwnershipControls", "s3:PutBucketPolicy", "s3:PutMultiRegionAccessPointPolicy", "s3:PutObjectAcl",
		"s3:PutObjectVersionAcl", "sns:AddPermission",
		"sns:RemovePermission", "sqs:AddPermission", "sqs:RemovePermission", "ssm:ModifyDocumentPermission",
	},
}

// LevelOf gives the highest level that a pattern of actions covers as far as its name tells: "kms:Put*" covers
// kms:PutKeyPolicy.
func LevelOf(pattern string) Level {
	service, name, _ := strings.Cut(pattern, ":")
	fits := func(known string) bool {
		if action, any := strings.CutPrefix(known, "*:"); any {
			known = service + ":" + action
		}
		return MatchAction(known, pattern) || strings.ContainsAny(pattern, "*?") && MatchAction(pattern, known)
	}
	verb := func(v string) bool { return len(name) >= len(v) && strings.EqualFold(name[:len(v)], v) }
	switch {
	case slices.ContainsFunc(levels[Permits], fits):
		return Permits
	case slices.ContainsFunc(levels[Writes], fits):
		return Writes
	case slices.ContainsFunc(reads, verb), slices.ContainsFunc(levels[Reads], func(known string) bool { return MatchAction(known, pattern) }):
		return Reads
	}
	return Writes
}

// Boundless tells whether a pattern of resources covers all, or all of a kind in any account: "*",
// "arn:aws:secretsmanager:*:*:secret:*". A bucket's "arn:aws:s3:::uploads/*" does not, though S3's ARNs have no account.
func Boundless(resource string) bool {
	arn := strings.SplitN(resource, ":", 6)
	if len(arn) < 6 {
		return strings.HasSuffix(resource, "*")
	}
	kind := strings.TrimRight(arn[5], "*?:/")
	wild := arn[5][len(kind):]
	switch {
	case isAccount(arn[4]) || !strings.Contains(wild, "*"):
		return false
	case kind == "":
		return true
	}
	return strings.ContainsAny(arn[4], "*?") && strings.ContainsAny(wild[:1], ":/") && !strings.ContainsAny(kind, "*?:/")
}

// AllOf tells whether a pattern of resources covers all of a kind, if only in one account and region:
// AllOf("arn:aws:kms:eu-west-1:111122223333:key/*", "kms", "key/").
func AllOf(resource, service, kind string) bool {
	name := "\x00" // none has it
	if service == "secretsmanager" {
		name += "-AbCdEf" // the suffix that Secrets Manager adds
	}
	arn := []string{"arn", "aws", service, "eu-west-1", "111122223333"}
	for i, part := range strings.SplitN(resource, ":", 6) {
		if i < len(arn) && i != 2 && !strings.ContainsAny(part, "*?") { // its own partition, region and account
			arn[i] = part
		}
	}
	return MatchResource(resource, strings.Join(arn, ":")+":"+kind+name)
}
