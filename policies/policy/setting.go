package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Setting is one that a team may change.
type Setting struct {
	Name        string
	Description string
	Default     any      // an int, a bool, a string or a []string, which is also its type
	Minimum     *int     // of an int; nil: none
	Maximum     *int     // of an int; nil: none
	Allowed     []string // of a string or of each of several; nil: any
}

// Schema is the setting as JSON Schema.
func (s Setting) Schema() map[string]any {
	schema := map[string]any{"description": s.Description}
	text := map[string]any{"type": "string"}
	if s.Allowed != nil {
		allowed := make([]any, len(s.Allowed))
		for i, a := range s.Allowed {
			allowed[i] = a
		}
		text["enum"] = allowed
	}
	switch d := s.Default.(type) {
	case int:
		schema["type"], schema["default"] = "integer", d
		if s.Minimum != nil {
			schema["minimum"] = *s.Minimum
		}
		if s.Maximum != nil {
			schema["maximum"] = *s.Maximum
		}
	case bool:
		schema["type"], schema["default"] = "boolean", d
	case string:
		schema["default"] = d
		for k, v := range text {
			schema[k] = v
		}
	case []string:
		items := make([]any, len(d))
		for i, v := range d {
			items[i] = v
		}
		schema["type"], schema["default"], schema["items"] = "array", items, text
	default:
		panic(fmt.Sprintf("setting %s: a default of type %T", s.Name, d))
	}
	return schema
}

// Check says what is wrong with a value for the setting, which is of its type.
func (s Setting) Check(value any) error {
	switch v := value.(type) {
	case int:
		if s.Minimum != nil && v < *s.Minimum || s.Maximum != nil && v > *s.Maximum {
			return fmt.Errorf("must be %s", s.bounds())
		}
	case string:
		return s.allows(v)
	case []string:
		for _, item := range v {
			if err := s.allows(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// Range says which values a setting takes.
func (s Setting) Range() string {
	switch {
	case s.Allowed != nil:
		return strings.Join(s.Allowed, ", ")
	case s.Minimum != nil || s.Maximum != nil:
		return s.bounds()
	}
	return "any"
}

func (s Setting) bounds() string {
	switch {
	case s.Minimum == nil:
		return fmt.Sprintf("at most %d", *s.Maximum)
	case s.Maximum == nil:
		return fmt.Sprintf("at least %d", *s.Minimum)
	}
	return fmt.Sprintf("between %d and %d", *s.Minimum, *s.Maximum)
}

func (s Setting) allows(text string) error {
	if s.Allowed != nil && !slices.Contains(s.Allowed, text) {
		return fmt.Errorf("must be one of %s", strings.Join(s.Allowed, ", "))
	}
	return nil
}

// Convert gives a value as JSON has it in the setting's type. The engine has checked it by the schema.
func (s Setting) Convert(value any) any {
	switch s.Default.(type) {
	case int:
		if n, ok := value.(float64); ok {
			return int(n)
		}
	case []string:
		if items, ok := value.([]any); ok {
			texts := make([]string, len(items))
			for i, item := range items {
				texts[i], _ = item.(string)
			}
			return texts
		}
	}
	return value
}
