package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/proto"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/info"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// TestMappingMatchesSDK checks for every mapped type that the properties we serve have
// the names and the nesting that the Pulumi AWS SDK expects. It reads the SDK's source.
func TestMappingMatchesSDK(t *testing.T) {
	tf, err := startTerraform()
	if err != nil {
		t.Fatal(err)
	}
	defer tf.Close()
	prov := providerInfo(proto.New(t.Context(), tf))
	sdk := sdkSource(t)

	check := func(tfType, tok string, tfSchema shim.SchemaMap, f fields, sdkTypes ...string) {
		t.Run(tfType, func(t *testing.T) {
			module := strings.Split(strings.TrimPrefix(tok, "aws:"), "/")[0]
			pkg := parsePackage(t, filepath.Join(sdk, strings.TrimPrefix(module, "index")))
			want := map[string]any{}
			for _, name := range sdkTypes {
				maps.Copy(want, pkg.object(name))
			}
			got := bridged(tfSchema, f)
			for _, name := range []string{
				"id",                                                           // the engine's business
				"timeouts",                                                     // a resource option in Pulumi
				"hasSecretStringWo", "secretStringWo", "secretStringWoVersion", // write-only: hidden by the SDK
			} {
				delete(want, name)
				delete(got, name)
			}
			compare(t, "", got, want)
		})
	}
	for _, tfType := range slices.Sorted(maps.Keys(resources)) {
		r := prov.Resources[tfType]
		tok := string(r.Tok)
		name := tok[strings.Index(tok, "/")+1 : strings.LastIndex(tok, ":")]
		check(tfType, tok, prov.P.ResourcesMap().Get(tfType).Schema(), r.Fields, name+"State")
	}
	for _, tfType := range slices.Sorted(maps.Keys(dataSources)) {
		d := prov.DataSources[tfType]
		tok := string(d.Tok)
		name := tok[strings.LastIndex(tok, ":")+len(":get"):]
		check(tfType, tok, prov.P.DataSourcesMap().Get(tfType).Schema(), d.Fields,
			"Get"+name+"Args", "Lookup"+name+"Args", "Get"+name+"Result", "Lookup"+name+"Result")
	}
}

// A shape is a property name -> shape map for an object, a one-element slice for a
// list, map[string]any{"*": shape} for a map, "" for a scalar and nil for anything.

// bridged gives the shape of an object as our plugin serves it.
func bridged(schema shim.SchemaMap, f fields) map[string]any {
	object := map[string]any{}
	schema.Range(func(key string, s shim.Schema) bool {
		object[tfbridge.TerraformToPulumiNameV2(key, schema, f)] = bridgedValue(s, f[key])
		return true
	})
	return object
}

func bridgedValue(s shim.Schema, i *info.Schema) any {
	var nested fields
	if i != nil && i.Elem != nil {
		nested = i.Elem.Fields
	}
	var elem any = ""
	switch e := s.Elem().(type) {
	case shim.Resource:
		elem = bridged(e.Schema(), nested)
	case shim.Schema:
		elem = bridgedValue(e, nil)
	}
	switch s.Type() {
	case shim.TypeList, shim.TypeSet:
		if tfbridge.IsMaxItemsOne(s, i) {
			return elem
		}
		return []any{elem}
	case shim.TypeMap:
		if object, ok := elem.(map[string]any); ok {
			return object
		}
		return map[string]any{"*": elem}
	}
	return ""
}

func compare(t *testing.T, path string, got, want any) {
	t.Helper()
	if want == nil {
		return
	}
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: SDK has an object, we serve %v", path, kind(got))
			return
		}
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if _, has := got[key]; !has {
				t.Errorf("%s.%s: only in the SDK", path, key)
				continue
			}
			compare(t, path+"."+key, got[key], want[key])
		}
		for _, key := range slices.Sorted(maps.Keys(got)) {
			if _, has := want[key]; !has {
				t.Errorf("%s.%s: not in the SDK", path, key)
			}
		}
	case []any:
		got, ok := got.([]any)
		if !ok {
			t.Errorf("%s: SDK has a list, we serve %v", path, kind(got))
			return
		}
		compare(t, path+"[]", got[0], want[0])
	default:
		if kind(got) != "scalar" {
			t.Errorf("%s: SDK has a scalar, we serve %v", path, kind(got))
		}
	}
}

func kind(shape any) string {
	switch shape.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "scalar"
	}
	return fmt.Sprintf("%T", shape)
}
