package gcpsecret

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/pubsub"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	// deliveries is how often a message is tried before it goes to the dead letters. With a back-off of
	// 10 seconds to 10 minutes that takes some 40 minutes, so that it has failed before the next one comes.
	deliveries = 10
	// pushDeadline is the longest that Pub/Sub waits for an answer:
	// https://cloud.google.com/pubsub/docs/subscription-properties#ack_deadline.
	pushDeadline = 10 * time.Minute
	// month is the longest that a subscription keeps messages:
	// https://cloud.google.com/pubsub/docs/subscription-properties#message_retention.
	month = 31 * 24 * time.Hour
)

// never keeps a subscription without traffic from being deleted after 31 days.
var never = pubsub.SubscriptionExpirationPolicyArgs{Ttl: pulumi.String("")}

// rotate is the type of the messages that the service takes.
const rotate = "SECRET_ROTATE"

// newDelivery makes the way from the clocks to the service, and the service at its end.
func (r *Rotator) newDelivery(ctx *pulumi.Context) error {
	_, clock, err := r.api(ctx, r.name+"-clock", "cloudscheduler")
	if err != nil {
		return err
	}
	queue, agent, err := r.api(ctx, r.name, "pubsub")
	if err != nil {
		return err
	}
	after := pulumi.DependsOn([]pulumi.Resource{queue})
	if r.Topic, err = pubsub.NewTopic(ctx, r.name, &pubsub.TopicArgs{Name: pulumi.String(r.name)}, pulumi.Parent(r), after); err != nil {
		return err
	}
	publisher, err := publish(ctx, r.name, r.Topic, clock, r)
	if err != nil {
		return err
	}
	pusher, err := r.newService(ctx)
	if err != nil {
		return err
	}
	forward, err := r.newDeadLetters(ctx, agent, after)
	if err != nil {
		return err
	}
	r.ready = append(r.ready, publisher, r.Failed)
	return r.newSubscription(ctx, agent, pusher, forward)
}

// api enables one, and gives the agent as which it works, as a member. Its name is documented, and Google's provider
// does not give it for each API: https://cloud.google.com/iam/docs/service-agents.
func (r *Rotator) api(ctx *pulumi.Context, name, api string) (enabled *projects.Service, agent pulumi.StringOutput, err error) {
	if enabled, err = service(ctx, r.name, api, pulumi.Parent(r)); err != nil {
		return nil, agent, err
	}
	identity, err := projects.NewServiceIdentity(ctx, name, &projects.ServiceIdentityArgs{Service: enabled.Service}, pulumi.Parent(r))
	if err != nil {
		return nil, agent, err
	}
	return enabled, pulumi.All(identity.ID(), r.args.Store.projectNumber()).ApplyT(func(v []any) string {
		return fmt.Sprintf("serviceAccount:service-%s@gcp-sa-%s.iam.gserviceaccount.com", v[1], api)
	}).(pulumi.StringOutput), nil
}

func publish(
	ctx *pulumi.Context, name string, topic *pubsub.Topic, agent pulumi.StringOutput, parent pulumi.Resource,
) (*pubsub.TopicIAMMember, error) {
	return pubsub.NewTopicIAMMember(ctx, name, &pubsub.TopicIAMMemberArgs{
		Topic:  topic.ID().ToStringOutput(),
		Role:   pulumi.String("roles/pubsub.publisher"),
		Member: agent,
	}, pulumi.Parent(parent))
}

// newDeadLetters keeps for a month what the service failed at. Pub/Sub hands it on as its agent, which needs
// to publish there and to acknowledge here:
// https://cloud.google.com/pubsub/docs/handling-failures#grant_forwarding_permissions.
func (r *Rotator) newDeadLetters(
	ctx *pulumi.Context, agent pulumi.StringOutput, after pulumi.ResourceOption,
) (forward *pubsub.TopicIAMMember, err error) {
	name := r.name + "-failed"
	if r.DeadLetters, err = pubsub.NewTopic(ctx, name, nil, pulumi.Parent(r), after); err != nil {
		return nil, err
	}
	if r.Failed, err = pubsub.NewSubscription(ctx, name, &pubsub.SubscriptionArgs{
		Topic:                    r.DeadLetters.ID().ToStringOutput(),
		MessageRetentionDuration: pulumi.String(seconds(month)),
		ExpirationPolicy:         never,
	}, pulumi.Parent(r)); err != nil {
		return nil, err
	}
	return publish(ctx, name, r.DeadLetters, agent, r)
}

// newSubscription brings the messages to the service. Pub/Sub's agent makes tokens of the pusher:
// https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions.
func (r *Rotator) newSubscription(
	ctx *pulumi.Context, agent pulumi.StringOutput, pusher *serviceaccount.Account, forward *pubsub.TopicIAMMember,
) error {
	token, err := serviceaccount.NewIAMMember(ctx, r.name, &serviceaccount.IAMMemberArgs{
		ServiceAccountId: pusher.Name,
		Role:             pulumi.String("roles/iam.serviceAccountTokenCreator"),
		Member:           agent,
	}, pulumi.Parent(r))
	if err != nil {
		return err
	}
	if r.Subscription, err = pubsub.NewSubscription(ctx, r.name, &pubsub.SubscriptionArgs{
		Topic: r.Topic.ID().ToStringOutput(),
		// What a filter leaves out is acknowledged: https://cloud.google.com/pubsub/docs/subscription-message-filter.
		Filter:                   pulumi.String(`attributes.eventType = "` + rotate + `"`),
		AckDeadlineSeconds:       pulumi.Int(pushDeadline / time.Second),
		MessageRetentionDuration: pulumi.String(seconds(7 * 24 * time.Hour)),
		ExpirationPolicy:         never,
		RetryPolicy: pubsub.SubscriptionRetryPolicyArgs{
			MinimumBackoff: pulumi.String("10s"),
			MaximumBackoff: pulumi.String("600s"),
		},
		DeadLetterPolicy: pubsub.SubscriptionDeadLetterPolicyArgs{
			DeadLetterTopic:     r.DeadLetters.ID().ToStringOutput().ToStringPtrOutput(),
			MaxDeliveryAttempts: pulumi.Int(deliveries),
		},
		PushConfig: pubsub.SubscriptionPushConfigArgs{
			PushEndpoint: r.Service.Uri,
			OidcToken: pubsub.SubscriptionPushConfigOidcTokenArgs{
				ServiceAccountEmail: pusher.Email,
				Audience:            pulumi.String(r.audience()),
			},
		},
	}, pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{token, forward})); err != nil {
		return err
	}
	acknowledge, err := pubsub.NewSubscriptionIAMMember(ctx, r.name, &pubsub.SubscriptionIAMMemberArgs{
		Subscription: r.Subscription.Name,
		Role:         pulumi.String("roles/pubsub.subscriber"),
		Member:       agent,
	}, pulumi.Parent(r))
	r.ready = append(r.ready, r.Subscription, acknowledge)
	return err
}
