package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/internal/pulumicli"
	"github.com/secretstack/secretstack/internal/stack"
)

// withEngine gives a command a stack of the Pulumi engine. An interrupt cancels the context, and the
// engine then stops in an orderly way.
func withEngine(cmd *cobra.Command, s *stack.Stack, get getter, work func(context.Context, auto.Stack) error) error {
	if isLocal(s) {
		if err := checkPlugin(s.Dir); err != nil {
			return err
		}
	}
	env, err := engineEnv(s)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cli, err := pulumicli.Find(ctx, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	engine, err := get(ctx, s.Name, s.Project, stack.In(s.Dir),
		auto.WorkDir(s.Dir), auto.Pulumi(cli), auto.EnvVars(env))
	if err == nil {
		err = work(ctx, engine)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.New("interrupted")
	case auto.IsSelectStack404Error(err):
		return inputError{fmt.Errorf("the stack %s was never provisioned", s.Name)}
	case err != nil && strings.Contains(err.Error(), "because it is protected"): // the engine's words
		return fmt.Errorf("%w. What is protected was provisioned without secretstack:allowDestroy: set that to true in Pulumi.%s.yaml, "+
			"run \"secretstack up %s\" while secrets.yaml still has it, and delete it then", short(err), s.Name, flagsOf(s))
	}
	return short(err)
}

// getter gives the engine's stack of a name: auto.UpsertStackInlineSource makes it where there is none,
// auto.SelectStackInlineSource does not.
type getter = func(context.Context, string, string, pulumi.RunFunc, ...auto.LocalWorkspaceOption) (auto.Stack, error)

// engineEnv is the environment for the engine beyond this process's own. A local stack works on any
// machine as it is, whatever is set there for other projects: its state is in the project, and needs no
// passphrase, since nothing in it is secret.
func engineEnv(s *stack.Stack) (map[string]string, error) {
	env := map[string]string{"PULUMI_SKIP_UPDATE_CHECK": "true"}
	if !isLocal(s) {
		return env, nil
	}
	dir := filepath.Join(s.Dir, ".secretstack", "state")
	backend := url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}
	env["PULUMI_BACKEND_URL"] = backend.String()
	env["PULUMI_CONFIG_PASSPHRASE"] = ""
	env["PULUMI_CONFIG_PASSPHRASE_FILE"] = ""
	return env, os.MkdirAll(dir, 0o700)
}

// checkPlugin looks for the local cloud's provider plugin where Pulumi.yaml says that it is.
func checkPlugin(dir string) error {
	project, err := workspace.LoadProject(filepath.Join(dir, "Pulumi.yaml"))
	if err != nil || project.Plugins == nil {
		return err
	}
	for _, p := range project.Plugins.Providers {
		file := filepath.Join(p.Path, "pulumi-resource-"+p.Name)
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		if _, err := os.Stat(file); p.Name == "secretstack" && errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the provider plugin of the local cloud is not built: there is no %s; run: make build", file)
		}
	}
	return nil
}

// short leaves of an error of the Automation API, which has the whole output of the Pulumi CLI, what
// the user has not seen yet: nothing more than that it failed, after an operation that showed its progress.
func short(err error) error {
	if err == nil {
		return nil
	}
	what, output, ok := strings.Cut(err.Error(), "\ncode: ")
	if !ok {
		return err
	}
	what, _, _ = strings.Cut(what, ":")
	_, stderr, _ := strings.Cut(output, "\nstderr: ")
	switch stderr = strings.TrimSpace(stderr); {
	case stderr == "" || streamed[what]:
		return fmt.Errorf("%s; the engine says why above", what)
	case strings.Contains(stderr, "PULUMI_ACCESS_TOKEN"):
		return fmt.Errorf("%s: Pulumi does not know where its state is; run \"pulumi login\", or set PULUMI_BACKEND_URL", what)
	}
	return fmt.Errorf("%s: %s", what, strings.TrimPrefix(stderr, "error: "))
}

// streamed are the operations of the Automation API whose output is shown as it comes.
var streamed = map[string]bool{
	"failed to run preview": true, "failed to run update": true,
	"failed to preview destroy": true, "failed to destroy stack": true,
}
