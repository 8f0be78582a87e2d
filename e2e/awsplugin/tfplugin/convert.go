package tfplugin

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/tfplugin5"
)

func encode(v *tfprotov6.DynamicValue) *tfplugin5.DynamicValue {
	if v == nil {
		return nil
	}
	return &tfplugin5.DynamicValue{Msgpack: v.MsgPack, Json: v.JSON}
}

func decode(v *tfplugin5.DynamicValue) *tfprotov6.DynamicValue {
	if v == nil {
		return nil
	}
	return &tfprotov6.DynamicValue{MsgPack: v.Msgpack, JSON: v.Json}
}

func schemas(in map[string]*tfplugin5.Schema, keep func(string) bool) (map[string]*tfprotov6.Schema, error) {
	out := map[string]*tfprotov6.Schema{}
	for name, s := range in {
		if !keep(name) {
			continue
		}
		var err error
		if out[name], err = schema(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func schema(s *tfplugin5.Schema) (*tfprotov6.Schema, error) {
	b, err := block(s.Block)
	return &tfprotov6.Schema{Version: s.Version, Block: b}, err
}

func block(in *tfplugin5.Schema_Block) (*tfprotov6.SchemaBlock, error) {
	out := &tfprotov6.SchemaBlock{Version: in.Version, Deprecated: in.Deprecated}
	for _, a := range in.Attributes {
		typ, err := parseType(a.Type)
		if err != nil {
			return nil, err
		}
		out.Attributes = append(out.Attributes, &tfprotov6.SchemaAttribute{
			Name:       a.Name,
			Type:       typ,
			Required:   a.Required,
			Optional:   a.Optional,
			Computed:   a.Computed,
			Sensitive:  a.Sensitive,
			Deprecated: a.Deprecated,
		})
	}
	for _, n := range in.BlockTypes {
		nested, err := block(n.Block)
		if err != nil {
			return nil, err
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: n.TypeName,
			Block:    nested,
			Nesting:  tfprotov6.SchemaNestedBlockNestingMode(n.Nesting), // same numbering
			MinItems: n.MinItems,
			MaxItems: n.MaxItems,
		})
	}
	return out, nil
}

// parseType reads the JSON form of a type. The function for that is deprecated, so we
// take the way that is supported: decoding a null which says what type it has.
func parseType(text []byte) (tftypes.Type, error) {
	null := tfprotov6.DynamicValue{JSON: fmt.Appendf(nil, `{"type": %s, "value": null}`, text)}
	value, err := null.Unmarshal(tftypes.DynamicPseudoType)
	return value.Type(), err
}

func diagnostics(in []*tfplugin5.Diagnostic) []*tfprotov6.Diagnostic {
	return mapSlice(in, func(d *tfplugin5.Diagnostic) *tfprotov6.Diagnostic {
		return &tfprotov6.Diagnostic{
			Severity:  tfprotov6.DiagnosticSeverity(d.Severity), // same numbering
			Summary:   d.Summary,
			Detail:    d.Detail,
			Attribute: attributePath(d.Attribute),
		}
	})
}

func attributePath(in *tfplugin5.AttributePath) *tftypes.AttributePath {
	if in == nil {
		return nil
	}
	steps := mapSlice(in.Steps, func(s *tfplugin5.AttributePath_Step) tftypes.AttributePathStep {
		switch s := s.Selector.(type) {
		case *tfplugin5.AttributePath_Step_ElementKeyInt:
			return tftypes.ElementKeyInt(s.ElementKeyInt)
		case *tfplugin5.AttributePath_Step_ElementKeyString:
			return tftypes.ElementKeyString(s.ElementKeyString)
		default:
			return tftypes.AttributeName(s.(*tfplugin5.AttributePath_Step_AttributeName).AttributeName)
		}
	})
	return tftypes.NewAttributePathWithSteps(steps)
}

func mapSlice[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
