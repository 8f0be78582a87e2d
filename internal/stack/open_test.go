package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/plan"
)

// TestBadInputs opens a project for each file in testdata/bad. Its last part, errors, is what the user
// then reads. Values that look like a credential must not be among it.
func TestBadInputs(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no inputs: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir, input := t.TempDir(), &txtar.Archive{}
			write(t, dir, "Pulumi.yaml", "name: shop\nruntime: go\n")
			for _, f := range archive.Files {
				if f.Name != "errors" {
					write(t, dir, f.Name, string(f.Data))
					input.Files = append(input.Files, f)
				}
			}
			_, err = Open(dir, "test")
			if err == nil {
				t.Fatal("no error")
			}
			for _, canary := range []string{"sk_live", "4eC39HqLyjWDarjtT1zdp7dc", "hunter2", "battery"} {
				if strings.Contains(err.Error(), canary) {
					t.Errorf("the error repeats a value, %q", canary)
				}
			}
			message := strings.ReplaceAll(err.Error(), dir, "DIR") + "\n"
			input.Files = append(input.Files, txtar.File{Name: "errors", Data: []byte(message)})
			golden.Compare(t, file, txtar.Format(input))
		})
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEngineConfigWins: what the engine does not have, such as with another configuration file, does not count.
func TestEngineConfigWins(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "secrets.yaml", "secrets:\n  orders-db: {readers: [checkout]}\n")
	write(t, dir, "Pulumi.local.yaml", "config:\n  secretstack:cloud: local\n  secretstack:allowDestroy: true\n")
	g, err := plan.Run(t.Context(), In(dir), plan.Options{
		Project: "shop", Stack: "local", Config: map[string]string{"secretstack:cloud": "local"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range g.Of("secretstack:local:Entry") {
		if !r.Protect {
			t.Errorf("%s is not protected", r)
		}
	}
}

// TestAlertURLs: what is encrypted is not known offline, but how many there are is; the engine decrypts it.
func TestAlertURLs(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "Pulumi.yaml", "name: shop\nruntime: go\n")
	write(t, dir, "secrets.yaml", "secrets:\n  orders-db: {readers: [checkout]}\n")
	const config = `config:
  aws:region: eu-west-1
  secretstack:cloud: aws
  secretstack:identities: {checkout: "arn:aws:iam::111122223333:role/checkout"}
`
	write(t, dir, "Pulumi.dev.yaml", config+`  secretstack:alertURLs:
    slack:
      - secure: v1:c2FsdA==:bm90aGluZw==
      - secure: v1:c2FsdA==:YWdhaW4=
    pagerduty:
      - secure: v1:c2FsdA==:b25jZSBtb3Jl
`)
	s, err := Open(dir, "dev")
	if err != nil {
		t.Fatal(err)
	}
	chats, subscriptions := s.Plan.Of("aws:cloudwatch/eventApiDestination:EventApiDestination"), s.Plan.Of("aws:sns/topicSubscription:TopicSubscription")
	if len(chats) != 2 || len(subscriptions) != 1 {
		t.Errorf("%d chats and %d subscriptions, want 2 and 1", len(chats), len(subscriptions))
	}

	const canary = "canary-4711"
	run := func(urls string) (*plan.Graph, error) {
		return plan.Run(t.Context(), In(dir), plan.Options{
			Project: "shop", Stack: "dev", SecretKeys: []string{alertURLsKey},
			Config: map[string]string{
				"aws:region": "eu-west-1", "secretstack:cloud": "aws",
				"secretstack:identities": `{"checkout": "arn:aws:iam::111122223333:role/checkout"}`, alertURLsKey: urls,
			},
		})
	}
	g, err := run(`{"slack": ["https://hooks.example.com/` + canary + `"]}`)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := g.Text(&text); err != nil || strings.Contains(text.String(), canary) || len(g.Of("aws:cloudwatch/eventApiDestination:EventApiDestination")) != 1 {
		t.Error("the plan shows the URL, or has no place to post to:\n", text.String())
	}
	if _, err := run(`{"slack": ["http://hooks.example.com/` + canary + `"]}`); err == nil || !strings.Contains(err.Error(), "https://") || strings.Contains(err.Error(), canary) {
		t.Errorf("a URL without TLS: got %v", err)
	}
}
