package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/stack"
)

// awsClient signs in as the stack's provider does, but for a role that it assumes.
func awsClient(ctx context.Context, s *stack.Stack) (*secretsmanager.Client, error) {
	c, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(s.Setting("aws:region")), config.WithSharedConfigProfile(s.Setting("aws:profile")))
	if err != nil {
		return nil, err
	}
	return secretsmanager.NewFromConfig(c), nil
}

// startAWS has Secrets Manager start a rotation, and gives the id of the version that it makes. It returns
// before the rotator has begun.
func startAWS(ctx context.Context, client *secretsmanager.Client, s *stack.Stack, spec secret.Spec) (version string, err error) {
	id := aws.String(placesOf(s)[spec.Name])
	is, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: id})
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return "", fmt.Errorf("it is not in Secrets Manager; run \"secretstack up %s\" first", flagsOf(s))
	} else if err != nil {
		return "", said(err)
	}
	in := &secretsmanager.RotateSecretInput{SecretId: id}
	if is.RotationLambdaARN == nil { // without a schedule, the service is told the function the first time
		if in.RotationLambdaARN, err = functionOf(s, spec, aws.ToString(is.ARN)); err != nil {
			return "", err
		}
	}
	out, err := client.RotateSecret(ctx, in)
	if err != nil {
		return "", said(err)
	}
	return aws.ToString(out.VersionId), nil
}

// said leaves of an error what the service said, if it said anything.
func said(err error) error {
	if service := smithy.APIError(nil); errors.As(err, &service) {
		return service
	}
	return err
}

// functionOf gives the ARN of a secret's rotator: the function that belongs to the role which the secret's
// policy waits for, in the secret's own region and account (arn:aws:secretsmanager:region:account:secret:name).
func functionOf(s *stack.Stack, spec secret.Spec, secretARN string) (*string, error) {
	parts := strings.SplitN(secretARN, ":", 6)
	for _, policy := range s.Plan.Of("aws:secretsmanager/secretPolicy:SecretPolicy") {
		for _, urn := range policy.Dependencies {
			role, _ := s.Plan.Get(urn)
			if policy.Name != spec.Name || role.Type != "aws:iam/role:Role" || len(parts) < 6 {
				continue
			}
			for _, r := range s.Plan.Children(role.Parent) {
				if r.Type == "aws:lambda/function:Function" {
					parts[2], parts[5] = "lambda", "function:"+r.Inputs.Get("name").AsString()
					return aws.String(strings.Join(parts, ":")), nil
				}
			}
		}
	}
	return nil, fmt.Errorf("%s has no rotator in the stack", secretARN)
}

// byHand fails with the commands that start rotations on the other clouds.
func byHand(s *stack.Stack, specs []secret.Spec) error {
	var commands []string
	for _, spec := range specs {
		switch s.Config.Cloud {
		case gcpsecret.Limits.Name: // a message as the secret's clock sends it, but of the secret itself
			for _, topic := range s.Plan.Of("gcp:pubsub/topic:Topic") {
				if name := topic.Inputs.Get("name"); name.IsString() { // unlike the one for dead letters
					commands = append(commands, fmt.Sprintf("gcloud pubsub topics publish %s --project=%s --attribute=eventType=SECRET_ROTATE,secretId=projects/%[2]s/secrets/%s",
						name.AsString(), s.Setting("gcp:project"), placesOf(s)[spec.Name]))
				}
			}
		case azuresecret.Limits.Name: // with the job's own template, since a start replaces it as a whole
			for _, r := range s.Plan.Resources {
				if strings.HasPrefix(r.Type, "azure-native:app") && strings.HasSuffix(r.Type, ":Job") {
					job := fmt.Sprintf("--name %s --resource-group %s", r.Inputs.Get("jobName").AsString(), r.Inputs.Get("resourceGroupName").AsString())
					commands = append(commands, fmt.Sprintf(`az containerapp job show %s --query properties.template --output json | `+
						`jq '.containers[0].env += [{name: "SECRETSTACK_ROTATE", value: "%s"}]' > job.json && `+
						"az containerapp job start %[1]s --yaml job.json", job, spec.Name))
				}
			}
		}
	}
	return fmt.Errorf("secretstack starts no rotation on %s. This does, and does not wait for it:\n%s", s.Config.Cloud, strings.Join(commands, "\n"))
}
