package main

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/secretstack/secretstack/internal/agefile"
)

// Key is a reader's private key on this machine. It has no Update, so that every
// change makes another key, and no Delete: see its description.
type Key struct{}

var _ infer.CustomRead[KeyArgs, KeyState] = Key{}

// KeyArgs say whose key it is.
type KeyArgs struct {
	Project string `pulumi:"project"`
	Stack   string `pulumi:"stack"`
	Reader  string `pulumi:"reader"`
}

// KeyState has the public half only.
type KeyState struct {
	KeyArgs
	Recipient string `pulumi:"recipient"`
}

// Annotate documents the resource in the plugin's schema.
func (k *Key) Annotate(a infer.Annotator) {
	a.SetToken("local", "Key")
	a.Describe(&k, "A reader's age private key, in the user's configuration folder. An existing key is adopted, and none is "+
		"ever replaced. Deleting the resource keeps the key: a secret that can still be recovered, or an earlier version "+
		"of the file, may be encrypted to it.")
}

// Annotate documents the inputs.
func (args *KeyArgs) Annotate(a infer.Annotator) {
	a.Describe(&args.Project, "The Pulumi project whose secrets the key opens.")
	a.Describe(&args.Stack, "The Pulumi stack whose secrets the key opens.")
	a.Describe(&args.Reader, "The reader's name.")
}

// Annotate documents the output.
func (s *KeyState) Annotate(a infer.Annotator) {
	a.Describe(&s.Recipient, "The public key, age1….")
}

// Create makes the key unless it is there.
func (Key) Create(_ context.Context, req infer.CreateRequest[KeyArgs]) (infer.CreateResponse[KeyState], error) {
	args := req.Inputs
	resp := infer.CreateResponse[KeyState]{
		ID:     path.Join(args.Project, args.Stack, args.Reader),
		Output: KeyState{KeyArgs: args},
	}
	file, err := args.file()
	if err == nil && !req.DryRun {
		resp.Output.Recipient, err = agefile.EnsureKey(file)
	}
	return resp, err
}

// Read finds out whether the key is still there.
func (Key) Read(_ context.Context, req infer.ReadRequest[KeyArgs, KeyState]) (infer.ReadResponse[KeyArgs, KeyState], error) {
	args := req.State.KeyArgs
	file, err := args.file()
	if err != nil {
		return infer.ReadResponse[KeyArgs, KeyState]{}, err
	}
	recipient, err := agefile.ReadRecipient(file)
	if errors.Is(err, fs.ErrNotExist) {
		return infer.ReadResponse[KeyArgs, KeyState]{}, nil // no ID: it is gone
	}
	return infer.ReadResponse[KeyArgs, KeyState]{ID: req.ID, Inputs: args, State: KeyState{args, recipient}}, err
}

func (args KeyArgs) file() (string, error) {
	dir, err := agefile.KeyDir(args.Project, args.Stack)
	if err != nil {
		return "", err
	}
	return agefile.KeyFile(dir, args.Reader)
}
