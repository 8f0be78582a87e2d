package stack

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
)

// Places gives a function that says, by its URN, where the project declares a resource of the plan: its secret in
// secrets.yaml, or else the setting of the stack's file that it comes from. The line is 0 where only the file is known.
func (s *Stack) Places() func(id string) (file string, line int) {
	parents := map[string]string{}
	for _, r := range s.Plan.Resources {
		parents[r.URN] = r.Parent
	}
	return func(id string) (string, int) {
		setting := "cloud"
		for ; id != ""; id = parents[id] {
			switch u := urn.URN(id); {
			case !strings.HasPrefix(string(u.Type()), "secretstack:"):
			case strings.HasSuffix(string(u.Type()), ":Secret"):
				return declarationFile, s.Declaration.Line(u.Name())
			case strings.HasSuffix(string(u.Type()), ":Alerts"):
				setting = "alerts"
			}
		}
		return "Pulumi." + s.Name + ".yaml", s.settingLine(namespace + setting)
	}
}
