package policy

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Value is a property of a resource, which may be absent or not known yet. No method panics: each gives a zero value
// where the property is of another type.
type Value struct {
	v      property.Value
	path   string
	secret bool // it, or what holds it
}

// Path is where it is in the resource, as in "replicas[0].kmsKeyId".
func (v Value) Path() string { return v.path }

// Absent tells that there is no such property, or that it is null.
func (v Value) Absent() bool { return v.v.IsNull() }

// Unknown tells that the property, or what holds it, is known only after the update, or only to who can decrypt it.
func (v Value) Unknown() bool { return v.v.IsComputed() }

// HasUnknown tells that it is unknown, or that something in it is.
func (v Value) HasUnknown() bool { return v.v.HasComputed() }

// Secret tells that the property, or what holds it, is marked as a secret.
func (v Value) Secret() bool { return v.secret }

// At gives the property at a path of names with dots between, as in "rotationRules.duration". What is in an unknown
// value is unknown; what is in none is absent.
func (v Value) At(path string) Value {
	for name := range strings.SplitSeq(path, ".") {
		v = v.field(name)
	}
	return v
}

func (v Value) field(name string) Value {
	inner := Value{path: name, secret: v.secret}
	if v.path != "" {
		inner.path = v.path + "." + name
	}
	switch {
	case v.v.IsComputed():
		inner.v = v.v
	case v.v.IsMap():
		inner.v = v.v.AsMap().Get(name)
		inner.secret = v.secret || inner.v.Secret()
	}
	return inner
}

// Fields are the properties in a map, or the assets in an archive that the program makes; none for another type.
func (v Value) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		switch {
		case v.v.IsMap():
			for name := range v.v.AsMap().AllStable {
				if !yield(name, v.field(name)) {
					return
				}
			}
		case v.v.IsArchive():
			for _, name := range slices.Sorted(maps.Keys(v.v.AsArchive().Assets)) {
				inner, err := property.Any(v.v.AsArchive().Assets[name])
				if err == nil && !yield(name, Value{inner, v.path + "[" + name + "]", v.secret}) {
					return
				}
			}
		}
	}
}

// Items are the elements of a list; of another value, that value alone, also where it is unknown; of an absent one, none.
func (v Value) Items() []Value {
	switch {
	case v.Absent():
		return nil
	case !v.v.IsArray():
		return []Value{v}
	}
	var items []Value
	for i, item := range v.v.AsArray().All {
		items = append(items, Value{item, v.path + "[" + strconv.Itoa(i) + "]", v.secret || item.Secret()})
	}
	return items
}

// IsText tells that it is a known string.
func (v Value) IsText() bool { return v.v.IsString() }

// IsMap tells that it is a known map, in which there may be unknown values.
func (v Value) IsMap() bool { return v.v.IsMap() }

// IsList tells that it is a known list, in which there may be unknown values.
func (v Value) IsList() bool { return v.v.IsArray() }

// Text is a known string.
func (v Value) Text() string {
	if v.v.IsString() {
		return v.v.AsString()
	}
	return ""
}

// Number is a known number, also one that is written as a string.
func (v Value) Number() (n float64, ok bool) {
	switch {
	case v.v.IsNumber():
		return v.v.AsNumber(), true
	case v.v.IsString():
		n, err := strconv.ParseFloat(v.v.AsString(), 64)
		return n, err == nil
	}
	return 0, false
}

// True tells that it is true, or "true".
func (v Value) True() bool { return v.v.IsBool() && v.v.AsBool() || v.Text() == "true" }

// False tells that it is false, or "false". An absent value is neither.
func (v Value) False() bool { return v.v.IsBool() && !v.v.AsBool() || v.Text() == "false" }

// Asset is the text of an asset that has its text in it.
func (v Value) Asset() string {
	if v.v.IsAsset() {
		return v.v.AsAsset().Text
	}
	return ""
}

// String is the value for a message: "[secret]" for a secret, "[unknown]" and "[absent]" likewise.
func (v Value) String() string {
	switch {
	case v.secret || v.v.HasSecrets():
		return "[secret]"
	case v.HasUnknown():
		return "[unknown]"
	case v.Absent():
		return "[absent]"
	case v.v.IsString():
		return v.v.AsString()
	case v.v.IsBool():
		return strconv.FormatBool(v.v.AsBool())
	case v.v.IsNumber():
		return strconv.FormatFloat(v.v.AsNumber(), 'f', -1, 64)
	case v.v.IsMap():
		return fmt.Sprintf("[%d properties]", v.v.AsMap().Len())
	case v.v.IsArray():
		return fmt.Sprintf("[%d items]", v.v.AsArray().Len())
	}
	return "[a file]"
}
