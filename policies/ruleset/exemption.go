package ruleset

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/secretstack/secretstack/policies/policy"
)

// Exemption lets a resource break a rule, until a day.
type Exemption struct {
	Resource string `yaml:"resource"` // a URN, in which * stands for any text
	Rule     string `yaml:"rule"`
	Reason   string `yaml:"reason"` // at least ten characters
	Owner    string `yaml:"owner"`  // who is asked when it expires
	Expires  Date   `yaml:"expires"`

	field   string // where it stands in the file
	pattern *regexp.Regexp
}

// covers tells whether a finding is of its rule and resource, whatever the day.
func (e Exemption) covers(f policy.Finding) bool {
	return f.Rule == e.Rule && e.pattern.MatchString(f.URN)
}

// glob is a pattern in which * stands for any text.
func glob(text string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*") + "$")
}

// about tells whether it can be about a resource of a stack. As far as the pattern names a stack and a project, they
// must be those.
func (e Exemption) about(stack, project string) bool {
	parts := strings.SplitN(e.Resource, "::", 3)
	if !strings.HasPrefix(parts[0], "urn:pulumi:") {
		return true
	}
	return glob(parts[0]).MatchString("urn:pulumi:"+stack) && (len(parts) < 2 || glob(parts[1]).MatchString(project))
}

// Date is a day, as in 2027-01-31. It ends at midnight UTC.
type Date struct{ time.Time }

// UnmarshalText reads a day.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%q must be a day, such as 2027-01-31", text)
	}
	d.Time = t
	return nil
}

func (d Date) String() string { return d.Format(time.DateOnly) }

func (d Date) over(now time.Time) bool { return !now.Before(d.AddDate(0, 0, 1)) }
