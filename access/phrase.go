package access

import (
	"fmt"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
)

// awsKeys are keys of conditions as AWS writes them; policies may write them otherwise.
var awsKeys = func() map[string]string {
	keys := map[string]string{}
	for _, key := range []string{
		"aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalArn",
		"aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:SourceAccount", "aws:SourceArn",
		"aws:SourceOrgID", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:CurrentTime", "aws:CalledVia", "aws:CalledViaFirst",
		"aws:RequestedRegion", "aws:userid", "aws:SourceIdentity", "aws:FederatedProvider", "aws:Ec2InstanceSourceVpc", "kms:ViaService", "kms:CallerAccount",
		"kms:EncryptionContext:SecretARN",
	} {
		keys[strings.ToLower(key)] = key
	}
	return keys
}()

// phrase says what a condition demands, or with not its opposite, as in "aws:SourceVpce is vpce-0a1b2c3d".
func phrase(c iamdoc.Condition, not bool) string {
	key := c.Key
	if name := awsKeys[key]; name != "" {
		key = name
	}
	key = strings.Replace(strings.Replace(key, "resourcetag/", "ResourceTag/", 1), "principaltag/", "PrincipalTag/", 1)
	var values []string
	for _, v := range c.Values {
		values = append(values, text(v))
	}
	operator := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(c.Operator, "ForAnyValue:"), "ForAllValues:"), "IfExists")
	positive := strings.Replace(operator, "Not", "", 1)
	if positive != operator {
		not = !not
	}
	word := "is"
	switch {
	case positive == "Null":
		is := len(values) == 1 && values[0] == "false"
		return key + map[bool]string{true: " is present", false: " is absent"}[is != not]
	case positive == "StringLike" || positive == "ArnLike":
		word = "is like"
	case positive == "IpAddress":
		word = "is in"
	case strings.HasPrefix(positive, "Numeric"), strings.HasPrefix(positive, "Date"):
		word = "is " + map[string]string{
			"Equals": "equal to", "LessThan": "less than", "LessThanEquals": "at most", "GreaterThan": "greater than", "GreaterThanEquals": "at least",
		}[strings.TrimPrefix(strings.TrimPrefix(positive, "Numeric"), "Date")]
	}
	if not {
		word = strings.Replace(word, "is", "is not", 1)
	}
	return fmt.Sprintf("%s %s %s", key, strings.TrimSpace(word), few(values, "or"))
}

// few are the first of several texts, and how many more there are.
func few(texts []string, last string) string {
	const shown = 5
	if more := len(texts) - shown; more > 0 {
		return strings.Join(texts[:shown], ", ") + fmt.Sprintf(" and %d more", more)
	}
	if n := len(texts) - 1; n > 0 {
		return strings.Join(texts[:n], ", ") + " " + last + " " + texts[n]
	}
	return strings.Join(texts, "")
}
