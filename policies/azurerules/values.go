package azurerules

import (
	"strings"
	"time"

	"github.com/secretstack/secretstack/policies/policy"
)

// set is a property as the program declares it, or else as the provider reports it.
func set(r *policy.Resource, path string) policy.Value {
	if v := r.Get(path); !v.Absent() {
		return v
	}
	return r.Output(path)
}

// is tells whether a text is one of some, which Azure takes in any case.
func is(v policy.Value, texts ...string) bool {
	for _, text := range texts {
		if strings.EqualFold(v.Text(), text) {
			return true
		}
	}
	return false
}

// date is a point in time as Azure's Resource Manager has it, in seconds since 1970, or as its data plane and Terraform do,
// in RFC 3339. Zero is none.
func date(v policy.Value) (end time.Time, ok bool) {
	if seconds, number := v.Number(); number {
		return time.Unix(int64(seconds), 0).UTC(), seconds > 0
	}
	end, err := time.Parse(time.RFC3339, v.Text())
	return end, err == nil
}

// undecided is about the resource as a whole: what is not known is a property of another one.
func undecided(s policy.Subject, message string) []policy.Finding {
	f := s.Unknown(policy.Value{})
	f.Message = message
	return []policy.Finding{f}
}

// days is a setting that is a number of them.
func days(description string, standard, least, most int) policy.Setting {
	return policy.Setting{Name: "days", Description: description, Default: standard, Minimum: &least, Maximum: &most}
}
