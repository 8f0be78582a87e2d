package access

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

// awsManaged are the policies that AWS manages, among the 1,641 of 22 August 2026, that can be attached to an identity and let
// it read secrets that it has not made for itself, each as its statements about reading and decrypting:
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html. The others that read are for secrets that a
// service owns, whose names begin like "events!".
var awsManaged = map[string]string{
	"AdministratorAccess":     `{"Action": "*", "Resource": "*"}`,
	"PowerUserAccess":         `{"NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}`,
	"SecretsManagerReadWrite": `{"Action": "secretsmanager:*", "Resource": "*"}`,
	"AWSSecretsManagerClientReadOnlyAccess": `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:*"},
		{"Action": "kms:Decrypt", "Resource": "arn:aws:kms:*:*:key/*", "Condition": {"StringLike": {
			"kms:ViaService": "secretsmanager.*.amazonaws.com", "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:*:*:secret:*"}}}`,
	"AgentRegistryFullAccess":             `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:*"}`,
	"AmazonRDSDataFullAccess":             `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:rds-db-credentials/*"}`,
	"AmazonRedshiftAllCommandsFullAccess": `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:*redshift*"}`,
	"AmazonRedshiftDataFullAccess":        redshift,
	"AmazonRedshiftFullAccess":            redshift,
	"AmazonRedshiftQueryEditor": `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:*",
		"Condition": {"StringEquals": {"secretsmanager:ResourceTag/RedshiftQueryOwner": "${aws:userid}"}}}`,
	"AmazonGrafanaRedshiftAccess": `{"Action": "secretsmanager:GetSecretValue", "Resource": "*",
		"Condition": {"Null": {"secretsmanager:ResourceTag/RedshiftQueryOwner": "false"}}}`,
	"AmazonDataZoneRedshiftGlueProvisioningPolicy": `{"Action": "secretsmanager:GetSecretValue", "Resource": "*",
		"Condition": {"StringLike": {"secretsmanager:ResourceTag/AmazonDataZoneDomain": "dzd*"}}}`,
	"AmazonSageMakerFullAccess":       sageMaker,
	"AmazonSageMakerCanvasFullAccess": sageMaker,
	"AmazonSageMakerCanvasDataPrepFullAccess": `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:AmazonSageMaker-*",
		"Condition": {"StringEquals": {"aws:ResourceTag/SageMaker": "true"}}}`,
	"BedrockAgentCoreFullAccess": `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:bedrock-agentcore*"}`,
	"AWSEC2SqlHaInstancePolicy": `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:*",
		"Condition": {"StringLike": {"aws:ResourceTag/AWSEc2SqlHa": "*"}}}`,
	"AWSGreengrassResourceAccessRolePolicy": `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:greengrass-*"}`,
	"AWSPanoramaFullAccess": `{"Action": "secretsmanager:GetSecretValue",
		"Resource": ["arn:aws:secretsmanager:*:*:secret:panorama*", "arn:aws:secretsmanager:*:*:secret:Panorama*"]}`,
	"AWSTransformSecretsManagerConnectorPolicy": `{"Action": "secretsmanager:GetSecretValue",
		"Resource": "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/SecretId}"}`,
	"ROSAInstallerPolicy": `{"Action": "secretsmanager:GetSecretValue", "Resource": "*",
		"Condition": {"StringEquals": {"aws:ResourceTag/red-hat-managed": "true"}}}`,
}

const (
	redshift = `{"Action": "secretsmanager:GetSecretValue", "Resource": "*",
		"Condition": {"StringLike": {"secretsmanager:ResourceTag/RedshiftDataFullAccess": "*"}}}`
	sageMaker = `{"Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:AmazonSageMaker-*"},
		{"Action": "secretsmanager:GetSecretValue", "Resource": "*",
		"Condition": {"StringEquals": {"secretsmanager:ResourceTag/SageMaker": "true"}}}`
)

// managed is the document of statements of awsManaged, which all allow.
func managed(statements string) policy.Value {
	text := strings.NewReplacer(`{"Action"`, `{"Effect": "Allow", "Action"`, `{"NotAction"`, `{"Effect": "Allow", "NotAction"`).Replace(statements)
	r := policy.Resource{Inputs: property.NewMap(map[string]property.Value{"policy": property.New(`{"Statement": [` + text + `]}`)})}
	return r.Get("policy")
}
