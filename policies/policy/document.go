package policy

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Document is what a text holds that is JSON, at the same path; another value is given as it is. The error says where
// the text is no JSON, not what it is.
func (v Value) Document() (Value, error) {
	if !v.IsText() {
		return v, nil
	}
	var parsed any
	if err := json.Unmarshal([]byte(v.Text()), &parsed); err != nil {
		return v, fmt.Errorf("it is not JSON: %w", err)
	}
	return Value{fromJSON(parsed), v.path, v.secret}, nil
}

// fromJSON turns what encoding/json gives into a property.
func fromJSON(parsed any) property.Value {
	switch p := parsed.(type) {
	case string:
		return property.New(p)
	case float64:
		return property.New(p)
	case bool:
		return property.New(p)
	case []any:
		items := make([]property.Value, len(p))
		for i, item := range p {
			items[i] = fromJSON(item)
		}
		return property.New(items)
	case map[string]any:
		fields := make(map[string]property.Value, len(p))
		for name, field := range p {
			fields[name] = fromJSON(field)
		}
		return property.New(fields)
	}
	return property.Value{}
}
