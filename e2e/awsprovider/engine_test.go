package awsprovider

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/secretstack/secretstack/e2e/motoserver"
	"github.com/secretstack/secretstack/internal/pulumicli"
)

// TestEngine takes a stack through everything that `pulumi` does, with the plugin in
// place of the official one.
func TestEngine(t *testing.T) {
	moto := motoserver.Start(t)
	in := settings{RolePath: "/", Code: "def handler(event, context): pass"}
	stack := newStack(t, moto)

	preview := func() changes {
		t.Helper()
		stack.Workspace().SetProgram(program(in))
		res, err := stack.Preview(t.Context(), optpreview.ProgressStreams(t.Output()))
		if err != nil {
			t.Fatal(err)
		}
		delete(res.ChangeSummary, apitype.OpSame)
		return res.ChangeSummary
	}
	up := func() changes {
		t.Helper()
		stack.Workspace().SetProgram(program(in))
		res, err := stack.Up(t.Context(), optup.ProgressStreams(t.Output()))
		return summary(t, res.Summary, err)
	}
	refresh := func() changes {
		t.Helper()
		res, err := stack.Refresh(t.Context(), optrefresh.ProgressStreams(t.Output()))
		return summary(t, res.Summary, err)
	}
	want := func(step string, got, want changes) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s changes (-want +got):\n%s", step, diff)
		}
	}
	const resources = 10 // with the stack and the explicit provider
	none := changes{}

	want("preview", preview(), changes{apitype.OpCreate: resources})
	want("up", up(), changes{apitype.OpCreate: resources})
	replicaKey := wantSecret(t, moto)
	want("preview after up", preview(), none)
	want("refresh", refresh(), none)
	want("preview after refresh", preview(), none)

	// The role has a fixed name: it must be deleted before its replacement is created.
	in.RolePath = "/app/"
	in.Code = "def handler(event, context): return 1"
	want("update", up(), changes{apitype.OpReplace: 2, apitype.OpUpdate: 1})
	want("preview after update", preview(), none)

	res, err := stack.Destroy(t.Context(), optdestroy.ProgressStreams(t.Output()))
	want("destroy", summary(t, res.Summary, err), changes{apitype.OpDelete: resources})
	_, err = moto.SecretsManager(region).DescribeSecret(t.Context(),
		&secretsmanager.DescribeSecretInput{SecretId: new(secretName)})
	var notFound *smtypes.ResourceNotFoundException
	if !errors.As(err, &notFound) {
		t.Error("describing the destroyed secret: ", err)
	}
	key, err := moto.KMS(replicaRegion).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &replicaKey})
	if err != nil {
		t.Fatal(err)
	}
	if got := key.KeyMetadata.KeyState; got != kmstypes.KeyStatePendingDeletion {
		t.Error("the destroyed replica key is ", got)
	}
}

// newStack makes a stack in a throw-away file backend that deploys to moto.
func newStack(t *testing.T, moto *motoserver.Server) auto.Stack {
	t.Helper()
	cli, err := pulumicli.Find(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	env := moto.Env()
	env["PATH"] = strings.Join([]string{Build(t), os.Getenv("PATH")}, string(filepath.ListSeparator))
	env[EnvVar] = TerraformProvider(t)
	env["TMPDIR"] = t.TempDir() // the plugin leaves the function's code there
	env["PULUMI_HOME"] = t.TempDir()
	env["PULUMI_BACKEND_URL"] = "file://" + t.TempDir()
	env["PULUMI_CONFIG_PASSPHRASE"] = "test"
	env["PULUMI_SKIP_UPDATE_CHECK"] = "true"
	env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
	stack, err := auto.NewStackInlineSource(t.Context(), "test", "awsprovider", nil, auto.Pulumi(cli), auto.EnvVars(env))
	if err != nil {
		t.Fatal(err)
	}
	if err := stack.SetConfig(t.Context(), "aws:region", auto.ConfigValue{Value: region}); err != nil {
		t.Fatal(err)
	}
	return stack
}

// changes counts operations other than "same".
type changes = map[apitype.OpType]int

func summary(t *testing.T, s auto.UpdateSummary, err error) changes {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	c := changes{}
	for op, n := range *s.ResourceChanges {
		if op != string(apitype.OpSame) {
			c[apitype.OpType(op)] = n
		}
	}
	return c
}

// wantSecret checks what was deployed, and returns the ARN of the replica's key.
func wantSecret(t *testing.T, moto *motoserver.Server) string {
	t.Helper()
	client := moto.SecretsManager(region)
	secret, err := client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new(secretName)})
	if err != nil {
		t.Fatal(err)
	}
	if len(secret.ReplicationStatus) != 1 {
		t.Fatalf("the secret has %d replicas, want 1", len(secret.ReplicationStatus))
	}
	policy, err := client.GetResourcePolicy(t.Context(), &secretsmanager.GetResourcePolicyInput{SecretId: new(secretName)})
	if err != nil {
		t.Fatal(err)
	}
	if policy.ResourcePolicy == nil {
		t.Error("the secret has no policy")
	}
	for keyRegion, id := range map[string]*string{
		region:        secret.KmsKeyId,
		replicaRegion: secret.ReplicationStatus[0].KmsKeyId,
	} {
		key, err := moto.KMS(keyRegion).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: id})
		if err != nil {
			t.Fatalf("%s: %v", keyRegion, err)
		}
		if got := *key.KeyMetadata.Description; got != keyRegion {
			t.Errorf("the key in %s is the one for %s", keyRegion, got)
		}
	}
	return *secret.ReplicationStatus[0].KmsKeyId
}
