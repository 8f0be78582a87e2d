package target

import (
	"encoding/json"

	"github.com/secretstack/secretstack/components/secret"
)

// Size is the length of a secret's job, as Jobs makes it, as far as it is known: what other resources give
// counts as nothing. The secret has a Rotation.
func Size(s secret.Spec, args Args, id func(name string) string) int {
	known, _ := args.known()
	job, _ := json.Marshal(secret.NewJob(s, known, id)) // plain data, of which nothing can fail
	return len(job)
}
