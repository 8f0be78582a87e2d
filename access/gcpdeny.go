package access

import (
	"net/url"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// gcpDeny is a rule of a deny policy that denies reading: https://cloud.google.com/iam/docs/deny-overview.
type gcpDeny struct {
	name      string
	project   string // "": a folder or an organization, which may have the secret's project
	denied    []policy.Value
	excepted  []policy.Value
	condition string
}

// readDenies finds the rules that deny reading. Which permissions they name: https://cloud.google.com/iam/docs/deny-permissions-support.
func (g *gcpCloud) readDenies() {
	const read = "secretmanager.googleapis.com/versions.access"
	names := func(list policy.Value) bool {
		return slices.ContainsFunc(list.Items(), func(v policy.Value) bool { return iamdoc.MatchAction(v.Text(), read) || v.Unknown() })
	}
	for _, r := range g.Of(gcpDenyType) {
		parent, err := url.PathUnescape(r.Output("parent").Text())
		if err != nil {
			parent = ""
		}
		_, project, _ := strings.Cut(parent, "/projects/")
		for _, rule := range r.Output("rules").Items() {
			rule = rule.At("denyRule")
			if !names(rule.At("deniedPermissions")) || names(rule.At("exceptionPermissions")) {
				continue
			}
			g.denies = append(g.denies, gcpDeny{
				name: r.Name, project: project,
				denied: rule.At("deniedPrincipals").Items(), excepted: rule.At("exceptionPrincipals").Items(),
				condition: rule.At("denialCondition.expression").Text(),
			})
		}
	}
}

// deny notes that an identity reads a secret, unless a deny policy forbids it.
func (g *gcpCloud) deny(s *secret, id int, w Way) {
	for _, d := range g.denies {
		if d.project != "" && g.projects[s] != "" && d.project != g.projects[s] {
			continue
		}
		denied, excepted := among(d.denied, g.principal[id]), among(d.excepted, g.principal[id])
		switch {
		case denied == "" || excepted == Certain:
		case denied == Certain && excepted == "" && d.condition == "" && d.project != "":
			return
		default:
			unless := "unless the deny policy " + d.name + " forbids it"
			if d.condition != "" {
				unless += " where " + d.condition
			}
			w.weaken(Conditional, unless)
		}
	}
	g.read(s, id, w)
}

// among tells whether a principal is one of a list: Certain, Conditional where it may be in a set, or not at all.
func among(list []policy.Value, principal string) Level {
	var found Level
	for _, v := range list {
		switch text := v.Text(); {
		case text == "principalSet://goog/public:all" || text != "" && text == principal:
			return Certain
		case v.Unknown() || strings.HasPrefix(text, "principalSet:"):
			found = Conditional
		}
	}
	return found
}
