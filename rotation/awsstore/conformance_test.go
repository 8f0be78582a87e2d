package awsstore_test

import (
	"context"
	"testing"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/uuid"

	"github.com/secretstack/secretstack/e2e/motoserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/awsstore"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

func TestConformance(t *testing.T) {
	moto := motoserver.Start(t)
	direct := moto.SecretsManager("eu-west-1")
	rotationtest.Run(t, rotationtest.Harness{
		Steps: true,
		Slow:  true,
		New: func(t *testing.T, calls *rotationtest.Calls) rotationtest.World {
			name := uuid.NewString()
			users, value := rotationtest.NewUsers(calls)
			text := value.Reveal()
			_, err := direct.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &text})
			if err != nil {
				t.Fatal(err)
			}
			n := &network{calls: calls, direct: direct, name: name}
			if err := n.remember(t.Context()); err != nil {
				t.Fatal(err)
			}
			faulty := secretsmanager.New(clientOf(moto.URL).Options(), func(o *secretsmanager.Options) {
				o.APIOptions = append(o.APIOptions, n.attach)
			})
			return rotationtest.World{
				Open:    func() (rotation.Store, rotation.Target) { return awsstore.New(faulty, name), users },
				Current: func() (rotation.Value, error) { return awsstore.Read(t.Context(), direct, name) },
				Works:   users.Works,
				Live:    users.Live,
			}
		},
	})
}

// network is between a client and moto: it has the faults, and answers that are out of date.
type network struct {
	calls   *rotationtest.Calls
	direct  *secretsmanager.Client
	name    string
	history []*secretsmanager.DescribeSecretOutput // at first, and after each write
}

func (n *network) remember(ctx context.Context) error {
	out, err := n.direct.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &n.name})
	n.history = append(n.history, out)
	return err
}

func (n *network) attach(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("faults", n.handle), middleware.After)
}

func (n *network) handle(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	out middleware.FinalizeOutput, md middleware.Metadata, err error,
) {
	action := awsmiddleware.GetOperationName(ctx)
	err = n.calls.Do(action, func() error {
		out, md, err = next.HandleFinalize(ctx, in)
		if err != nil {
			return err
		}
		switch action {
		case "DescribeSecret":
			out.Result = n.history[max(0, len(n.history)-1-n.calls.Behind())]
		case "PutSecretValue", "UpdateSecretVersionStage":
			return n.remember(ctx)
		}
		return nil
	})
	return out, md, err
}
