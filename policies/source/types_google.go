package source

// google is checked against the schemas in the source of version 6.50 of Terraform's provider
// (https://registry.terraform.io/providers/hashicorp/google/latest/docs). The labels of the provider count as the resource's.
var google = []row{
	{typ: "google_cloud_run_service", token: "gcp:cloudrun/service:Service", fields: `
		metadata! template! template.metadata! template.spec! template.spec.containers.command=commands
		template.spec.containers.env.value_from! template.spec.containers.env.value_from.secret_key_ref!
		template.spec.containers.env=envs template.spec.containers.env_from.config_map_ref!
		template.spec.containers.env_from.config_map_ref.local_object_reference! template.spec.containers.env_from.secret_ref!
		template.spec.containers.env_from.secret_ref.local_object_reference! template.spec.containers.env_from=envFroms
		template.spec.containers.liveness_probe! template.spec.containers.liveness_probe.grpc!
		template.spec.containers.liveness_probe.http_get! template.spec.containers.resources!
		template.spec.containers.startup_probe! template.spec.containers.startup_probe.grpc!
		template.spec.containers.startup_probe.http_get! template.spec.containers.startup_probe.tcp_socket!
		template.spec.volumes.csi! template.spec.volumes.empty_dir! template.spec.volumes.nfs! template.spec.volumes.secret!
		traffic=traffics`},
	{typ: "google_cloud_run_service_iam_binding", token: "gcp:cloudrun/iamBinding:IamBinding", fields: "condition!"},
	{typ: "google_cloud_run_service_iam_member", token: "gcp:cloudrun/iamMember:IamMember", fields: "condition!"},
	{typ: "google_cloud_run_service_iam_policy", token: "gcp:cloudrun/iamPolicy:IamPolicy"},
	{typ: "google_cloud_run_v2_job", token: "gcp:cloudrunv2/job:Job", fields: `
		binary_authorization! template! template.template! template.template.containers.command=commands
		template.template.containers.env.value_source! template.template.containers.env.value_source.secret_key_ref!
		template.template.containers.env=envs template.template.containers.resources!
		template.template.volumes.cloud_sql_instance! template.template.volumes.empty_dir! template.template.volumes.gcs!
		template.template.volumes.nfs! template.template.volumes.secret! template.template.vpc_access! terraform_labels=labels`},
	{typ: "google_cloud_run_v2_job_iam_binding", token: "gcp:cloudrunv2/jobIamBinding:JobIamBinding", fields: "condition!"},
	{typ: "google_cloud_run_v2_job_iam_member", token: "gcp:cloudrunv2/jobIamMember:JobIamMember", fields: "condition!"},
	{typ: "google_cloud_run_v2_job_iam_policy", token: "gcp:cloudrunv2/jobIamPolicy:JobIamPolicy"},
	{typ: "google_cloud_run_v2_service", token: "gcp:cloudrunv2/service:Service", fields: `
		binary_authorization! scaling! template! template.containers.command=commands template.containers.depends_on=dependsOns
		template.containers.env.value_source! template.containers.env.value_source.secret_key_ref! template.containers.env=envs
		template.containers.liveness_probe! template.containers.liveness_probe.grpc!
		template.containers.liveness_probe.http_get! template.containers.liveness_probe.tcp_socket!
		template.containers.resources! template.containers.startup_probe! template.containers.startup_probe.grpc!
		template.containers.startup_probe.http_get! template.containers.startup_probe.tcp_socket! template.scaling!
		template.volumes.cloud_sql_instance! template.volumes.empty_dir! template.volumes.gcs! template.volumes.nfs!
		template.volumes.secret! template.vpc_access! traffic=traffics terraform_labels=labels`},
	{typ: "google_cloud_run_v2_service_iam_binding", token: "gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding", fields: "condition!"},
	{typ: "google_cloud_run_v2_service_iam_member", token: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", fields: "condition!"},
	{typ: "google_cloud_run_v2_service_iam_policy", token: "gcp:cloudrunv2/serviceIamPolicy:ServiceIamPolicy"},
	{typ: "google_cloud_scheduler_job", token: "gcp:cloudscheduler/job:Job", fields: `
		app_engine_http_target! app_engine_http_target.app_engine_routing! http_target! http_target.oauth_token!
		http_target.oidc_token! pubsub_target! retry_config!`},
	{typ: "google_cloudfunctions2_function", token: "gcp:cloudfunctionsv2/function:Function", fields: `
		build_config! build_config.automatic_update_policy! build_config.on_deploy_update_policy! build_config.source!
		build_config.source.repo_source! build_config.source.storage_source! event_trigger! service_config!
		terraform_labels=labels`},
	{typ: "google_cloudfunctions2_function_iam_binding", token: "gcp:cloudfunctionsv2/functionIamBinding:FunctionIamBinding", fields: "condition!"},
	{typ: "google_cloudfunctions2_function_iam_member", token: "gcp:cloudfunctionsv2/functionIamMember:FunctionIamMember", fields: "condition!"},
	{typ: "google_cloudfunctions2_function_iam_policy", token: "gcp:cloudfunctionsv2/functionIamPolicy:FunctionIamPolicy"},
	{typ: "google_cloudfunctions_function", token: "gcp:cloudfunctions/function:Function", fields: "event_trigger! event_trigger.failure_policy! source_repository! terraform_labels=labels"},
	{typ: "google_cloudfunctions_function_iam_binding", token: "gcp:cloudfunctions/functionIamBinding:FunctionIamBinding", fields: "condition!"},
	{typ: "google_cloudfunctions_function_iam_member", token: "gcp:cloudfunctions/functionIamMember:FunctionIamMember", fields: "condition!"},
	{typ: "google_cloudfunctions_function_iam_policy", token: "gcp:cloudfunctions/functionIamPolicy:FunctionIamPolicy"},
	{typ: "google_folder_iam_audit_config", token: "gcp:folder/iamAuditConfig:IamAuditConfig", fields: "audit_log_config=auditLogConfigs"},
	{typ: "google_folder_iam_binding", token: "gcp:folder/iAMBinding:IAMBinding", fields: "condition!"},
	{typ: "google_folder_iam_member", token: "gcp:folder/iAMMember:IAMMember", fields: "condition!"},
	{typ: "google_folder_iam_policy", token: "gcp:folder/iAMPolicy:IAMPolicy"},
	{typ: "google_iam_workload_identity_pool", token: "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"},
	{typ: "google_iam_workload_identity_pool_provider", token: "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", fields: "aws! oidc! saml!"},
	{typ: "google_kms_crypto_key", token: "gcp:kms/cryptoKey:CryptoKey", fields: "key_access_justifications_policy! version_template! terraform_labels=labels"},
	{typ: "google_kms_crypto_key_iam_binding", token: "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding", fields: "condition!"},
	{typ: "google_kms_crypto_key_iam_member", token: "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", fields: "condition!"},
	{typ: "google_kms_crypto_key_iam_policy", token: "gcp:kms/cryptoKeyIAMPolicy:CryptoKeyIAMPolicy"},
	{typ: "google_kms_key_ring", token: "gcp:kms/keyRing:KeyRing"},
	{typ: "google_kms_key_ring_iam_binding", token: "gcp:kms/keyRingIAMBinding:KeyRingIAMBinding", fields: "condition!"},
	{typ: "google_kms_key_ring_iam_member", token: "gcp:kms/keyRingIAMMember:KeyRingIAMMember", fields: "condition!"},
	{typ: "google_kms_key_ring_iam_policy", token: "gcp:kms/keyRingIAMPolicy:KeyRingIAMPolicy"},
	{typ: "google_logging_metric", token: "gcp:logging/metric:Metric", fields: `
		bucket_options! bucket_options.explicit_buckets! bucket_options.exponential_buckets! bucket_options.linear_buckets!
		metric_descriptor!`},
	{typ: "google_monitoring_alert_policy", token: "gcp:monitoring/alertPolicy:AlertPolicy", fields: `
		alert_strategy! alert_strategy.notification_channel_strategy=notificationChannelStrategies
		alert_strategy.notification_rate_limit! conditions.condition_absent! conditions.condition_absent.trigger!
		conditions.condition_matched_log! conditions.condition_monitoring_query_language!
		conditions.condition_monitoring_query_language.trigger! conditions.condition_prometheus_query_language!
		conditions.condition_threshold! conditions.condition_threshold.forecast_options! conditions.condition_threshold.trigger!
		documentation!`},
	{typ: "google_monitoring_notification_channel", token: "gcp:monitoring/notificationChannel:NotificationChannel", fields: "sensitive_labels!"},
	{typ: "google_organization_iam_audit_config", token: "gcp:organizations/iamAuditConfig:IamAuditConfig", fields: "audit_log_config=auditLogConfigs"},
	{typ: "google_organization_iam_binding", token: "gcp:organizations/iAMBinding:IAMBinding", fields: "condition!"},
	{typ: "google_organization_iam_custom_role", token: "gcp:organizations/iAMCustomRole:IAMCustomRole"},
	{typ: "google_organization_iam_member", token: "gcp:organizations/iAMMember:IAMMember", fields: "condition!"},
	{typ: "google_organization_iam_policy", token: "gcp:organizations/iAMPolicy:IAMPolicy"},
	{typ: "google_project_iam_audit_config", token: "gcp:projects/iAMAuditConfig:IAMAuditConfig", fields: "audit_log_config=auditLogConfigs"},
	{typ: "google_project_iam_binding", token: "gcp:projects/iAMBinding:IAMBinding", fields: "condition!"},
	{typ: "google_project_iam_custom_role", token: "gcp:projects/iAMCustomRole:IAMCustomRole"},
	{typ: "google_project_iam_member", token: "gcp:projects/iAMMember:IAMMember", fields: "condition!"},
	{typ: "google_project_iam_policy", token: "gcp:projects/iAMPolicy:IAMPolicy"},
	{typ: "google_project_service", token: "gcp:projects/service:Service"},
	{typ: "google_project_service_identity", token: "gcp:projects/serviceIdentity:ServiceIdentity"},
	{typ: "google_pubsub_subscription", token: "gcp:pubsub/subscription:Subscription", fields: `
		bigquery_config! cloud_storage_config! cloud_storage_config.avro_config! dead_letter_policy! expiration_policy!
		push_config! push_config.no_wrapper! push_config.oidc_token! retry_policy! terraform_labels=labels`},
	{typ: "google_pubsub_subscription_iam_binding", token: "gcp:pubsub/subscriptionIAMBinding:SubscriptionIAMBinding", fields: "condition!"},
	{typ: "google_pubsub_subscription_iam_member", token: "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember", fields: "condition!"},
	{typ: "google_pubsub_subscription_iam_policy", token: "gcp:pubsub/subscriptionIAMPolicy:SubscriptionIAMPolicy"},
	{typ: "google_pubsub_topic", token: "gcp:pubsub/topic:Topic", fields: `
		ingestion_data_source_settings! ingestion_data_source_settings.aws_kinesis! message_storage_policy! schema_settings!
		terraform_labels=labels`},
	{typ: "google_pubsub_topic_iam_binding", token: "gcp:pubsub/topicIAMBinding:TopicIAMBinding", fields: "condition!"},
	{typ: "google_pubsub_topic_iam_member", token: "gcp:pubsub/topicIAMMember:TopicIAMMember", fields: "condition!"},
	{typ: "google_pubsub_topic_iam_policy", token: "gcp:pubsub/topicIAMPolicy:TopicIAMPolicy"},
	{typ: "google_secret_manager_regional_secret", token: "gcp:secretmanager/regionalSecret:RegionalSecret", fields: "customer_managed_encryption! rotation! terraform_labels=labels"},
	{typ: "google_secret_manager_regional_secret_iam_binding", token: "gcp:secretmanager/regionalSecretIamBinding:RegionalSecretIamBinding", fields: "condition!"},
	{typ: "google_secret_manager_regional_secret_iam_member", token: "gcp:secretmanager/regionalSecretIamMember:RegionalSecretIamMember", fields: "condition!"},
	{typ: "google_secret_manager_regional_secret_iam_policy", token: "gcp:secretmanager/regionalSecretIamPolicy:RegionalSecretIamPolicy"},
	{typ: "google_secret_manager_regional_secret_version", token: "gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion"},
	{typ: "google_secret_manager_secret", token: "gcp:secretmanager/secret:Secret", fields: `
		replication! replication.auto! replication.auto.customer_managed_encryption! replication.user_managed!
		replication.user_managed.replicas.customer_managed_encryption! rotation! terraform_labels=labels`},
	{typ: "google_secret_manager_secret_iam_binding", token: "gcp:secretmanager/secretIamBinding:SecretIamBinding", fields: "condition!"},
	{typ: "google_secret_manager_secret_iam_member", token: "gcp:secretmanager/secretIamMember:SecretIamMember", fields: "condition!"},
	{typ: "google_secret_manager_secret_iam_policy", token: "gcp:secretmanager/secretIamPolicy:SecretIamPolicy"},
	{typ: "google_secret_manager_secret_version", token: "gcp:secretmanager/secretVersion:SecretVersion"},
	{typ: "google_service_account", token: "gcp:serviceaccount/account:Account"},
	{typ: "google_service_account_iam_binding", token: "gcp:serviceaccount/iAMBinding:IAMBinding", fields: "condition!"},
	{typ: "google_service_account_iam_member", token: "gcp:serviceaccount/iAMMember:IAMMember", fields: "condition!"},
	{typ: "google_service_account_iam_policy", token: "gcp:serviceaccount/iAMPolicy:IAMPolicy"},
	{typ: "google_service_account_key", token: "gcp:serviceaccount/key:Key"},
}
