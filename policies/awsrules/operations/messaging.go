package operations

import (
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

var snsEncryptedCMK = policy.Rule{
	Name:     "aws-sns-encrypted-cmk",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A topic is encrypted with a key of its own",
	Why: "An alert says which secret, who and from where. Without a key it lies in clear in the service. The key that AWS " +
		"manages for SNS lets no other service in, so alarms and event rules cannot publish to a topic that has it, and nobody " +
		"hears of them.",
	Fix: "Set kmsMasterKeyId to a key of yours whose policy lets the services that publish use it: events.amazonaws.com and " +
		"cloudwatch.amazonaws.com for alerts.",
	Covers: []string{
		"CKV_AWS_26", "Trivy:AWS-0095", "Trivy:AWS-0136", "KICS:28545147", "KICS:b1a72f66", "KICS:9d13b150", "guard:sns_encrypted_kms", "cfn_nag:W47",
		"prowler:sns_topics_kms_encryption_at_rest_enabled",
	},
	Controls: []string{"Security Hub SNS.1"},
	Sources: []string{
		"https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
		"https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/sns-controls.html",
	},
	Types: []string{topic},
	Joins: keyTypes,
	Check: func(s policy.Subject) []policy.Finding {
		return requireOwnKey(s, "kmsMasterKeyId", "Its messages are not encrypted with a key.")
	},
}

var sqsEncrypted = policy.Rule{
	Name:     "aws-sqs-encrypted",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A queue is encrypted, and not with the key that AWS manages",
	Why: "A dead-letter queue keeps events about secrets for days. New queues are encrypted by SQS itself unless that is " +
		"switched off. The key alias/aws/sqs lets no other service in, so topics and event rules cannot send to a queue that " +
		"has it, and what it should have caught is lost.",
	Fix: "Leave sqsManagedSseEnabled on, or set kmsMasterKeyId to a key of yours whose policy lets the services that send use " +
		"it.",
	Covers: []string{
		"CKV_AWS_27", "CKV2_AWS_73", "Trivy:AWS-0096", "Trivy:AWS-0135", "KICS:6e8849c1", "KICS:12726829", "guard:sqs_queue_kms_master_key_id_rule",
		"cfn_nag:W48", "cdk-nag:AwsSolutions-SQS2",
	},
	Controls: []string{"Security Hub SQS.1"},
	Sources: []string{
		"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
		"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/sqs-controls.html",
	},
	Settings: []policy.Setting{{
		Name: "ownKey", Description: "Whether each queue must have a key of yours, as some frameworks ask.", Default: false,
	}},
	Types: []string{queue},
	Joins: keyTypes,
	Check: func(s policy.Subject) []policy.Finding {
		if _, by := encryptedBy(s, "kmsMasterKeyId"); by != noKey || s.Bool("ownKey") {
			return requireOwnKey(s, "kmsMasterKeyId", "No key of yours encrypts it.")
		}
		managed := s.Output("sqsManagedSseEnabled")
		return s.Require(managed, func(v policy.Value) bool { return !v.False() }, "Its messages are not encrypted.")
	},
}

// tls is what a rule must know of topics and queues to say that they are not used without TLS.
type tls struct {
	policies, property string // the type of their policies, and where those name them
	send               string // what nobody may do without TLS
}

var withoutTLS = map[string]tls{
	topic: {topicPolicy, "arn", "sns:Publish"},
	queue: {queuePolicy, "queueUrl", "sqs:SendMessage"},
}

var messagingTransportTLS = policy.Rule{
	Name:     "aws-messaging-transport-tls",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Nothing is sent to a topic or queue, or from a topic, without TLS",
	Why: "Topics and queues take requests over plain HTTP too. What a rotator or an alarm sends then, anybody on the way can " +
		"read and replace. Encrypted ones refuse such requests by themselves. A subscription with the protocol http sends every" +
		" message in clear.",
	Fix: "Encrypt the topic or queue, or deny what comes without TLS in its policy: Deny to everybody where aws:SecureTransport " +
		"is false. Subscribe endpoints by https.",
	Covers: []string{"prowler:sns_subscription_not_using_http_endpoints", "cdk-nag:AwsSolutions-SNS3", "cdk-nag:AwsSolutions-SQS4"},
	Sources: []string{
		"https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
		"https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
		"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
		"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
	},
	Types: []string{topic, queue, subscription},
	Joins: append([]string{topicPolicy, queuePolicy}, keyTypes...),
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type == subscription {
			return s.Require(s.Get("protocol"), func(v policy.Value) bool { return v.Text() != "http" }, "Messages go to the endpoint in clear.")
		}
		_, encrypted := encryptedBy(s, "kmsMasterKeyId")
		managed := s.Output("sqsManagedSseEnabled") // absent: SQS encrypts new queues itself
		if s.Type == queue && !managed.False() && !managed.Unknown() || encrypted == ownKey || encrypted == awsKey {
			return nil
		}
		by := withoutTLS[s.Type]
		policies, maybe := s.Graph.Referrers(s.Resource, by.policies, by.property)
		documents := []policy.Value{s.Get("policy")}
		for _, p := range policies {
			documents = append(documents, p.Get("policy"))
		}
		answer := iamdoc.No
		for _, v := range documents {
			answer = max(answer, deniesWithoutTLS(v, by.send))
		}
		switch {
		case answer == iamdoc.Yes:
			return nil
		case answer == iamdoc.Unknown || len(maybe) > 0 || encrypted == someKey || managed.Unknown():
			return []policy.Finding{s.Unknown(s.Get("policy"))}
		}
		return []policy.Finding{s.Fail(s.Get("policy"), "It takes requests without TLS.")}
	},
}

// deniesWithoutTLS tells whether a policy denies an action to everybody who asks without TLS.
func deniesWithoutTLS(v policy.Value, action string) iamdoc.Answer {
	doc, err := iamdoc.Read(v)
	if err != nil {
		return iamdoc.No
	}
	if doc.Unknown {
		return iamdoc.Unknown
	}
	answer := iamdoc.No
	for _, s := range doc.Statements {
		_, all := s.ToEverybody()
		_, about := s.About(action)
		answer = max(answer, min(s.Denies(), all, about, plain(s.Conditions)))
	}
	return answer
}

// plain tells whether conditions hold for all requests without TLS.
func plain(conditions []iamdoc.Condition) iamdoc.Answer {
	if len(conditions) != 1 {
		return iamdoc.No
	}
	switch c := conditions[0]; {
	case c.Operator == "" || c.Key == "":
		return iamdoc.Unknown
	case c.Key == "aws:securetransport" && strings.HasPrefix(c.Operator, "Bool"):
		return c.Each(policy.Value.False)
	}
	return iamdoc.No
}
