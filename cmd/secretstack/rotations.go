package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/awsstore"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/gcpstore"
)

func newRotations() *cobra.Command {
	var selected selection
	var as *format
	cmd := &cobra.Command{
		Use:   "rotations [NAME...]",
		Short: "Show the versions that rotated secrets have had, as far as the cloud knows",
		Long: `Show the versions that rotated secrets have had, the newest first, as far as the cloud still knows them:
never their values. It signs in as the cloud's own tools do. On the local cloud, the record of each step of
a rotation is in .secretstack/rotations.STACK.log.`,
		Example: `  secretstack rotations -s local
  secretstack rotations orders-db -s prod --format json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := selected.open()
			if err != nil {
				return err
			}
			specs, err := rotated(s, args)
			if err != nil {
				return err
			}
			open, err := stores(cmd.Context(), s, &selected)
			if err != nil {
				return err
			}
			events := []event{}
			var errs []error
			for _, spec := range specs {
				history, err := open(spec.Name).History(cmd.Context())
				if err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", spec.Name, err))
				}
				for _, e := range history {
					events = append(events, event{spec.Name, e.Version, e.Created, e.State})
				}
			}
			switch {
			case len(events) == 0 && len(errs) > 0: // nothing to print
			case as.value == "json":
				errs = append(errs, printJSON(cmd.OutOrStdout(), events))
			default:
				errs = append(errs, printEvents(cmd.OutOrStdout(), events))
			}
			return errors.Join(errs...)
		},
	}
	selected.addFlags(cmd)
	as = addFormat(cmd, "table", "json")
	return cmd
}

// event is a version in the history of a secret.
type event struct {
	Secret  string    `json:"secret"`
	Version string    `json:"version"`
	Created time.Time `json:"created"`
	State   string    `json:"state"`
}

func printEvents(w io.Writer, events []event) error {
	rows := [][]string{{"SECRET", "VERSION", "CREATED", "STATE"}}
	for _, e := range events {
		rows = append(rows, []string{e.Secret, e.Version, e.Created.Format(time.RFC3339), e.State})
	}
	return printTable(w, rows)
}

// stores gives what opens the stack's secrets where they are, by name.
func stores(ctx context.Context, s *stack.Stack, selected *selection) (func(name string) rotation.Historian, error) {
	places := placesOf(s)
	switch s.Config.Cloud {
	case awssecret.Limits.Name:
		c, err := awsConfig(ctx, s)
		return func(name string) rotation.Historian {
			return awsstore.New(secretsmanager.NewFromConfig(c), places[name])
		}, err
	case azuresecret.Limits.Name:
		credential, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, err
		}
		client, err := azsecrets.NewClient("https://"+s.Config.Azure.Vault+".vault.azure.net", credential, nil)
		return func(name string) rotation.Historian {
			_, secret, _ := strings.Cut(places[name], "/")
			return &azurestore.Store{Client: client, Name: secret}
		}, err
	case gcpsecret.Limits.Name:
		client, err := secretmanager.NewClient(ctx)
		return func(name string) rotation.Historian {
			return gcpstore.New(client, "projects/"+s.Setting("gcp:project")+"/secrets/"+places[name])
		}, err
	}
	local, err := selected.local(s)
	return func(name string) rotation.Historian { return local.store(name) }, err
}
