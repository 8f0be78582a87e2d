package records

import (
	"maps"
	"strconv"
)

// envelope begins the fields that only EventBridge has, around the record.
const envelope = "(event)."

// anyone are the fields that say who calls, from where, when, and what comes of it:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html.
var anyone = []string{
	"userIdentity", "sourceIPAddress", "userAgent", "awsRegion", "recipientAccountId", "eventTime", "eventID", "eventVersion",
	"requestID", "responseElements", "additionalEventData", "resources", "sharedEventID", "apiVersion", "tlsDetails",
	"vpcEndpointId", "vpcEndpointAccountId", "sessionCredentialFromConsole", "serviceEventDetails", "addendum", "edgeDeviceDetails",
	envelope + "id", envelope + "version", envelope + "account", envelope + "time", envelope + "region", envelope + "resources",
}

// Call is a call that succeeds, of a service such as "kms". Its subjects are the fields that say what it is about,
// parameters the other names that its requestParameters may have.
func Call(service, name string, readOnly bool, subjects []string, parameters ...string) Kind {
	k := Kind{subjects: subjects, free: anyone, known: map[string]string{
		"eventSource": service + ".amazonaws.com", "eventName": name, "eventType": "AwsApiCall", "eventCategory": "Management",
		"managementEvent": "true", "readOnly": strconv.FormatBool(readOnly),
		envelope + "source": "aws." + service, envelope + "detail-type": "AWS API Call via CloudTrail",
	}}
	for _, p := range parameters {
		k.free = append(k.free[:len(k.free):len(k.free)], "requestParameters."+p)
	}
	return k
}

// About is the call with parameters of which no pattern knows the values: one that asks for a certain value does not hold.
func (k Kind) About(parameters ...string) Kind {
	k.known = maps.Clone(k.known)
	for _, p := range parameters {
		k.known["requestParameters."+p] = "\x00"
	}
	return k
}

// Denied is the call where it is not allowed.
func (k Kind) Denied() Kind {
	k.known = maps.Clone(k.known)
	k.known["errorCode"] = "AccessDenied"
	k.free = append(k.free[:len(k.free):len(k.free)], "errorMessage")
	return k
}

// unrelated is a call about nothing that matters here.
var unrelated = Call("ec2", "DescribeInstances", true, nil)

// Specific tells that a pattern leaves something out: one that holds for each call is no watch on any.
func (p Pattern) Specific() bool { return p.Of(unrelated).Never() }
