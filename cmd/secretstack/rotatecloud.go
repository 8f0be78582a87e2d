package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/rotation"
)

// awsConfig signs in as the stack's provider does, but for a role that it assumes.
func awsConfig(ctx context.Context, s *stack.Stack) (aws.Config, error) {
	c, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(s.Setting("aws:region")), config.WithSharedConfigProfile(s.Setting("aws:profile")),
		config.WithLogger(logging.Nop{})) // what matters of its warnings is in the errors
	if err == nil {
		_, err = c.Credentials.Retrieve(ctx) // kept for the calls; theirs would fail as if the service were out of reach
	}
	if err != nil {
		return c, &rotation.Error{
			Class: rotation.Refused, Op: "find AWS credentials", Err: err,
			Do: "sign in: aws sso login, or set AWS_PROFILE or the stack's aws:profile",
		}
	}
	return c, nil
}

// startAWS has a secret rotated, and says what came of it. What has a schedule Secrets Manager rotates, and the call
// returns before the rotator has begun. What has none the function rotates at once: RotateSecret would bring back
// a schedule that the secret once had.
func startAWS(ctx context.Context, c aws.Config, s *stack.Stack, spec secret.Spec) (line string, err error) {
	client, id := secretsmanager.NewFromConfig(c), aws.String(placesOf(s)[spec.Name])
	is, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: id})
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return "", fmt.Errorf("it is not in Secrets Manager; run \"secretstack up %s\" first", flagsOf(s))
	} else if err != nil {
		return "", said(err)
	}
	arn := strings.SplitN(aws.ToString(is.ARN), ":", 6) // arn:aws:secretsmanager:region:account:secret:name
	if allowed := s.Setting("aws:allowedAccountIds"); len(arn) < 6 || allowed != "" && !strings.Contains(allowed, arn[4]) {
		return "", fmt.Errorf("%s is not in an account that the stack allows (aws:allowedAccountIds); sign in to the right one", aws.ToString(is.ARN))
	}
	if spec.Rotation.Every == secret.Manual {
		return "rotated", invoke(ctx, c, functionOf(s, spec, arn), *id)
	}
	out, err := client.RotateSecret(ctx, &secretsmanager.RotateSecretInput{SecretId: id})
	if err != nil {
		return "", said(err)
	}
	return fmt.Sprintf("started; its next version is %s. Follow it with: secretstack rotations %s %s",
		aws.ToString(out.VersionId), spec.Name, flagsOf(s)), nil
}

// invoke has the rotator's function rotate a secret, and waits for it.
func invoke(ctx context.Context, c aws.Config, function, secretID string) error {
	event, err := json.Marshal(map[string]string{"step": "rotate", "secretId": secretID})
	if err != nil {
		return err
	}
	out, err := lambda.NewFromConfig(c).Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: event})
	if err != nil {
		return said(err)
	}
	if out.FunctionError == nil {
		return nil
	}
	var failure struct{ ErrorMessage string }
	if err := json.Unmarshal(out.Payload, &failure); err != nil || failure.ErrorMessage == "" {
		return fmt.Errorf("the function %s failed, and its log says why", function)
	}
	return errors.New(failure.ErrorMessage)
}

// said leaves of an error what the service said, if it said anything.
func said(err error) error {
	if service := smithy.APIError(nil); errors.As(err, &service) {
		return service
	}
	return err
}

// functionOf gives the ARN of a secret's rotator: the function that belongs to the role which the secret's
// policy waits for, in the secret's own region and account.
func functionOf(s *stack.Stack, spec secret.Spec, arn []string) string {
	for _, policy := range s.Plan.Of("aws:secretsmanager/secretPolicy:SecretPolicy") {
		for _, urn := range policy.Dependencies {
			role, _ := s.Plan.Get(urn)
			if policy.Name != spec.Name || role.Type != "aws:iam/role:Role" {
				continue
			}
			for _, r := range s.Plan.Children(role.Parent) {
				if r.Type == "aws:lambda/function:Function" {
					return strings.Join([]string{arn[0], arn[1], "lambda", arn[3], arn[4], "function", r.Inputs.Get("name").AsString()}, ":")
				}
			}
		}
	}
	return "" // not reached: the components refuse a rotation without a rotator
}

// byHand fails with the commands that start rotations on the other clouds.
func byHand(s *stack.Stack, specs []secret.Spec) error {
	var commands []string
	for _, spec := range specs {
		for _, r := range rotatorOf(s, spec) {
			switch name := r.Inputs.Get("name"); {
			case r.Type == "gcp:pubsub/topic:Topic" && name.IsString(): // unlike the one for dead letters
				// A message as the secret's clock sends it, but of the secret itself.
				commands = append(commands, fmt.Sprintf("gcloud pubsub topics publish %s --project=%s --attribute=eventType=SECRET_ROTATE,secretId=projects/%[2]s/secrets/%s",
					name.AsString(), s.Setting("gcp:project"), placesOf(s)[spec.Name]))
			case strings.HasPrefix(r.Type, "azure-native:app") && strings.HasSuffix(r.Type, ":Job"):
				// With the job's own template, since a start replaces it as a whole.
				job := fmt.Sprintf("--name %s --resource-group %s", r.Inputs.Get("jobName").AsString(), r.Inputs.Get("resourceGroupName").AsString())
				commands = append(commands, fmt.Sprintf(`az containerapp job show %s --query properties.template --output json | `+
					`jq '.containers[0].env += [{name: "SECRETSTACK_ROTATE", value: "%s"}]' > job.json && `+
					"az containerapp job start %[1]s --yaml job.json", job, spec.Name))
			}
		}
	}
	return fmt.Errorf("secretstack starts no rotation on %s. This does, and does not wait for it:\n%s", s.Config.Cloud, strings.Join(commands, "\n"))
}

// rotatorOf gives the parts of the rotator that may change a secret: its grant waits for them.
func rotatorOf(s *stack.Stack, spec secret.Spec) []plan.Resource {
	for _, grant := range s.Plan.Resources {
		if grant.Name != spec.Name+"/rotator" {
			continue
		}
		for _, urn := range grant.Dependencies {
			part, _ := s.Plan.Get(urn)
			if r, _ := s.Plan.Get(part.Parent); r.Type == gcpsecret.RotatorType || r.Type == azuresecret.RotatorType {
				return s.Plan.Children(r.URN)
			}
		}
	}
	return nil
}
