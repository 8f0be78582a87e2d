package secrettest_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/gcpalert"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/plan"
)

var gcp = secrettest.Cloud{
	Cloud: gcpsecret.Limits,
	Build: func(ctx *pulumi.Context, specs []secret.Spec, identities map[string]string, allowDestroy bool) error {
		store, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{
			Locations: []string{"europe-west1", "europe-west4"}, AllowDestroy: allowDestroy,
		})
		if err != nil {
			return err
		}
		rotator, err := gcpsecret.NewRotator(ctx, "shop-rotator", &gcpsecret.RotatorArgs{Store: store, Secrets: specs, Image: image})
		if err != nil {
			return err
		}
		readers := inputs(identities)
		alerts := &gcpsecret.AlertsArgs{
			Store: store, Rotator: rotator, Notify: notify.Args{Email: []string{secrettest.OnCall}},
			Settings: alert.Settings{Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}},
		}
		for _, s := range specs {
			args := &gcpsecret.SecretArgs{Store: store, Spec: s, Readers: readers}
			if s.Rotation != nil {
				args.Rotator = rotator
			}
			made, err := gcpsecret.NewSecret(ctx, s.Name, args)
			if err != nil {
				return err
			}
			alerts.Secrets = append(alerts.Secrets, made)
		}
		_, err = gcpsecret.NewAlerts(ctx, "shop-alerts", alerts)
		return err
	},
	Config:   map[string]string{"gcp:project": "shop"},
	Identity: func(reader string) string { return "serviceAccount:" + reader + "@shop.iam.gserviceaccount.com" },
	Create: func(r plan.Resource) (string, property.Map) {
		switch r.Type {
		case "gcp:projects/serviceIdentity:ServiceIdentity":
			return gcpID(r), property.NewMap(map[string]property.Value{"member": property.New(gcpAgent)})
		case gcpChannel:
			return gcpID(r), property.NewMap(map[string]property.Value{"name": property.New(gcpID(r))})
		}
		return gcpID(r), property.Map{}
	},
	SecretType:   "gcp:secretmanager/secret:Secret",
	VersionTypes: []string{"gcp:secretmanager/secretVersion:SecretVersion"},
	OwnKey:       gcpOwnKey,
	CanRead:      gcpCanRead,
	Recoverable:  func(*plan.Graph, plan.Resource) bool { return false },
	Starter:      sibling("gcp:cloudscheduler/job:Job"),
	RotationNeeds: []string{
		"gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", "gcp:pubsub/subscription:Subscription",
		"gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember", "gcp:pubsub/topicIAMMember:TopicIAMMember",
		"gcp:secretmanager/secret:Secret", "gcp:secretmanager/secretIamMember:SecretIamMember", "gcp:serviceaccount/iAMMember:IAMMember",
	},
	WatcherTypes: []string{"gcp:monitoring/alertPolicy:AlertPolicy"},
	Hears: func(g *plan.Graph, watcher plan.Resource) (addresses []string) {
		told := secrettest.Show(watcher.Inputs.Get("notificationChannels"))
		for _, c := range g.Of(gcpChannel) {
			if strings.Contains(told, gcpID(c)) && input(c, "type") == "email" {
				addresses = append(addresses, c.Inputs.Get("labels").AsMap().Get("email_address").AsString())
			}
		}
		return addresses
	},
	AlertGaps: gcpalert.Gaps,
	Gaps: map[secrettest.Promise]string{
		secrettest.Recoverable: "Secret Manager deletes a secret at once, with all its versions, and gives none back; " +
			"the protection of the secret is the guard. A destroyed version can be restored",
	},
}

const image = "registry.example.com/rotator@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

const gcpChannel = "gcp:monitoring/notificationChannel:NotificationChannel"

const gcpAgent = "serviceAccount:service-1@gcp-sa-secretmanager.iam.gserviceaccount.com"

func gcpID(r plan.Resource) string { return "id of " + r.URN }

// gcpOwnKey tells whether each replica has a key of the graph that Secret Manager may use.
func gcpOwnKey(g *plan.Graph, s plan.Resource) bool {
	usable := map[string]bool{}
	for _, grant := range g.Of("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember") {
		if input(grant, "member") == gcpAgent && input(grant, "role") == "roles/cloudkms.cryptoKeyEncrypterDecrypter" &&
			slices.Contains(s.Dependencies, grant.URN) {
			usable[input(grant, "cryptoKeyId")] = true
		}
	}
	own := map[string]bool{}
	for _, k := range g.Of("gcp:kms/cryptoKey:CryptoKey") {
		own[gcpID(k)] = usable[gcpID(k)]
	}
	managed := s.Inputs.Get("replication").AsMap().Get("userManaged")
	if !managed.IsMap() {
		return false
	}
	replicas := managed.AsMap().Get("replicas").AsArray()
	for _, r := range replicas.All {
		e := r.AsMap().Get("customerManagedEncryption")
		if !e.IsMap() || !own[e.AsMap().Get("kmsKeyName").AsString()] {
			return false
		}
	}
	return replicas.Len() > 0
}

// gcpCanRead takes each grant, of whatever role, for one that lets its members read, unless it is of
// another secret or of a key.
func gcpCanRead(g *plan.Graph, s plan.Resource, identity string) bool {
	return slices.ContainsFunc(g.Resources, func(r plan.Resource) bool {
		if !strings.Contains(strings.ToLower(r.Type), "iam") || strings.HasPrefix(r.Type, "gcp:kms/") {
			return false
		}
		if id, narrow := r.Inputs.GetOk("secretId"); narrow && id.AsString() != input(s, "secretId") {
			return false
		}
		members := []string{input(r, "member")}
		if list := r.Inputs.Get("members"); list.IsArray() {
			for _, m := range list.AsArray().All {
				members = append(members, m.AsString())
			}
		}
		return slices.Contains(members, identity) || slices.Contains(members, "allUsers") ||
			slices.Contains(members, "allAuthenticatedUsers")
	})
}

// input is an input that is a string, or "".
func input(r plan.Resource, name string) string {
	if v := r.Inputs.Get(name); v.IsString() {
		return v.AsString()
	}
	return ""
}

func TestGCP(t *testing.T) { secrettest.Run(t, gcp) }
