package source

import (
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// conversion makes a value of Terraform into one of Pulumi. Of a value that it does not understand, it makes an unknown one.
type conversion func(property.Value) property.Value

// conversionNamed gives the conversion that a row names.
func conversionNamed(name string) conversion {
	kind, key, _ := strings.Cut(name, ":")
	switch kind {
	case "access": // of a container
		return func(v property.Value) property.Value {
			switch {
			case v.Equals(property.New("private")):
				return property.New("None")
			case v.Equals(property.New("blob")):
				return property.New("Blob")
			case v.Equals(property.New("container")):
				return property.New("Container")
			}
			return unknown
		}
	case "each": // each item as an object with one property
		return func(v property.Value) property.Value {
			return mapped(v, func(item property.Value) property.Value {
				return property.New(map[string]property.Value{key: item})
			})
		}
	case "enabled": // a boolean as an enumeration
		return func(v property.Value) property.Value {
			switch {
			case !v.IsBool():
				return unknown
			case v.AsBool():
				return property.New("Enabled")
			}
			return property.New("Disabled")
		}
	case "joined": // a list as text
		return func(v property.Value) property.Value {
			var texts []string
			for _, item := range array(v) {
				if !item.IsString() {
					return unknown
				}
				texts = append(texts, item.AsString())
			}
			return property.New(strings.Join(texts, ", "))
		}
	case "last": // the name at the end of an id
		return func(v property.Value) property.Value {
			if !v.IsString() {
				return unknown
			}
			return property.New(v.AsString()[strings.LastIndex(v.AsString(), "/")+1:])
		}
	case "on": // objects that are there are enabled
		return func(v property.Value) property.Value {
			return mapped(v, func(item property.Value) property.Value {
				if !item.IsMap() {
					return item
				}
				return property.New(item.AsMap().Set("enabled", property.New(true))).WithSecret(item.Secret())
			})
		}
	case "pairs": // an object as a list of names and values
		return func(v property.Value) property.Value {
			if !v.IsMap() {
				return unknown
			}
			pairs := []property.Value{}
			for name, value := range v.AsMap().AllStable {
				pairs = append(pairs, property.New(map[string]property.Value{"name": property.New(name), "value": value}))
			}
			return property.New(pairs)
		}
	case "rotation": // of a key in a vault
		return rotation
	case "unix": // a time as seconds since 1970
		return func(v property.Value) property.Value {
			if !v.IsString() {
				return unknown
			}
			at, err := time.Parse(time.RFC3339, v.AsString())
			if err != nil {
				return unknown
			}
			return property.New(float64(at.Unix()))
		}
	}
	panic("no conversion " + name)
}

func mapped(v property.Value, each func(property.Value) property.Value) property.Value {
	if !v.IsArray() {
		return unknown
	}
	items := []property.Value{}
	for _, item := range array(v) {
		items = append(items, each(item))
	}
	return property.New(items)
}

func array(v property.Value) []property.Value {
	if v.IsArray() {
		return v.AsArray().AsSlice()
	}
	return nil
}

// rotation gives the actions in the life of a key, of which Terraform has two: it may rotate, and it may notify.
func rotation(v property.Value) property.Value {
	if !v.IsMap() {
		return unknown
	}
	policy := map[string]property.Value{}
	if expiry := v.AsMap().Get("expireAfter"); !expiry.IsNull() {
		policy["attributes"] = property.New(map[string]property.Value{"expiryTime": expiry})
	}
	actions := []property.Value{}
	add := func(action string, trigger map[string]property.Value) {
		for name, when := range trigger {
			if when.IsNull() || when.IsString() && when.AsString() == "" {
				delete(trigger, name)
			}
		}
		if len(trigger) > 0 {
			actions = append(actions, property.New(map[string]property.Value{
				"action":  property.New(map[string]property.Value{"type": property.New(action)}),
				"trigger": property.New(trigger),
			}))
		}
	}
	switch automatic := v.AsMap().Get("automatic"); {
	case automatic.IsComputed():
		add("Rotate", map[string]property.Value{"timeAfterCreate": unknown})
	case automatic.IsMap():
		add("Rotate", map[string]property.Value{
			"timeAfterCreate":  automatic.AsMap().Get("timeAfterCreation"),
			"timeBeforeExpiry": automatic.AsMap().Get("timeBeforeExpiry"),
		})
	}
	add("Notify", map[string]property.Value{"timeBeforeExpiry": v.AsMap().Get("notifyBeforeExpiry")})
	policy["lifetimeActions"] = property.New(actions)
	return property.New(policy)
}
