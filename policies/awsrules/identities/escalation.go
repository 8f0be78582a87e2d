package identities

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// climbs are the actions by which whoever may do them to all of a kind gives himself any permission: by changing what he
// has, or by becoming somebody else. They are the ways that are publicly known, as by Rhino Security Labs:
// https://github.com/RhinoSecurityLabs/AWS-IAM-Privilege-Escalation.
var climbs = []target{
	{"iam:CreatePolicyVersion", "iam", "policy/"},
	{"iam:SetDefaultPolicyVersion", "iam", "policy/"},
	{"iam:AttachRolePolicy", "iam", "role/"},
	{"iam:AttachUserPolicy", "iam", "user/"},
	{"iam:AttachGroupPolicy", "iam", "group/"},
	{"iam:PutRolePolicy", "iam", "role/"},
	{"iam:PutUserPolicy", "iam", "user/"},
	{"iam:PutGroupPolicy", "iam", "group/"},
	{"iam:AddUserToGroup", "iam", "group/"},
	{"iam:UpdateAssumeRolePolicy", "iam", "role/"},
	{"iam:CreateAccessKey", "iam", "user/"},
	{"iam:CreateLoginProfile", "iam", "user/"},
	{"iam:UpdateLoginProfile", "iam", "user/"},
	{"lambda:UpdateFunctionCode", "lambda", "function:"},
	{"lambda:UpdateFunctionConfiguration", "lambda", "function:"},
	{"glue:UpdateDevEndpoint", "glue", "devEndpoint/"},
	{"sagemaker:CreatePresignedNotebookInstanceUrl", "sagemaker", "notebook-instance/"},
	{"ssm:SendCommand", "ec2", "instance/"},
	{"ssm:StartSession", "ec2", "instance/"},
}

// onHimself are those that suffice where they are allowed on the user who asks: he gives himself a policy.
var onHimself = []string{"iam:AttachUserPolicy", "iam:PutUserPolicy"}

// hands are the ways to act as a role that one may pass: start something of a service with it, which does as it is told.
var hands = []struct {
	service string   // that takes the role
	all     []string // the actions that start it
	one     []string // of which one more is needed; zero: none
}{
	{"lambda.amazonaws.com", []string{"lambda:CreateFunction"}, []string{"lambda:InvokeFunction", "lambda:AddPermission", "lambda:CreateEventSourceMapping", "lambda:CreateFunctionUrlConfig", "events:PutTargets"}},
	{"ec2.amazonaws.com", []string{"ec2:RunInstances"}, nil},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition"}, []string{"ecs:RunTask", "ecs:StartTask", "ecs:CreateService", "ecs:UpdateService"}},
	{"cloudformation.amazonaws.com", []string{"cloudformation:CreateStack"}, nil},
	{"codebuild.amazonaws.com", []string{"codebuild:CreateProject"}, []string{"codebuild:StartBuild", "codebuild:StartBuildBatch"}},
	{"datapipeline.amazonaws.com", []string{"datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"}, nil},
	{"glue.amazonaws.com", []string{"glue:CreateDevEndpoint"}, nil},
	{"glue.amazonaws.com", []string{"glue:CreateJob"}, []string{"glue:StartJobRun", "glue:CreateTrigger"}},
	{"sagemaker.amazonaws.com", []string{"sagemaker:CreateNotebookInstance"}, nil},
	{"states.amazonaws.com", []string{"states:CreateStateMachine"}, []string{"states:StartExecution", "states:StartSyncExecution"}},
	{"scheduler.amazonaws.com", []string{"scheduler:CreateSchedule"}, nil},
}

var noPrivilegeEscalation = policy.Rule{
	Name:     "aws-iam-no-privilege-escalation",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No policy lets its holder make himself an administrator",
	Why: "Some permissions are all permissions in two steps: to attach a policy to any role, to replace any function's code, or to start a function with any role. " +
		"Who holds them can read every secret, though no policy of his names one. What is limited to named resources, or by a condition such as " +
		"iam:PermissionsBoundary, passes; so does what another statement of the same policy denies.",
	Fix: "Name the roles, policies, users and functions that the identity may change, and the roles that it may pass.",
	Covers: []string{
		"CKV_AWS_110", "CKV_AWS_286", "KICS:c583f0f9", "KICS:fa62ac4f", "prowler:iam_policy_allows_privilege_escalation",
	},
	Sources: []string{
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
		"https://github.com/RhinoSecurityLabs/AWS-IAM-Privilege-Escalation",
	},
	Types: withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return read(s, documents(s), func(doc iamdoc.Document) []policy.Finding {
			var w ways
			for _, c := range climbs {
				w.add(c.granted(doc), c.action)
			}
			for _, h := range hands {
				pass := passesRoles[0].granted(doc, h.service)
				if pass.Answer == iamdoc.No {
					continue
				}
				f := pass
				for _, action := range h.all {
					f = all(f, anywhere(doc, action))
				}
				if h.one != nil {
					f = all(f, anywhere(doc, h.one...))
				}
				w.add(f, "iam:PassRole with "+strings.Join(h.all, " and "))
			}
			return w.findings(s)
		})
	},
}

// ways are the ways to climb that were found, by the element that grants them.
type ways struct {
	at      []policy.Value
	by      map[string][]string
	unknown []policy.Value
}

func (w *ways) add(f fact, way string) {
	switch f.Answer {
	case iamdoc.Unknown:
		w.unknown = append(w.unknown, f.at)
	case iamdoc.Yes:
		if w.by == nil {
			w.by = map[string][]string{}
		}
		path := f.at.Path()
		if w.by[path] == nil {
			w.at = append(w.at, f.at)
		}
		w.by[path] = append(w.by[path], way)
	}
}

func (w *ways) findings(s policy.Subject) []policy.Finding {
	var findings []policy.Finding
	for _, at := range w.at {
		findings = append(findings, s.Fail(at, "Whoever has it can give himself permissions that it does not list, up to an administrator's, by %s.", names(w.by[at.Path()])))
	}
	for _, at := range w.unknown {
		findings = append(findings, s.Unknown(at))
	}
	return policy.Sort(findings)
}

// granted is whether a document allows the action on all resources of its kind, at the element that names the action. A
// role must be passed to the service, if one is given.
func (t target) granted(doc iamdoc.Document, service ...string) fact {
	return strongest(doc, t.action, func(st iamdoc.Statement) fact {
		where := on(st, func(r string) bool {
			return iamdoc.AllOf(r, t.service, t.kind) || slices.Contains(onHimself, t.action) && strings.Contains(r, "${aws:username}")
		})
		f := all(about(st, t.action), where, unconfined(st, "iam:passedtoservice"))
		if len(service) > 0 {
			f = all(f, passedTo(st, service[0]))
		}
		return f
	})
}

// anywhere is whether a document allows one of the actions on anything.
func anywhere(doc iamdoc.Document, actions ...string) fact {
	var most fact
	for _, action := range actions {
		if f := strongest(doc, action, func(st iamdoc.Statement) fact { return about(st, action) }); f.Answer > most.Answer {
			most = f
		}
	}
	return most
}

// strongest is the most that a statement grants of an action, which no other denies.
func strongest(doc iamdoc.Document, action string, grants func(iamdoc.Statement) fact) fact {
	var most fact
	for _, st := range doc.Statements {
		if about(st, action).Answer == iamdoc.No || st.Allows() == iamdoc.No || isAdmin(st) {
			continue
		}
		f := grants(st)
		if st.Allows() < f.Answer {
			f = fact{st.Effect, iamdoc.Unknown}
		}
		if f.Answer > most.Answer && !denied(doc, action, st) {
			most = fact{f.at, f.Answer}
			if f.Answer == iamdoc.Yes {
				most.at = about(st, action).at
			}
		}
	}
	return most
}

// denied tells that a statement denies, whatever the conditions, an action on all resources on which another allows it.
func denied(doc iamdoc.Document, action string, allow iamdoc.Statement) bool {
	return slices.ContainsFunc(doc.Statements, func(deny iamdoc.Statement) bool {
		if deny.Denies() != iamdoc.Yes || len(deny.Conditions) > 0 || deny.NotResource || about(deny, action).Answer != iamdoc.Yes {
			return false
		}
		covers := func(v policy.Value) bool {
			return slices.ContainsFunc(deny.Resources, func(d policy.Value) bool {
				return d.Text() == "*" || d.Text() != "" && v.Text() != "" && iamdoc.MatchResource(d.Text(), v.Text())
			})
		}
		if allow.NotResource {
			return covers(policy.Value{})
		}
		return !slices.ContainsFunc(allow.Resources, func(v policy.Value) bool { return !covers(v) })
	})
}

// passedTo is whether a statement lets roles be passed to a service.
func passedTo(st iamdoc.Statement, service string) fact {
	f := fact{Answer: iamdoc.Yes}
	for _, c := range st.Conditions {
		if c.Key != "iam:passedtoservice" || !requires(c) {
			continue
		}
		here := fact{}
		for _, v := range c.Values {
			switch {
			case v.Unknown() && here.Answer == iamdoc.No:
				here = fact{v, iamdoc.Unknown}
			case iamdoc.MatchResource(v.Text(), service):
				here = fact{v, iamdoc.Yes}
			}
		}
		f = all(f, here)
	}
	return f
}
