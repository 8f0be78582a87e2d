package lambdaruntime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"
)

const attempts = 3

// Rotate has the function rotate a secret as Secrets Manager does: it begins a rotation, or takes up the one
// that is not complete, and invokes the four steps, all of them again where one fails. Three failures are enough.
func (f *Function) Rotate(ctx context.Context, client *secretsmanager.Client, secretID string) error {
	secret, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &secretID})
	if err != nil {
		return err
	}
	token := incomplete(secret)
	if token == "" {
		token = uuid.NewString()
		_, err := client.RotateSecret(ctx, &secretsmanager.RotateSecretInput{
			SecretId: &secretID, ClientRequestToken: &token, RotationLambdaARN: &f.ARN,
		})
		if err != nil {
			return err
		}
	}
	for range attempts {
		if err = f.steps(ctx, *secret.ARN, token); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return err
	}
	secret, err = client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &secretID})
	if err == nil && incomplete(secret) != "" {
		err = errors.New("all steps succeeded, but a version is still pending")
	}
	return err
}

// Step invokes one step of a rotation, such as createSecret.
func (f *Function) Step(ctx context.Context, step, secretARN, token string) error {
	event, err := json.Marshal(map[string]string{
		"Step": step, "SecretId": secretARN, "ClientRequestToken": token, "RotationToken": uuid.NewString(),
	})
	if err != nil {
		return err
	}
	if _, err := f.Invoke(ctx, event); err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	return nil
}

func (f *Function) steps(ctx context.Context, secretARN, token string) error {
	for _, step := range []string{"createSecret", "setSecret", "testSecret", "finishSecret"} {
		if err := f.Step(ctx, step, secretARN, token); err != nil {
			return err
		}
	}
	return nil
}

// incomplete gives the version that is pending and not current.
func incomplete(secret *secretsmanager.DescribeSecretOutput) string {
	for id, labels := range secret.VersionIdsToStages {
		if slices.Contains(labels, "AWSPENDING") && !slices.Contains(labels, "AWSCURRENT") {
			return id
		}
	}
	return ""
}
