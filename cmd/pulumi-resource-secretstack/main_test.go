package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/internal/agefile"
)

// serve gives the plugin as the engine sees it, with folders of its own.
func serve(t *testing.T) pulumirpc.ResourceProviderServer {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Chdir(t.TempDir())
	made, err := provider()
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.RawServer(name, version, made)(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var wire = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true}

func marshal(t *testing.T, m property.Map) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(resource.ToResourcePropertyMap(m), wire)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func create(t *testing.T, s pulumirpc.ResourceProviderServer, in property.Map, preview bool) (id string, out property.Map, err error) {
	t.Helper()
	resp, err := s.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: marshal(t, in), Preview: preview})
	if err != nil {
		return "", property.Map{}, err
	}
	m, err := plugin.UnmarshalProperties(resp.GetProperties(), wire)
	return resp.GetId(), resource.FromResourcePropertyMap(m), err
}

// The components register resources by hand: what they rely on must be in the plugin.
func TestSchema(t *testing.T) {
	resp, err := serve(t).GetSchema(t.Context(), &pulumirpc.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var pkg struct {
		Resources map[string]struct {
			Description                 string
			InputProperties, Properties map[string]any
		}
	}
	if err := json.Unmarshal([]byte(resp.GetSchema()), &pkg); err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]struct{ inputs, outputs string }{
		localsecret.KeyType:   {"project reader stack", "project reader recipient stack"},
		localsecret.EntryType: {"file name project readers recoveryDays stack", "file name project readers recoveryDays stack updated version"},
	} {
		r := pkg.Resources[token]
		inputs := strings.Join(slices.Sorted(maps.Keys(r.InputProperties)), " ")
		outputs := strings.Join(slices.Sorted(maps.Keys(r.Properties)), " ")
		if inputs != want.inputs || outputs != want.outputs || r.Description == "" {
			t.Errorf("%s has inputs %q and outputs %q", token, inputs, outputs)
		}
	}
	if len(pkg.Resources) != 2 {
		t.Errorf("resources: %v", slices.Sorted(maps.Keys(pkg.Resources)))
	}
}

func inputs(file string, readers property.Value) property.Map {
	return property.NewMap(map[string]property.Value{
		"file": property.New(file), "name": property.New("orders-db"), "readers": readers,
		"project": property.New("shop"), "stack": property.New("local"), "recoveryDays": property.New(1.0),
	})
}

func newRecipient(t *testing.T) string {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String()
}

func readers(recipients ...string) property.Value {
	m := map[string]property.Value{}
	for i, r := range recipients {
		m[string(rune('a'+i))] = property.New(r)
	}
	return property.New(m)
}

const urn = "urn:pulumi:local::shop::" + localsecret.EntryType + "::orders-db"

func TestPreviewOfCreate(t *testing.T) {
	s := serve(t)
	for name, r := range map[string]property.Value{
		"known":   readers(newRecipient(t)),
		"unknown": property.New(map[string]property.Value{"a": property.New(property.Computed)}),
	} {
		_, out, err := create(t, s, inputs("f.yaml", r), true)
		if err != nil {
			t.Fatal(err)
		}
		if !out.Get("version").IsComputed() || !out.Get("updated").IsComputed() {
			t.Errorf("%s readers: want unknown version and time, got %v", name, out)
		}
	}
	if left, _ := os.ReadDir("."); len(left) != 0 {
		t.Errorf("the preview wrote %v", left)
	}
}

func TestDiff(t *testing.T) {
	s := serve(t)
	a, b := newRecipient(t), newRecipient(t)
	state := inputs("f.yaml", readers(a)).Set("version", property.New(7.0)).Set("updated", property.New("2026-01-02T15:04:05Z"))
	for name, c := range map[string]struct {
		new  property.Map
		want map[string]string
	}{
		"a new value outside": {inputs("f.yaml", readers(a)), map[string]string{}},
		"a reader more":       {inputs("f.yaml", readers(a, b)), map[string]string{"readers.b": "ADD"}},
		"another reader":      {inputs("f.yaml", readers(b)), map[string]string{"readers.a": "UPDATE"}},
		"another file":        {inputs("g.yaml", readers(a)), map[string]string{"file": "UPDATE_REPLACE"}},
		"another name": {
			inputs("f.yaml", readers(a)).Set("name", property.New("other")),
			map[string]string{"name": "UPDATE_REPLACE"},
		},
	} {
		resp, err := s.Diff(t.Context(), &pulumirpc.DiffRequest{
			Id: "f.yaml#orders-db", Urn: urn,
			Olds: marshal(t, state), OldInputs: marshal(t, inputs("f.yaml", readers(a))), News: marshal(t, c.new),
		})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for property, d := range resp.GetDetailedDiff() {
			got[property] = d.GetKind().String()
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestAdopt(t *testing.T) {
	s := serve(t)
	r := newRecipient(t)
	err := agefile.Update("f.yaml", func(f *agefile.File) error {
		return f.Put("orders-db", []byte("canary"), []string{r})
	})
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("f.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := agefile.KeyDir("shop", "local")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "junk.key"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	id, out, err := create(t, s, inputs("f.yaml", readers(r)), false)
	if err != nil {
		t.Fatal(err)
	}
	if out.Get("version").AsNumber() != 1 || id != "f.yaml#orders-db" {
		t.Errorf("%s: %v", id, out)
	}
	if after, _ := os.ReadFile("f.yaml"); string(before) != string(after) {
		t.Error("an adopted entry was changed")
	}
	_, _, err = create(t, s, inputs("f.yaml", readers(newRecipient(t))), false)
	if err == nil || !strings.Contains(err.Error(), dir+" as NAME.key") {
		t.Errorf("want an error that says where a key belongs, got %v", err)
	}
}

// A rotation outside changes outputs only, so that an update finds nothing to do, and changes no value.
func TestReadAfterRotation(t *testing.T) {
	s := serve(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	in := inputs("f.yaml", readers(key.Recipient().String()))
	id, out, err := create(t, s, in, false)
	if err != nil {
		t.Fatal(err)
	}
	err = agefile.Update("f.yaml", func(f *agefile.File) error {
		v, err := f.Stage("orders-db", "a round", []byte("canary"), []age.Identity{key})
		if err != nil {
			return err
		}
		if err := f.Promote("orders-db", v); err != nil {
			return err
		}
		_, err = f.Stage("orders-db", "the next round", []byte("canary"), []age.Identity{key})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("f.yaml")
	if err != nil {
		t.Fatal(err)
	}
	read, err := s.Read(t.Context(), &pulumirpc.ReadRequest{Id: id, Urn: urn, Inputs: marshal(t, in), Properties: marshal(t, out)})
	if err != nil {
		t.Fatal(err)
	}
	state, err := plugin.UnmarshalProperties(read.GetProperties(), wire)
	if err != nil {
		t.Fatal(err)
	}
	if version := state["version"].NumberValue(); version != 2 {
		t.Errorf("version %v, want 2", version)
	}
	diff, err := s.Diff(t.Context(), &pulumirpc.DiffRequest{
		Id: id, Urn: urn, Olds: read.GetProperties(), OldInputs: read.GetInputs(), News: marshal(t, in),
	})
	if err != nil || diff.GetChanges() != pulumirpc.DiffResponse_DIFF_NONE {
		t.Errorf("differences: %v, %v", diff.GetDetailedDiff(), err)
	}
	if after, _ := os.ReadFile("f.yaml"); string(before) != string(after) {
		t.Error("the file was changed")
	}
}

func TestActualReaders(t *testing.T) {
	declared := map[string]string{"checkout": "age1c", "alice": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJZFoaXvPMa8KlYT6ZXJy9pW0EgDIoQHWwbcJmYIFmOr alice@laptop"}
	key, err := agefile.CanonicalRecipient(declared["alice"])
	if err != nil {
		t.Fatal(err)
	}
	got := actualReaders(declared, []string{key, "age1other"})
	if want := map[string]string{"alice": declared["alice"], "age1other": "age1other"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
