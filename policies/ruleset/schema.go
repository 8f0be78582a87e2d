package ruleset

import (
	"encoding/json"

	"github.com/secretstack/secretstack/policies/policy"
)

// Schema is the JSON Schema of policies.yaml for the rules that there are.
func Schema(rules []policy.Rule) []byte {
	object := func(properties map[string]any, required ...string) map[string]any {
		o := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
		if required != nil {
			o["required"] = required
		}
		return o
	}
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description}
	}
	profile := func(description string) map[string]any {
		return map[string]any{"description": description, "enum": policy.Profiles}
	}
	choices := map[string]any{}
	var names []string
	for _, r := range append(rules, Exemptions) {
		settings := map[string]any{"level": map[string]any{
			"description": "mandatory stops the update or the check, advisory is shown, disabled is not checked", "enum": policy.Levels,
		}}
		for _, s := range r.Settings {
			settings[s.Name] = s.Schema()
		}
		choice := object(settings)
		choice["description"] = r.Summary
		choices[r.Name] = choice
		if r.Check != nil {
			names = append(names, r.Name)
		}
	}
	reason := text("Why it may break the rule")
	reason["minLength"] = 10
	expires := text("The last day on which it holds, such as 2027-01-31")
	expires["format"] = "date"
	schema := object(map[string]any{
		"profile": profile("The rules of all stacks"),
		"stacks": map[string]any{
			"type": "object", "description": "The rules of single stacks", "additionalProperties": profile("The rules of this stack"),
		},
		"rules": object(choices),
		"exemptions": map[string]any{"type": "array", "items": object(map[string]any{
			"resource": text("A URN, in which * stands for any text"),
			"rule":     map[string]any{"enum": names},
			"reason":   reason,
			"owner":    text("Who is asked when it expires"),
			"expires":  expires,
		}, "resource", "rule", "reason", "owner", "expires")},
	})
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["$id"] = "https://github.com/secretstack/secretstack/policies/schema.json"
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic(err) // a schema of plain values always marshals
	}
	return append(out, '\n')
}
