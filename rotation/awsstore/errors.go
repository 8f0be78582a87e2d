package awsstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/secretstack/secretstack/rotation"
)

// explain says what to do about an error of a call. A service error is told by its code and message, which
// hold no value, without the SDK's layers around it.
func (s *Store) explain(ctx context.Context, action string, err error) error {
	e := &rotation.Error{Class: rotation.Internal, Op: fmt.Sprintf("%s of %s", action, s.secret), Err: err}
	var service smithy.APIError
	switch {
	case ctx.Err() != nil:
		e.Class, e.Err = rotation.Deadline, fmt.Errorf("the rotator's time ran out: %w", ctx.Err())
	case !errors.As(err, &service):
		e.Class = rotation.Unreachable
		e.Do = "let the rotator reach the endpoint of Secrets Manager: in a VPC it needs an interface endpoint for secretsmanager, or a NAT gateway"
	default:
		e.Err = service
		e.Class, e.Do = s.classify(action, service.ErrorCode())
	}
	return e
}

// classify knows the codes of
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html and of the actions' own pages.
func (s *Store) classify(action, code string) (class rotation.Class, do string) {
	switch code {
	case "AccessDeniedException", "AccessDenied":
		do = fmt.Sprintf("allow the rotator's role secretsmanager:%s on %s, in its own policy or the secret's", action, s.secret)
		if action == "GetSecretValue" || action == "PutSecretValue" {
			do += ", and kms:Decrypt and kms:GenerateDataKey on the secret's key"
		}
		return rotation.Refused, do
	case "DecryptionFailure", "EncryptionFailure":
		return rotation.Refused, "see that the secret's KMS key is enabled, " +
			"and allow the rotator's role kms:Decrypt and kms:GenerateDataKey on it"
	case "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId",
		"InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken":
		return rotation.Refused, "see to the rotator's AWS credentials"
	case "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded":
		return rotation.Throttled, "wait for Secrets Manager to try again, and rotate fewer secrets at once if it keeps happening"
	case "LimitExceededException":
		return rotation.Throttled, "put at most one value each 10 minutes: the secret has too many versions or labels"
	case "InternalServiceError", "InternalFailure", "ServiceUnavailable":
		return rotation.Unreachable, "wait for Secrets Manager to try again: the service itself failed"
	case "ResourceNotFoundException":
		return rotation.Invalid, "see that the secret exists in the rotator's account and region, and deploy the stack again if it does not"
	case "InvalidRequestException":
		return rotation.Invalid, "see that the secret is not marked deleted, and that no other program manages it"
	case "InvalidParameterException", "ValidationException":
		return rotation.Invalid, "see that the value has at most 65,536 bytes, and that nobody moved the secret's labels meanwhile"
	}
	return rotation.Internal, ""
}
