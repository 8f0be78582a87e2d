package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/secretstack/secretstack/rotation"
)

// admit gives the name of the secret that an event is about, if this function is meant for it.
func (f *function) admit(ctx context.Context, id string) (name string, err error) {
	name, err = secretName(ctx, id)
	if err == nil {
		if _, ok := f.jobs[name]; !ok {
			err = fmt.Errorf("this function has no rotation for it, but for %d others", len(f.jobs))
		}
	}
	if err != nil {
		return "", &rotation.Error{
			Class: rotation.Refused, Op: fmt.Sprintf("rotate %.600q", id), Err: err,
			Do: "name the function that is meant for the secret in its rotation; if this is the one, deploy the stack again",
		}
	}
	return name, nil
}

// Secrets Manager adds a hyphen and six characters to a name
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html).
var secretResource = regexp.MustCompile(`^secret:(.+)-[A-Za-z0-9]{6}$`)

// secretName takes a name, or the ARN of a secret in the function's own account and region.
func secretName(ctx context.Context, id string) (string, error) {
	if !arn.IsARN(id) {
		return id, nil
	}
	c, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return "", errors.New("Lambda does not tell the function's own ARN")
	}
	own, err := arn.Parse(c.InvokedFunctionArn)
	if err != nil {
		return "", fmt.Errorf("the function's own ARN: %w", err)
	}
	given, err := arn.Parse(id)
	if err != nil {
		return "", err
	}
	if given.Partition != own.Partition || given.AccountID != own.AccountID || given.Region != own.Region {
		return "", fmt.Errorf("it is in another account or region than the function, which is in %s, %s", own.AccountID, own.Region)
	}
	match := secretResource.FindStringSubmatch(given.Resource)
	if given.Service != "secretsmanager" || match == nil {
		return "", errors.New("it is not the whole ARN of a secret")
	}
	return match[1], nil
}
