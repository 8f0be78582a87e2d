package source

// aws is checked against the schemas of version 5.100 of Terraform's provider
// (https://registry.terraform.io/providers/hashicorp/aws/latest/docs). The tags of the provider count as the resource's.
var aws = []row{
	{typ: "aws_cloudtrail", token: "aws:cloudtrail/trail:Trail", fields: `
		advanced_event_selector.field_selector.ends_with=endsWiths
		advanced_event_selector.field_selector.not_ends_with=notEndsWiths
		advanced_event_selector.field_selector.not_starts_with=notStartsWiths
		advanced_event_selector.field_selector.starts_with=startsWiths advanced_event_selector.field_selector=fieldSelectors
		advanced_event_selector=advancedEventSelectors event_selector.data_resource=dataResources event_selector=eventSelectors
		insight_selector=insightSelectors tags_all=tags`},
	{typ: "aws_cloudtrail_event_data_store", token: "aws:cloudtrail/eventDataStore:EventDataStore", fields: `
		advanced_event_selector.field_selector.ends_with=endsWiths
		advanced_event_selector.field_selector.not_ends_with=notEndsWiths
		advanced_event_selector.field_selector.not_starts_with=notStartsWiths
		advanced_event_selector.field_selector.starts_with=startsWiths advanced_event_selector.field_selector=fieldSelectors
		advanced_event_selector=advancedEventSelectors tags_all=tags`},
	{typ: "aws_cloudwatch_composite_alarm", token: "aws:cloudwatch/compositeAlarm:CompositeAlarm", fields: "actions_suppressor! tags_all=tags"},
	{typ: "aws_cloudwatch_contributor_insight_rule", token: "aws:cloudwatch/contributorInsightRule:ContributorInsightRule"},
	{typ: "aws_cloudwatch_event_api_destination", token: "aws:cloudwatch/eventApiDestination:EventApiDestination"},
	{typ: "aws_cloudwatch_event_bus_policy", token: "aws:cloudwatch/eventBusPolicy:EventBusPolicy"},
	{typ: "aws_cloudwatch_event_connection", token: "aws:cloudwatch/eventConnection:EventConnection", fields: `
		auth_parameters! auth_parameters.api_key! auth_parameters.basic! auth_parameters.invocation_http_parameters!
		auth_parameters.invocation_http_parameters.body=bodies auth_parameters.invocation_http_parameters.header=headers
		auth_parameters.invocation_http_parameters.query_string=queryStrings auth_parameters.oauth!
		auth_parameters.oauth.client_parameters! auth_parameters.oauth.oauth_http_parameters!
		auth_parameters.oauth.oauth_http_parameters.body=bodies auth_parameters.oauth.oauth_http_parameters.header=headers
		auth_parameters.oauth.oauth_http_parameters.query_string=queryStrings invocation_connectivity_parameters!
		invocation_connectivity_parameters.resource_parameters!`},
	{typ: "aws_cloudwatch_event_rule", token: "aws:cloudwatch/eventRule:EventRule", fields: "tags_all=tags"},
	{typ: "aws_cloudwatch_event_target", token: "aws:cloudwatch/eventTarget:EventTarget", fields: `
		appsync_target! batch_target! dead_letter_config! ecs_target!
		ecs_target.capacity_provider_strategy=capacityProviderStrategies ecs_target.network_configuration!
		ecs_target.ordered_placement_strategy=orderedPlacementStrategies ecs_target.placement_constraint=placementConstraints
		http_target! input_transformer! kinesis_target! redshift_target! retry_policy! sagemaker_pipeline_target!
		sagemaker_pipeline_target.pipeline_parameter_list=pipelineParameterLists sqs_target!`},
	{typ: "aws_cloudwatch_log_group", token: "aws:cloudwatch/logGroup:LogGroup", fields: "tags_all=tags"},
	{typ: "aws_cloudwatch_log_metric_filter", token: "aws:cloudwatch/logMetricFilter:LogMetricFilter", fields: "metric_transformation!"},
	{typ: "aws_cloudwatch_log_subscription_filter", token: "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", fields: "log_group_name=logGroup"},
	{typ: "aws_cloudwatch_metric_alarm", token: "aws:cloudwatch/metricAlarm:MetricAlarm", fields: "alarm_name=name metric_query.metric! metric_query=metricQueries tags_all=tags"},
	{typ: "aws_codebuild_project", token: "aws:codebuild/project:Project", fields: `
		artifacts! build_batch_config! build_batch_config.restrictions!
		build_batch_config.restrictions.compute_types_allowed=computeTypesAlloweds cache! environment!
		environment.environment_variable=environmentVariables environment.fleet! environment.registry_credential! logs_config!
		logs_config.cloudwatch_logs! logs_config.s3_logs! secondary_source_version=secondarySourceVersions
		secondary_sources.auth! secondary_sources.build_status_config! secondary_sources.git_submodules_config! source!
		source.auth! source.build_status_config! source.git_submodules_config! vpc_config! tags_all=tags`},
	{typ: "aws_ecs_task_definition", token: "aws:ecs/taskDefinition:TaskDefinition", fields: `
		ephemeral_storage! inference_accelerator=inferenceAccelerators proxy_configuration! runtime_platform!
		volume.docker_volume_configuration! volume.efs_volume_configuration!
		volume.efs_volume_configuration.authorization_config! volume.fsx_windows_file_server_volume_configuration!
		volume.fsx_windows_file_server_volume_configuration.authorization_config! volume=volumes tags_all=tags`},
	{typ: "aws_iam_access_key", token: "aws:iam/accessKey:AccessKey"},
	{typ: "aws_iam_group", token: "aws:iam/group:Group"},
	{typ: "aws_iam_group_policy", token: "aws:iam/groupPolicy:GroupPolicy"},
	{typ: "aws_iam_group_policy_attachment", token: "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"},
	{typ: "aws_iam_instance_profile", token: "aws:iam/instanceProfile:InstanceProfile", fields: "tags_all=tags"},
	{typ: "aws_iam_openid_connect_provider", token: "aws:iam/openIdConnectProvider:OpenIdConnectProvider", fields: "client_id_list=clientIdLists thumbprint_list=thumbprintLists tags_all=tags"},
	{typ: "aws_iam_policy", token: "aws:iam/policy:Policy", fields: "tags_all=tags"},
	{typ: "aws_iam_policy_attachment", token: "aws:iam/policyAttachment:PolicyAttachment"},
	{typ: "aws_iam_role", token: "aws:iam/role:Role", fields: "inline_policy=inlinePolicies tags_all=tags"},
	{typ: "aws_iam_role_policies_exclusive", token: "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive"},
	{typ: "aws_iam_role_policy", token: "aws:iam/rolePolicy:RolePolicy"},
	{typ: "aws_iam_role_policy_attachment", token: "aws:iam/rolePolicyAttachment:RolePolicyAttachment"},
	{typ: "aws_iam_role_policy_attachments_exclusive", token: "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"},
	{typ: "aws_iam_user", token: "aws:iam/user:User", fields: "tags_all=tags"},
	{typ: "aws_iam_user_group_membership", token: "aws:iam/userGroupMembership:UserGroupMembership"},
	{typ: "aws_iam_user_login_profile", token: "aws:iam/userLoginProfile:UserLoginProfile"},
	{typ: "aws_iam_user_policy", token: "aws:iam/userPolicy:UserPolicy"},
	{typ: "aws_iam_user_policy_attachment", token: "aws:iam/userPolicyAttachment:UserPolicyAttachment"},
	{typ: "aws_instance", token: "aws:ec2/instance:Instance", fields: `
		capacity_reservation_specification! capacity_reservation_specification.capacity_reservation_target! cpu_options!
		credit_specification! ebs_block_device=ebsBlockDevices enclave_options! ephemeral_block_device=ephemeralBlockDevices
		instance_market_options! instance_market_options.spot_options! launch_template! maintenance_options! metadata_options!
		network_interface=networkInterfaces private_dns_name_options! root_block_device! tags_all=tags`},
	{typ: "aws_kms_alias", token: "aws:kms/alias:Alias"},
	{typ: "aws_kms_external_key", token: "aws:kms/externalKey:ExternalKey", fields: "tags_all=tags"},
	{typ: "aws_kms_grant", token: "aws:kms/grant:Grant"},
	{typ: "aws_kms_key", token: "aws:kms/key:Key", fields: "tags_all=tags"},
	{typ: "aws_kms_key_policy", token: "aws:kms/keyPolicy:KeyPolicy"},
	{typ: "aws_kms_replica_external_key", token: "aws:kms/replicaExternalKey:ReplicaExternalKey", fields: "tags_all=tags"},
	{typ: "aws_kms_replica_key", token: "aws:kms/replicaKey:ReplicaKey", fields: "tags_all=tags"},
	{typ: "aws_lambda_alias", token: "aws:lambda/alias:Alias", fields: "routing_config!"},
	{typ: "aws_lambda_event_source_mapping", token: "aws:lambda/eventSourceMapping:EventSourceMapping", fields: `
		amazon_managed_kafka_event_source_config! destination_config! destination_config.on_failure!
		document_db_event_source_config! filter_criteria! filter_criteria.filter=filters metrics_config!
		provisioned_poller_config! queues! scaling_config! self_managed_event_source! self_managed_kafka_event_source_config!
		source_access_configuration=sourceAccessConfigurations tags_all=tags`},
	{typ: "aws_lambda_function", token: "aws:lambda/function:Function", fields: `
		function_name=name dead_letter_config! environment! ephemeral_storage! file_system_config! image_config!
		image_config.command=commands image_config.entry_point=entryPoints logging_config! snap_start! tracing_config!
		vpc_config! tags_all=tags`},
	{typ: "aws_lambda_function_event_invoke_config", token: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", fields: "destination_config! destination_config.on_failure! destination_config.on_success!"},
	{typ: "aws_lambda_function_url", token: "aws:lambda/functionUrl:FunctionUrl", fields: "cors!"},
	{typ: "aws_lambda_layer_version_permission", token: "aws:lambda/layerVersionPermission:LayerVersionPermission"},
	{typ: "aws_lambda_permission", token: "aws:lambda/permission:Permission", fields: "function_name=function"},
	{typ: "aws_launch_template", token: "aws:ec2/launchTemplate:LaunchTemplate", fields: `
		block_device_mappings.ebs! capacity_reservation_specification!
		capacity_reservation_specification.capacity_reservation_target! cpu_options! credit_specification!
		elastic_inference_accelerator! enclave_options! hibernation_options! iam_instance_profile! instance_market_options!
		instance_market_options.spot_options! instance_requirements! instance_requirements.accelerator_count!
		instance_requirements.accelerator_total_memory_mib! instance_requirements.baseline_ebs_bandwidth_mbps!
		instance_requirements.memory_gib_per_vcpu! instance_requirements.memory_mib!
		instance_requirements.network_bandwidth_gbps! instance_requirements.network_interface_count!
		instance_requirements.total_local_storage_gb! instance_requirements.vcpu_count!
		license_specification=licenseSpecifications maintenance_options! metadata_options! monitoring!
		network_interfaces.connection_tracking_specification! network_interfaces.ena_srd_specification!
		network_interfaces.ena_srd_specification.ena_srd_udp_specification! placement! private_dns_name_options! tags_all=tags`},
	{typ: "aws_secretsmanager_secret", token: "aws:secretsmanager/secret:Secret", fields: "replica=replicas tags_all=tags"},
	{typ: "aws_secretsmanager_secret_policy", token: "aws:secretsmanager/secretPolicy:SecretPolicy"},
	{typ: "aws_secretsmanager_secret_rotation", token: "aws:secretsmanager/secretRotation:SecretRotation", fields: "rotation_rules!"},
	{typ: "aws_secretsmanager_secret_version", token: "aws:secretsmanager/secretVersion:SecretVersion"},
	{typ: "aws_sns_topic", token: "aws:sns/topic:Topic", fields: "tags_all=tags"},
	{typ: "aws_sns_topic_policy", token: "aws:sns/topicPolicy:TopicPolicy"},
	{typ: "aws_sns_topic_subscription", token: "aws:sns/topicSubscription:TopicSubscription", fields: "topic_arn=topic"},
	{typ: "aws_sqs_queue", token: "aws:sqs/queue:Queue", fields: "tags_all=tags"},
	{typ: "aws_sqs_queue_policy", token: "aws:sqs/queuePolicy:QueuePolicy"},
	{typ: "aws_sqs_queue_redrive_policy", token: "aws:sqs/redrivePolicy:RedrivePolicy"},
	{typ: "aws_ssm_parameter", token: "aws:ssm/parameter:Parameter", fields: "tags_all=tags"},
}
