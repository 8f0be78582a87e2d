package operations

import (
	"time"

	"github.com/secretstack/secretstack/policies/policy"
)

// deprecated has the days from which AWS mends no more in a runtime:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtimes-deprecated, as of August 2026. AWS moves them
// now and then, mostly later. A runtime that is not in it is newer than the table.
var deprecated = map[string]string{
	"nodejs":          "2016-10-31",
	"dotnetcore2.0":   "2019-05-30",
	"dotnetcore1.0":   "2019-06-27",
	"nodejs6.10":      "2019-08-12",
	"nodejs4.3":       "2020-03-05",
	"nodejs4.3-edge":  "2020-03-05",
	"nodejs8.10":      "2020-03-06",
	"python2.7":       "2021-07-15",
	"nodejs10.x":      "2021-07-30",
	"ruby2.5":         "2021-07-30",
	"dotnetcore2.1":   "2022-01-05",
	"dotnet5.0":       "2022-05-10",
	"python3.6":       "2022-07-18",
	"nodejs12.x":      "2023-03-31",
	"dotnetcore3.1":   "2023-04-03",
	"nodejs14.x":      "2023-12-04",
	"python3.7":       "2023-12-04",
	"ruby2.7":         "2023-12-07",
	"go1.x":           "2024-01-08",
	"java8":           "2024-01-08",
	"provided":        "2024-01-08",
	"dotnet7":         "2024-05-14",
	"nodejs16.x":      "2024-06-12",
	"python3.8":       "2024-10-14",
	"dotnet6":         "2024-12-20",
	"nodejs18.x":      "2025-09-01",
	"python3.9":       "2025-12-15",
	"ruby3.2":         "2026-03-31",
	"nodejs20.x":      "2026-04-30",
	"provided.al2":    "2026-07-31",
	"python3.10":      "2026-10-31",
	"dotnet8":         "2026-11-10",
	"dotnet9":         "2026-11-10",
	"ruby3.3":         "2027-03-31",
	"nodejs22.x":      "2027-04-30",
	"java11":          "2027-06-30",
	"java17":          "2027-06-30",
	"java8.al2":       "2027-06-30",
	"python3.11":      "2027-06-30",
	"ruby3.4":         "2028-03-31",
	"nodejs24.x":      "2028-04-30",
	"python3.12":      "2028-10-31",
	"dotnet10":        "2028-11-14",
	"ruby4.0":         "2029-03-31",
	"java8.al2023":    "2029-06-30",
	"java11.al2023":   "2029-06-30",
	"java17.al2023":   "2029-06-30",
	"java21":          "2029-06-30",
	"java25":          "2029-06-30",
	"provided.al2023": "2029-06-30",
	"python3.13":      "2029-06-30",
	"python3.14":      "2029-06-30",
}

var lambdaRuntimeSupported = policy.Rule{
	Name:     "aws-lambda-runtime-supported",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A function's runtime gets security updates",
	Why: "From its deprecation date on, AWS mends nothing in a runtime, and later neither makes nor updates functions with it: " +
		"then a rotator can be mended only by moving it to another runtime in a hurry. The rule has the dates of AWS's table as" +
		" of August 2026, and says what ends within the next days as well.",
	Fix:      "Move the function to a newer runtime of the same language, and test it there.",
	Covers:   []string{"CKV_AWS_363", "prowler:awslambda_function_using_supported_runtimes", "cdk-nag:AwsSolutions-L1"},
	Controls: []string{"Security Hub Lambda.2"},
	Sources: []string{
		"https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html",
	},
	Settings: []policy.Setting{{
		Name: "days", Description: "How many days before its end a runtime fails.", Default: 90, Minimum: new(int),
	}},
	Types: []string{function},
	Check: func(s policy.Subject) []policy.Finding {
		runtime := s.Get("runtime")
		if runtime.Unknown() {
			return []policy.Finding{s.Unknown(runtime)}
		}
		end, err := time.Parse(time.DateOnly, deprecated[runtime.Text()])
		switch {
		case err != nil: // newer than the table, or of a container image, which brings its own
			return nil
		case !s.Now.Before(end):
			return []policy.Finding{s.Fail(runtime, "The runtime %s has had no security updates since %s.", runtime, end.Format(time.DateOnly))}
		case !s.Now.AddDate(0, 0, s.Int("days")).Before(end):
			return []policy.Finding{s.Fail(runtime, "The runtime %s gets no more security updates from %s on.", runtime, end.Format(time.DateOnly))}
		}
		return nil
	},
}
