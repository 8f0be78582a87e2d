package plan

import (
	"cmp"
	"encoding/json"
	"math"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// What stands for a value that must not, or cannot, be shown.
const (
	Secret  = "<secret>"
	Unknown = "<known after up>"
)

// MarshalJSON gives the resources and the stack's outputs, with Secret and Unknown in place of such values.
func (g *Graph) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Resources []Resource `json:"resources"`
		Outputs   any        `json:"outputs"`
	}{g.Resources, maskedMap(g.Outputs, verbatim)})
}

// MarshalJSON gives the resource with Secret and Unknown in place of such values.
func (r Resource) MarshalJSON() ([]byte, error) {
	type fields Resource
	return json.Marshal(struct {
		fields
		Inputs  map[string]any `json:"inputs"`
		Outputs map[string]any `json:"outputs,omitempty"`
	}{fields(r), maskedMap(r.Inputs, verbatim), maskedMap(r.Outputs, verbatim)})
}

func verbatim(s string) any { return s }

// masked turns a value into maps, slices and scalars without what is secret or unknown. It renders strings with text.
func masked(v property.Value, text func(string) any) any {
	switch {
	case v.Secret():
		return Secret
	case v.IsComputed():
		return Unknown
	case v.IsMap():
		return maskedMap(v.AsMap(), text)
	case v.IsArray():
		a := []any{}
		for _, v := range v.AsArray().All {
			a = append(a, masked(v, text))
		}
		return a
	case v.IsString():
		return text(v.AsString())
	case v.IsBool():
		return v.AsBool()
	case v.IsNumber():
		if f := v.AsNumber(); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f) // else 2592000 prints as 2.592e+06
		}
		return v.AsNumber()
	case v.IsAsset():
		return file(v.AsAsset())
	case v.IsArchive():
		return file(v.AsArchive())
	case v.IsResourceReference():
		return short(string(v.AsResourceReference().URN))
	}
	return nil
}

func maskedMap(m property.Map, text func(string) any) map[string]any {
	masks := map[string]any{}
	for name, v := range m.All {
		masks[name] = masked(v, text)
	}
	return masks
}

// file shows where an asset or archive comes from, and a text asset's text.
func file(v any) any {
	switch v := v.(type) {
	case property.Asset:
		return cmp.Or(v.Path, v.URI, v.Text)
	case property.Archive:
		if v.Assets == nil {
			return cmp.Or(v.Path, v.URI)
		}
		m := map[string]any{}
		for name, v := range v.Assets {
			m[name] = file(v)
		}
		return m
	}
	return nil
}
