package source

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// unknowns are the texts that the engine writes for a value that is not known before the update.
var unknowns = []string{
	plugin.UnknownStringValue, plugin.UnknownBoolValue, plugin.UnknownNumberValue, plugin.UnknownArrayValue,
	plugin.UnknownObjectValue, plugin.UnknownAssetValue, plugin.UnknownArchiveValue,
}

var (
	unknown       = property.New(property.Computed)
	unknownSecret = unknown.WithSecret(true)
)

// decoder reads properties as Pulumi writes them in JSON. What it cannot read, such as a secret's ciphertext or what a
// later version of Pulumi may add, is unknown.
type decoder struct {
	masked bool // secrets are the text "[secret]", as in previews
}

// properties leaves out what is null, and what the engine does not show to rules either.
func (d decoder) properties(from map[string]any) property.Map {
	shown := make(map[string]any, len(from))
	for name, value := range from {
		if !strings.HasPrefix(name, "__") {
			shown[name] = value
		}
	}
	return d.object(shown).AsMap()
}

func (d decoder) value(from any) property.Value {
	switch from := from.(type) {
	case bool:
		return property.New(from)
	case float64:
		return property.New(from)
	case string:
		switch {
		case slices.Contains(unknowns, from):
			return unknown
		case d.masked && from == "[secret]":
			return unknownSecret
		}
		return property.New(from)
	case []any:
		items := make([]property.Value, len(from))
		for i, item := range from {
			items[i] = d.value(item)
		}
		return property.New(items)
	case map[string]any:
		if signature, signed := from[sig.Key]; signed {
			return d.signed(signature, from)
		}
		return d.object(from)
	}
	return property.Value{}
}

func (d decoder) object(from map[string]any) property.Value {
	fields := make(map[string]property.Value, len(from))
	for name, value := range from {
		// "__defaults" names the inputs that a bridged provider has filled in.
		if v := d.value(value); !v.IsNull() && name != "__defaults" {
			fields[name] = v
		}
	}
	return property.New(fields)
}

// signed reads an object that stands for something else, of which its signature tells.
func (d decoder) signed(signature any, from map[string]any) property.Value {
	switch signature {
	case sig.Secret:
		var plain any
		text, _ := from["plaintext"].(string)
		if json.Unmarshal([]byte(text), &plain) != nil {
			return unknownSecret
		}
		return d.value(plain).WithSecret(true)
	case sig.AssetSig:
		if a, _, err := asset.Deserialize(from); err == nil {
			return property.New(a)
		}
	case sig.ArchiveSig:
		if a, _, err := archive.Deserialize(from); err == nil {
			return property.New(a)
		}
	case sig.ResourceReference:
		text, _ := from["urn"].(string)
		if to, err := urn.Parse(text); err == nil {
			return property.New(property.ResourceReference{URN: to, Name: to.Name(), Type: string(to.Type()), ID: d.value(from["id"])})
		}
	}
	return unknown
}
