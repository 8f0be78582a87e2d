package stack

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
)

// Place says where the project declares a resource of the plan: its secret in secrets.yaml, or else the setting of the
// stack's file that it comes from. The line is 0 where only the file is known.
func (s *Stack) Place(id string) (file string, line int) {
	setting := "cloud"
	for id != "" {
		switch u := urn.URN(id); {
		case !strings.HasPrefix(string(u.Type()), "secretstack:"):
		case strings.HasSuffix(string(u.Type()), ":Secret"):
			return declarationFile, s.Declaration.Line(u.Name())
		case strings.HasSuffix(string(u.Type()), ":Alerts"):
			setting = "alerts"
		}
		r, _ := s.Plan.Get(id)
		id = r.Parent
	}
	return "Pulumi." + s.Name + ".yaml", s.settingLine(namespace + setting)
}
