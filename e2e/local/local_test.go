// Package local_test runs the local cloud through the real Pulumi engine.
package local_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/debug"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/internal/pulumicli"
)

const (
	project = "shop"
	canary  = "canary-9c41-put-outside"
)

// world is a project with one stack, on disk of its own.
type world struct {
	t     *testing.T
	dir   string // of the project
	state string // the backend's
	stack auto.Stack
	out   bytes.Buffer // what the engine printed and sent as events
	log   bytes.Buffer // what it logged

	// What the program declares.
	store localsecret.StoreArgs
	specs []secret.Spec
	given map[string]pulumi.StringInput
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cli, err := pulumicli.Find(t.Context(), os.Stderr) // in the user's own cache: the home folder changes below
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), state: t.TempDir()}
	plugin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", plugin, "./cmd/pulumi-resource-secretstack")
	build.Dir = needs.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	w.write("Pulumi.yaml", fmt.Sprintf("name: %s\nruntime: go\nplugins:\n  providers:\n    - name: secretstack\n      path: %s\n", project, plugin))

	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	t.Setenv("HOME", config)
	w.stack, err = auto.UpsertStackInlineSource(t.Context(), "test", project, w.program,
		auto.WorkDir(w.dir), auto.Pulumi(cli), auto.PulumiHome(t.TempDir()),
		auto.EnvVars(map[string]string{
			"PULUMI_BACKEND_URL":                          "file://" + w.state,
			"PULUMI_CONFIG_PASSPHRASE":                    "",
			"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
			"PULUMI_SKIP_UPDATE_CHECK":                    "true",
		}))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) program(ctx *pulumi.Context) error {
	store, err := localsecret.NewStore(ctx, "shop-test", &w.store)
	if err != nil {
		return err
	}
	for _, spec := range w.specs {
		s, err := localsecret.NewSecret(ctx, spec.Name, &localsecret.SecretArgs{Store: store, Spec: spec, Readers: w.given})
		if err != nil {
			return err
		}
		ctx.Export(spec.Name, s.Reference)
	}
	return nil
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// collect keeps the events that come through the channel, until the function it gives is called.
func (w *world) collect() (chan events.EngineEvent, func()) {
	ch, done := make(chan events.EngineEvent), make(chan struct{})
	var all []events.EngineEvent
	go func() {
		defer close(done)
		for e := range ch {
			all = append(all, e)
		}
	}()
	return ch, func() {
		<-done
		data, err := json.Marshal(all)
		if err != nil {
			w.t.Error(err)
		}
		w.out.Write(data)
	}
}

// logs is as much as the engine and its plugins can be made to say.
func logs() debug.LoggingOptions {
	level := uint(11)
	return debug.LoggingOptions{LogToStdErr: true, LogLevel: &level, FlowToPlugins: true, Debug: true}
}

func (w *world) up() (auto.UpResult, error) {
	w.t.Helper()
	ch, wait := w.collect()
	result, err := w.stack.Up(w.t.Context(), optup.EventStreams(ch), optup.DebugLogging(logs()),
		optup.ProgressStreams(&w.out), optup.ErrorProgressStreams(&w.log))
	wait()
	w.out.WriteString(result.StdOut + result.StdErr)
	return result, err
}

func (w *world) mustUp(want map[string]int) {
	w.t.Helper()
	result, err := w.up()
	if err != nil {
		w.t.Fatal(tail(err))
	}
	w.compare(*result.Summary.ResourceChanges, want)
}

func (w *world) preview() (map[string]int, error) {
	w.t.Helper()
	ch, wait := w.collect()
	result, err := w.stack.Preview(w.t.Context(), optpreview.EventStreams(ch), optpreview.DebugLogging(logs()),
		optpreview.ProgressStreams(&w.out), optpreview.ErrorProgressStreams(&w.log))
	wait()
	changes := map[string]int{}
	for op, n := range result.ChangeSummary {
		changes[string(op)] = n
	}
	return changes, err
}

func (w *world) mustPreview(want map[string]int) {
	w.t.Helper()
	before := w.files()
	changes, err := w.preview()
	if err != nil {
		w.t.Fatal(tail(err))
	}
	w.compare(changes, want)
	if after := w.files(); !slices.Equal(before, after) {
		w.t.Errorf("the preview wrote files: before %v, after %v", before, after)
	}
}

func (w *world) refresh() {
	w.t.Helper()
	ch, wait := w.collect()
	_, err := w.stack.Refresh(w.t.Context(), optrefresh.EventStreams(ch), optrefresh.DebugLogging(logs()),
		optrefresh.ProgressStreams(&w.out), optrefresh.ErrorProgressStreams(&w.log))
	wait()
	if err != nil {
		w.t.Fatal(tail(err))
	}
}

func (w *world) destroy() error {
	w.t.Helper()
	ch, wait := w.collect()
	_, err := w.stack.Destroy(w.t.Context(), optdestroy.EventStreams(ch), optdestroy.DebugLogging(logs()),
		optdestroy.ProgressStreams(&w.out), optdestroy.ErrorProgressStreams(&w.log))
	wait()
	return err
}

// compare looks at the steps that change something.
func (w *world) compare(got, want map[string]int) {
	w.t.Helper()
	delete(got, "same")
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("steps: got %v, want %v", got, want)
	}
}

// files are the names, times and sizes of the encrypted file and the keys.
func (w *world) files() []string {
	w.t.Helper()
	var all []string
	for _, root := range []string{w.dir, os.Getenv("XDG_CONFIG_HOME")} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "Pulumi.") {
				return err
			}
			info, err := d.Info()
			if err == nil {
				all = append(all, fmt.Sprint(path, info.ModTime(), info.Size()))
			}
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return all
}

func (w *world) path() string { return filepath.Join(w.dir, agefile.FileName("test")) }

// key is the path of a reader's key on this machine.
func (w *world) key(reader string) string {
	w.t.Helper()
	dir, err := agefile.KeyDir(project, "test")
	if err != nil {
		w.t.Fatal(err)
	}
	file, err := agefile.KeyFile(dir, reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return file
}

// get is the value as a reader reads it.
func (w *world) get(name, reader string) (string, error) {
	w.t.Helper()
	ids, err := agefile.LoadIdentities(w.key(reader))
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := agefile.Read(w.path())
	if err != nil {
		w.t.Fatal(err)
	}
	value, err := f.Get(name, ids)
	return string(value), err
}

func (w *world) mustGet(name, reader string) string {
	w.t.Helper()
	value, err := w.get(name, reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

func (w *world) mustNotRead(name, reader string) {
	w.t.Helper()
	if _, err := w.get(name, reader); err == nil {
		w.t.Errorf("%s can read %s", reader, name)
	}
}

// search looks for values wherever they could have leaked to.
func (w *world) search(values ...string) {
	w.t.Helper()
	places := map[string][]byte{"the engine's output": w.out.Bytes(), "the engine's logs": w.log.Bytes()}
	for _, root := range []string{w.state, w.dir} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				places[path], err = os.ReadFile(path)
			}
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	state, err := w.stack.Export(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	places["the exported state"] = state.Deployment
	if !bytes.Contains(state.Deployment, []byte("orders-db")) || !bytes.Contains(w.out.Bytes(), []byte("orders-db")) || !bytes.Contains(w.log.Bytes(), []byte("orders-db")) {
		w.t.Error("there is nothing to search")
	}
	for place, data := range places {
		for i, value := range values {
			for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
				if bytes.Contains(data, []byte(form)) {
					w.t.Errorf("value %d is in %s", i, place)
				}
			}
		}
	}
}

// tail is the end of an error that comes with all of the engine's output.
func tail(err error) string {
	text := err.Error()
	return text[max(0, len(text)-3000):]
}

func TestLifecycle(t *testing.T) {
	w := newWorld(t)
	w.store = localsecret.StoreArgs{AllowDestroy: true, Recovery: 24 * time.Hour}
	w.specs = []secret.Spec{
		{Name: "stripe-api-key", Readers: []string{"checkout"}},
		{Name: "orders-db", Readers: []string{"checkout"}},
	}

	w.mustPreview(map[string]int{"create": 7}) // stack, store, key, 2 secrets of 2 resources
	w.mustUp(map[string]int{"create": 7})
	w.mustPreview(map[string]int{})
	generated := w.mustGet("orders-db", "checkout")
	stripe := w.mustGet("stripe-api-key", "checkout")
	if len(generated) != 32 || generated == stripe {
		t.Error("the generated values are wrong")
	}

	// A reader comes: the same value, encrypted to both.
	w.specs[1].Readers = []string{"checkout", "reports"}
	w.mustPreview(map[string]int{"create": 1, "update": 1})
	w.mustUp(map[string]int{"create": 1, "update": 1})
	w.mustPreview(map[string]int{})
	if w.mustGet("orders-db", "reports") != generated || w.mustGet("orders-db", "checkout") != generated {
		t.Error("the value changed with the readers")
	}
	w.mustNotRead("stripe-api-key", "reports")

	// A reader with a key of its own comes, and the first goes.
	alice, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w.given = map[string]pulumi.StringInput{"alice": pulumi.String(alice.Recipient().String())}
	w.specs[1].Readers = []string{"alice", "reports"}
	w.mustUp(map[string]int{"update": 1})
	w.mustNotRead("orders-db", "checkout")
	f, err := agefile.Read(w.path())
	if err != nil {
		t.Fatal(err)
	}
	if value, err := f.Get("orders-db", []age.Identity{alice}); err != nil || string(value) != generated {
		t.Errorf("alice does not read what she should: %v", err)
	}

	// Somebody puts a value: nothing to do for Pulumi.
	err = agefile.Update(w.path(), func(f *agefile.File) error {
		e, _ := f.Entry("orders-db")
		return f.Put("orders-db", []byte(canary), e.Recipients)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.mustPreview(map[string]int{})
	w.refresh()
	w.mustPreview(map[string]int{})
	w.mustUp(map[string]int{})

	// Somebody changes the readers: refresh finds out, and up puts it right.
	ids, err := agefile.LoadIdentities(w.key("reports"))
	if err != nil {
		t.Fatal(err)
	}
	eve, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	err = agefile.Update(w.path(), func(f *agefile.File) error {
		e, _ := f.Entry("orders-db")
		return f.SetRecipients("orders-db", append(e.Recipients, eve.Recipient().String()), ids)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.refresh()
	w.mustUp(map[string]int{"update": 1})
	if f, err = agefile.Read(w.path()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get("orders-db", []age.Identity{eve}); err == nil {
		t.Error("eve is still a reader")
	}

	// An entry that is lost is made again.
	err = agefile.Update(w.path(), func(f *agefile.File) error { f.Delete("stripe-api-key", 0); return nil })
	if err != nil {
		t.Fatal(err)
	}
	w.refresh()
	w.mustUp(map[string]int{"create": 1})
	w.search(canary, generated, stripe, w.mustGet("stripe-api-key", "checkout"))

	// Deleted is not lost.
	if err := w.destroy(); err != nil {
		t.Fatal(tail(err))
	}
	if _, err := w.get("orders-db", "reports"); err == nil {
		t.Error("a deleted secret can be read")
	}
	w.mustUp(map[string]int{"create": 8})
	if w.mustGet("orders-db", "reports") != canary {
		t.Error("a restored secret has another value")
	}
	w.mustPreview(map[string]int{})
	w.search(canary, generated, stripe)

	// A throw-away stack leaves nothing.
	w.store.Recovery = 0
	w.mustUp(map[string]int{"update": 2})
	if err := w.destroy(); err != nil {
		t.Fatal(tail(err))
	}
	if data, err := os.ReadFile(w.path()); err != nil || strings.Contains(string(data), "orders-db") {
		t.Errorf("the secret is still in the file: %v", err)
	}
}

func TestProtected(t *testing.T) {
	w := newWorld(t)
	w.specs = []secret.Spec{{Name: "orders-db", Readers: []string{"checkout"}}}
	w.mustUp(map[string]int{"create": 5})
	value := w.mustGet("orders-db", "checkout")
	if err := w.destroy(); err == nil || !strings.Contains(err.Error(), "protect") {
		t.Errorf("destroy: got %v, want a refusal", err)
	}
	if w.mustGet("orders-db", "checkout") != value {
		t.Error("the value changed")
	}

	// The file of another machine, with its keys: a preview already tells.
	if err := os.Rename(w.key("checkout"), w.key("checkout")+".away"); err != nil {
		t.Fatal(err)
	}
	w.specs[0].Readers = []string{"checkout", "alice"}
	alice, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w.given = map[string]pulumi.StringInput{"alice": pulumi.String(alice.Recipient().String())}
	for name, run := range map[string]func() error{
		"preview": func() error { _, err := w.preview(); return err },
		"up":      func() error { _, err := w.up(); return err },
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), "there is no private key on this machine") {
			t.Errorf("%s without a key: got %v", name, err)
		}
	}

	// A merge conflict stops a preview, too.
	if err := os.Rename(w.key("checkout")+".away", w.key("checkout")); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(w.path())
	if err != nil {
		t.Fatal(err)
	}
	w.write(agefile.FileName("test"), "<<<<<<< HEAD\n"+string(data))
	if _, err := w.preview(); err == nil || !strings.Contains(err.Error(), "line 1: a merge conflict") {
		t.Errorf("preview with a conflict: got %v", err)
	}
	w.write(agefile.FileName("test"), string(data))
	w.mustUp(map[string]int{"update": 1})
	w.search(value)
}
