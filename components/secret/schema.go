package secret

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// Schema is the JSON Schema of secrets.yaml, for editors.
func Schema() []byte {
	r := jsonschema.Reflector{DoNotReference: true, Anonymous: true}
	s := r.Reflect(&file{})
	s.ID = "https://github.com/secretstack/secretstack/components/secret/schema.json"
	s.Title = "secrets.yaml: what an application needs, never a value"
	secrets, _ := s.Properties.Get("secrets")
	secrets.PropertyNames = &jsonschema.Schema{Pattern: namePattern}
	readers, _ := secrets.AdditionalProperties.Properties.Get("readers")
	readers.Items.Pattern = readerPattern
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // a schema of plain values always marshals
	}
	return append(out, '\n')
}
