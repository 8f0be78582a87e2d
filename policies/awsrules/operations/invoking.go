package operations

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

var lambdaPermissionNotPublic = policy.Rule{
	Name:     "aws-lambda-permission-not-public",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "Not everybody in AWS may invoke a function",
	Why: "A permission for the principal * lets any account in the world invoke the function. A rotator that everybody may " +
		"invoke does what it is told with every secret that it may rotate.",
	Fix: "Name the principal: the service, with sourceAccount or sourceArn, or the account. For all of an organization, set " +
		"principalOrgId.",
	Covers: []string{
		"CKV_AWS_301", "KICS:e08ed7eb", "KICS:ad9dabc7", "prowler:awslambda_function_not_publicly_accessible", "guard:lambda_no_wildcard_principal",
		"guard:lambda_function_public_access_prohibited", "cfn_nag:F13",
	},
	Controls: []string{"Security Hub Lambda.1", "NIST 800-53 r5 AC-3", "PCI DSS 4.0.1 7.2.1"},
	Sources: []string{
		"https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html",
	},
	Types: []string{permission},
	Check: func(s policy.Subject) []policy.Finding {
		who := s.Get("principal")
		switch {
		case who.Unknown():
			return []policy.Finding{s.Unknown(who)}
		case who.Text() != "*":
			return nil
		}
		unknown := []policy.Finding(nil)
		for _, path := range []string{"principalOrgId", "sourceAccount", "sourceArn"} {
			switch v := s.Get(path); {
			case v.Unknown():
				unknown = append(unknown, s.Unknown(v))
			case path == "sourceArn" && hasAccount(v.Text()), path != "sourceArn" && v.Text() != "" && !strings.ContainsAny(v.Text(), "*?"):
				return nil
			}
		}
		if len(unknown) > 0 {
			return unknown
		}
		if how := s.Get("functionUrlAuthType"); how.Text() == "NONE" {
			return []policy.Finding{s.Fail(who, "Everybody may invoke it by its URL, without any credentials.")}
		}
		return []policy.Finding{s.Fail(who, "Everybody in AWS may invoke it.")}
	},
}

// hasAccount tells that an ARN names one account.
func hasAccount(arn string) bool { return accountOf(arn) != "" }

// accountOf is the account in an ARN, or a text that is an account; "": it has none, or a wildcard.
func accountOf(text string) string {
	if parts := strings.SplitN(text, ":", 6); len(parts) == 6 {
		text = parts[4]
	}
	if len(text) == 12 && strings.Trim(text, "0123456789") == "" {
		return text
	}
	return ""
}

var lambdaPermissionSourceScoped = policy.Rule{
	Name:     "aws-lambda-permission-source-scoped",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A service may invoke a function only for an account or resource of yours, and do nothing else with it",
	Why: "A service works for all customers of AWS. Where the permission names the service alone, somebody else's secret, topic " +
		"or bucket can make the service invoke your function: the confused deputy. The ARN of a bucket names no account, so " +
		"after the bucket is deleted it may be somebody else's.",
	Fix: "Set sourceAccount to your account or sourceArn to the resource; for a bucket, both. Set action to " +
		"lambda:InvokeFunction.",
	Covers: []string{
		"CKV_AWS_364", "Trivy:AWS-0067", "KICS:75ec6890", "pulumi:aws-lambda-permission-configure-source-arn",
		"guard:lambda_permission_invoke_function_action", "cfn_nag:W24",
	},
	Sources: []string{
		"https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
	},
	Types: []string{permission},
	Check: func(s policy.Subject) []policy.Finding {
		found := s.Require(s.Get("action"), func(v policy.Value) bool {
			return strings.EqualFold(v.Text(), "lambda:InvokeFunction") || strings.EqualFold(v.Text(), "lambda:InvokeFunctionUrl")
		}, "It permits %s, which is more or other than to invoke the function.", s.Get("action"))
		who, arn := s.Get("principal"), s.Get("sourceArn")
		host := strings.TrimSuffix(who.Text(), ".cn")
		set := func(path string) bool { v := s.Get(path); return v.Unknown() || v.Text() != "" }
		switch {
		case set("sourceAccount") || set("principalOrgId") || set("eventSourceToken") || hasAccount(arn.Text()):
		case who.Unknown():
			found = append(found, s.Unknown(who))
		case !strings.HasSuffix(host, ".amazonaws.com") && !strings.HasSuffix(host, ".amazon.com"):
		case arn.Unknown() && host == "s3.amazonaws.com":
			found = append(found, s.Unknown(arn))
		case arn.Unknown(): // an ARN that a resource will have: all but those of buckets name the account
		case arn.Absent():
			found = append(found, s.Fail(arn, "%s may invoke it for any customer of AWS.", who))
		default:
			found = append(found, s.Fail(arn, "%s may invoke it for %s, which names no account.", who, arn))
		}
		return found
	},
}

var lambdaNoPublicURL = policy.Rule{
	Name:     "aws-lambda-no-public-url",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A function's URL asks for credentials, and a rotator has none",
	Why: "A URL with the type NONE is an endpoint on the internet that anybody may call. CORS for every origin lets any web page" +
		" that a signed-in user visits call it. A rotator is invoked by Secrets Manager only; a URL is a second way in, to " +
		"administrators' passwords.",
	Fix:     "Set authorizationType to AWS_IAM and list the origins. Remove the URL of a rotator.",
	Covers:  []string{"CKV_AWS_258", "CKV2_AWS_75", "prowler:awslambda_function_url_public"},
	Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html", "https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html"},
	Types:   []string{functionURL},
	Joins:   rotatorTypes,
	Check: func(s policy.Subject) []policy.Finding {
		found := s.Require(s.Get("authorizationType"), func(v policy.Value) bool { return v.Text() == "AWS_IAM" },
			"Everybody may call the function, without any credentials.")
		for _, origin := range s.Get("cors.allowOrigins").Items() {
			found = append(found, s.Require(origin, func(v policy.Value) bool { return v.Text() != "*" },
				"A web page of any origin may call the function.")...)
		}
		for _, f := range s.Graph.Referents(s.Resource, "functionName", function) {
			if rotates(s.Graph, f) == iamdoc.Yes {
				found = append(found, s.Fail(s.Get("functionName"), "The function %s rotates secrets, and has a URL.", f.Name))
			}
		}
		return found
	},
}

// administrators are policies of AWS that let their holder do everything, or make himself able to.
var administrators = []string{"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"}

var lambdaRoleLeastPrivilege = policy.Rule{
	Name:     "aws-lambda-role-least-privilege",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A function's role is no administrator, and a rotator has a role of its own",
	Why: "A function does what its code and its dependencies say; with an administrator's role, a weakness in either is the " +
		"account. A rotator whose role other functions have too gives them all its secrets.",
	Fix:    "Give each function a role of its own, which allows the actions that it calls on the resources that it needs.",
	Covers: []string{"KICS:1b3af2f9", "KICS:a0ae0a4e", "KICS:ae03f542"},
	Sources: []string{
		"https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html",
	},
	Types: []string{function},
	Joins: slices.Concat([]string{role, rolePolicy, attachment, managedPolicy}, rotatorTypes),
	Check: func(s policy.Subject) []policy.Finding {
		at := s.Get("role")
		roles := s.Graph.Referents(s.Resource, "role", role)
		switch {
		case len(roles) == 0 && at.Unknown():
			return []policy.Finding{s.Unknown(at)}
		case len(roles) == 0: // of another stack
			roles = []*policy.Resource{called(at.Text())}
		}
		var found []policy.Finding
		for _, r := range roles {
			found = append(found, administers(s, r, at)...)
			found = append(found, shares(s, r, at)...)
		}
		return found
	},
}

// shares is a finding for a rotator whose role another function has too.
func shares(s policy.Subject, r *policy.Resource, at policy.Value) []policy.Finding {
	holders, _ := s.Graph.Referrers(r, function, "role")
	others := slices.DeleteFunc(holders, func(f *policy.Resource) bool { return f == s.Resource })
	if len(others) == 0 || rotates(s.Graph, s.Resource) != iamdoc.Yes {
		return nil
	}
	return []policy.Finding{s.Fail(at, "It rotates secrets, and the function %s has the same role.", others[0].Name)}
}

// administers gives a finding for each policy of a role that allows everything, and one for those that are not known.
func administers(s policy.Subject, r *policy.Resource, at policy.Value) []policy.Finding {
	var found []policy.Finding
	unknown := false
	document := func(v policy.Value, of string) {
		doc, err := iamdoc.Read(v)
		unknown = unknown || doc.Unknown
		if err != nil {
			return // aws-iam-no-admin-statement looks at each policy
		}
		for _, statement := range doc.Statements {
			what := "everything"
			if statement.NotAction {
				what = "all actions but those that it lists"
			}
			switch allowsAll(statement) {
			case iamdoc.Yes:
				found = append(found, s.Fail(at, "%s of %s allows its role %s.", statement.At.Path(), of, what))
			case iamdoc.Unknown:
				unknown = true
			}
		}
	}
	managed := func(v policy.Value, in []*policy.Resource) {
		for _, p := range in {
			document(p.Get("policy"), "the policy "+p.Name)
		}
		name := v.Text()[strings.LastIndexByte(v.Text(), '/')+1:]
		unknown = unknown || v.Unknown() && len(in) == 0
		if strings.HasPrefix(v.Text(), "arn:") && accountOf(v.Text()) == "" && slices.Contains(administrators, name) {
			found = append(found, s.Fail(at, "Its role has the policy %s of AWS.", name))
		}
	}
	if r.Type == role {
		for _, inline := range r.Get("inlinePolicies").Items() {
			document(inline.At("policy"), "the inline policy "+inline.At("name").String())
		}
		for _, arn := range r.Get("managedPolicyArns").Items() {
			managed(arn, nil)
		}
		for _, p := range s.Graph.Referents(r, "managedPolicyArns", managedPolicy) {
			managed(policy.Value{}, []*policy.Resource{p})
		}
	}
	policies, _ := s.Graph.Referrers(r, rolePolicy, "role")
	for _, p := range policies {
		document(p.Get("policy"), "the policy "+p.Name)
	}
	attached, _ := s.Graph.Referrers(r, attachment, "role")
	for _, a := range attached {
		managed(a.Get("policyArn"), s.Graph.Referents(a, "policyArn", managedPolicy))
	}
	if unknown && len(found) == 0 {
		return []policy.Finding{s.Unknown(at)}
	}
	return found
}

// allowsAll tells whether a statement allows every action, or all but some, on everything.
func allowsAll(statement iamdoc.Statement) iamdoc.Answer {
	if len(statement.Conditions) > 0 {
		return iamdoc.No
	}
	_, everything := statement.Everything()
	return min(statement.Allows(), everything)
}
