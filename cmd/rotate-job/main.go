// Command rotate-job rotates and retires the secrets of an Azure Key Vault. It is a Container Apps job: a
// schedule starts it, it looks what is due, does that, and exits; with status 1 if anything failed.
//
// Its environment:
//
//	SECRETSTACK_VAULT         the vault's address, https://NAME.vault.azure.net
//	SECRETSTACK_ROTATION_<n>  for each secret its secret.Job as JSON; n is any number
//	SECRETSTACK_TIMEOUT       after how long Container Apps ends a run (replicaTimeout), such as 50m. Without
//	                          it: 30m
//	SECRETSTACK_ROTATE        the name of a secret to rotate now, due or not. A person gives it to start one:
//	                          the start of a job can override its environment
//	AZURE_CLIENT_ID           the client id of the user-assigned identity to work as
//
// Its records are JSON on standard output: one for each step, as rotation.Rotator.Log says, and at the end one
// with the message "rotations" that counts them and, unless a person started the run, says with the step look and
// the outcome ok that all secrets are on time.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := start(ctx, log)
	stop()
	if err != nil {
		log.Error("rotations", "error", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, log *slog.Logger) error {
	c, err := parse(os.Environ())
	if err != nil {
		return err
	}
	identity, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
		ID: azidentity.ClientID(c.clientID),
	})
	if err != nil {
		return err
	}
	client, err := newClient(c.vault, identity, nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout-reserve)
	defer cancel()
	return run(ctx, c, client, log)
}
