package source

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/policies/policy"
)

// Each file of testdata gives the resources in the text beside it.
func TestFiles(t *testing.T) {
	for file, read := range map[string]func(io.Reader) iter.Seq2[*policy.Resource, error]{
		"state.json":      State,
		"checkpoint.json": State,
		"preview.json":    Preview,
		"plan.json":       Terraform,
		"update.json":     Terraform,
	} {
		t.Run(file, func(t *testing.T) {
			in, err := os.Open("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }()
			var text strings.Builder
			for r, err := range read(in) {
				if err != nil {
					t.Fatal(err)
				}
				show(&text, r)
			}
			golden.Compare(t, "testdata/"+strings.TrimSuffix(file, ".json")+".txt", []byte(text.String()))
		})
	}
}

// show writes a resource with its properties, one in a line.
func show(to *strings.Builder, r *policy.Resource) {
	fmt.Fprintf(to, "%s %s\n", r.Type, r.Name)
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(to, "  %s: %s\n", label, value)
		}
	}
	line("id", r.ID)
	line("parent", short(r.Parent))
	line("protect", r.Option("protect").String())
	for _, part := range []struct {
		label string
		from  property.Map
	}{{"in", r.Inputs}, {"out", r.Outputs}} {
		for _, path := range paths(property.New(part.from), "") {
			line(part.label+" "+path.path, path.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.PropertyDependencies)) {
		line(name+" depends on", shorts(r.PropertyDependencies[name]))
	}
	line("depends on", shorts(r.Dependencies))
}

type leaf struct{ path, value string }

// paths are the leaves of a value. The value of a secret is shown, since it is from a test's file.
func paths(v property.Value, at string) []leaf {
	var leaves []leaf
	switch {
	case v.IsMap() && (v.AsMap().Len() > 0 || at == ""):
		for name, field := range v.AsMap().AllStable {
			leaves = append(leaves, paths(field, strings.TrimPrefix(at+"."+name, "."))...)
		}
	case v.IsArray() && v.AsArray().Len() > 0:
		for i, item := range v.AsArray().All {
			leaves = append(leaves, paths(item, at+"["+strconv.Itoa(i)+"]")...)
		}
	default:
		return []leaf{{at, scalar(v)}}
	}
	if v.Secret() {
		for i := range leaves {
			leaves[i].value = "secret " + leaves[i].value
		}
	}
	return leaves
}

func scalar(v property.Value) string {
	text := "?"
	switch {
	case v.IsComputed():
		text = "unknown"
	case v.IsString():
		text = strconv.Quote(v.AsString())
	case v.IsBool():
		text = strconv.FormatBool(v.AsBool())
	case v.IsNumber():
		text = strconv.FormatFloat(v.AsNumber(), 'f', -1, 64)
	case v.IsNull():
		text = "null"
	case v.IsMap():
		text = "{}"
	case v.IsArray():
		text = "[]"
	case v.IsAsset():
		text = "asset " + strconv.Quote(v.AsAsset().Text+v.AsAsset().Path)
	case v.IsArchive():
		text = fmt.Sprintf("archive %q of %d", v.AsArchive().Path, len(v.AsArchive().Assets))
	case v.IsResourceReference():
		text = "resource " + v.AsResourceReference().Name
	}
	if v.Secret() {
		return "secret " + text
	}
	return text
}

func short(id string) string {
	if id == "" {
		return ""
	}
	return string(urn.URN(id).Type()) + " " + urn.URN(id).Name()
}

func shorts(ids []string) string {
	var texts []string
	for _, id := range ids {
		texts = append(texts, short(id))
	}
	return strings.Join(texts, ", ")
}
