package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/alert/azurealert"
	"github.com/secretstack/secretstack/alert/gcpalert"
	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/stack"
)

// watched is what a stack's alerts are about, and how to read the audit log of its cloud.
type watched struct {
	watch  *alert.Watch
	decode func(record []byte) (alert.Event, error)
	// unknown are what neither the stack's files nor a state tell, and what follows from it.
	unknown []unknown
}

// unknown is something that is not known, with what follows from it.
type unknown struct {
	text string
	mute alert.ID // cannot fire then, in whole or in part. Empty: it is about no single alert
}

// watchedBy makes the store of a stack in the words of its cloud. A state tells what its files cannot: nil is none.
func (s *selection) watchedBy(of *stack.Stack, state state) (*watched, error) {
	k, w := known{of, state}, &watched{}
	unless := func(known bool, mute alert.ID, text string) {
		if !known {
			w.unknown = append(w.unknown, unknown{text, mute})
		}
	}
	switch of.Config.Cloud {
	case awssecret.Limits.Name:
		store, err := k.aws()
		if err != nil {
			return nil, err
		}
		w.watch, w.decode = &store.Watch, store.Decode
		unless(len(store.Keys) > 0, alert.KeyChanged, "the ARNs of the store's keys, so key-changed cannot fire")
		return w, nil
	case azuresecret.Limits.Name:
		store, err := k.azure()
		if err != nil {
			return nil, err
		}
		w.watch, w.decode = &store.Watch, store.Decode
		unless(store.Job == "" || len(k.identities()) > 0, "", "the object id of the rotator, so what it reads and changes counts as a stranger's")
		return w, nil
	case gcpsecret.Limits.Name:
		store := k.gcp()
		w.watch, w.decode = &store.Watch, store.Decode
		unless(len(store.Keys) > 0, alert.KeyChanged, "the names of the store's keys, so key-changed cannot fire")
		unless(len(k.policies()) > 0, alert.AuditChanged, "the names of the alerts' policies and channels, so audit-changed cannot fire for them")
		return w, nil
	}
	local, err := s.local(of)
	if err != nil {
		return nil, err
	}
	store, err := local.watched()
	if err != nil {
		return nil, err
	}
	return &watched{watch: &store.Watch, decode: store.Decode}, nil
}

// known is what is known of a stack's resources: their inputs in the plan and, with a state, what the cloud has made.
type known struct {
	*stack.Stack
	state state
}

// of gives a property of a resource. Empty: it is not known.
func (k known) of(r plan.Resource, property string) string {
	if v, ok := k.state[r.URN][property].(string); ok {
		return v
	}
	if v := r.Inputs.Get(property); v.IsString() {
		return v.AsString()
	}
	return ""
}

// all gives a property of each resource of a type that is known.
func (k known) all(kind, property string) []string {
	var values []string
	for _, r := range k.Plan.Of(kind) {
		if v := k.of(r, property); v != "" {
			values = append(values, v)
		}
	}
	return values
}

func (k known) first(kind, property string) string {
	return append(k.all(kind, property), "")[0]
}

// watch is what is the same in each cloud. rotators gives who rotates a secret; companion, where the cloud has one,
// the name of the second secret that it keeps for that.
func (k known) watch(canonical func(string) string, rotators func(secret.Spec) []string, companion func(string) string) alert.Watch {
	settings := k.AlertSettings()
	w := alert.Watch{Networks: settings.Networks, Clock: clock(k.Stack)}
	for _, deployer := range settings.Deployers {
		w.Deployers = append(w.Deployers, canonical(deployer))
	}
	for _, spec := range k.Declaration.Secrets {
		one := alert.Secret{Name: spec.Name, Burst: spec.Alerts.Burst}
		for _, reader := range spec.Readers {
			one.Readers = append(one.Readers, canonical(k.Config.Identities[reader]))
		}
		if spec.Rotation == nil && !k.Declaration.ReadByRotator(spec.Name) {
			w.Secrets = append(w.Secrets, one)
			continue
		}
		by := rotators(spec)
		one.Readers = append(one.Readers, by...)
		for _, rotator := range by {
			if !slices.Contains(w.Rotators, rotator) {
				w.Rotators = append(w.Rotators, rotator)
			}
		}
		w.Secrets = append(w.Secrets, one)
		if spec.Rotation != nil && companion != nil {
			w.Secrets = append(w.Secrets, alert.Secret{Name: companion(spec.Name), Readers: by})
		}
	}
	return w
}

// clock is how often something looks at a rotated secret: once an hour or, where Google Cloud has many, once in some.
func clock(s *stack.Stack) time.Duration {
	for _, job := range s.Plan.Of("gcp:cloudscheduler/job:Job") {
		var minute, first, hours time.Duration
		if n, _ := fmt.Sscanf(job.Inputs.Get("schedule").AsString(), "%d %d-23/%d ", &minute, &first, &hours); n == 3 {
			return hours * time.Hour
		}
	}
	return time.Hour
}

// prefix is what begins the names of the stack's secrets in the cloud.
func (k known) prefix(id func(string) string) string {
	first := k.Declaration.Secrets[0].Name
	return strings.TrimSuffix(placesOf(k.Stack)[first], id(first))
}

func verbatim(name string) string { return name }

// root is in the policy of the store's key, with the partition and the account.
var root = regexp.MustCompile(`arn:(aws[a-z-]*):iam::([0-9]{12}):root`)

func (k known) aws() (*awsalert.Store, error) {
	account := root.FindStringSubmatch(strings.Join(k.all("aws:kms/key:Key", "policy"), " "))
	if account == nil {
		return nil, inputError{fmt.Errorf("the account of the stack is not known: set aws:allowedAccountIds in Pulumi.%s.yaml, or give --state", k.Name)}
	}
	store := &awsalert.Store{
		Partition: account[1], Account: account[2], Region: k.Setting("aws:region"), Replicas: k.Config.AWS.Replicas,
		Prefix: k.prefix(verbatim), ARNs: map[string]string{}, Keys: k.all("aws:kms/key:Key", "arn"),
		Bucket: k.first("aws:s3/bucketV2:BucketV2", "bucket"), LogGroups: k.all("aws:cloudwatch/logGroup:LogGroup", "name"),
	}
	if name := k.first("aws:cloudtrail/trail:Trail", "name"); name != "" {
		store.Trail = "arn:" + store.Partition + ":cloudtrail:" + store.Region + ":" + store.Account + ":trail/" + name
	}
	for _, alerts := range k.Plan.Of(awssecret.AlertsType) {
		store.Alerts = alerts.Name
	}
	if group := k.Config.AWS.TrailLogs; group != "" {
		store.LogGroups = append(store.LogGroups, group)
	}
	for _, r := range k.Plan.Of("aws:secretsmanager/secret:Secret") {
		if arn := k.of(r, "arn"); arn != "" {
			store.ARNs[r.Name] = arn
		}
	}
	store.Watch = k.watch(verbatim, func(spec secret.Spec) []string {
		function := functionOf(k.Stack, spec, make([]string, 6)) // named as its role
		name := function[strings.LastIndexByte(function, ':')+1:]
		return []string{"arn:" + store.Partition + ":iam::" + store.Account + ":role/" + name}
	}, nil)
	store.Index()
	return store, nil
}

func (k known) gcp() *gcpalert.Store {
	store := &gcpalert.Store{
		Project: k.Setting("gcp:project"),
		Prefix:  k.prefix(func(name string) string { return secret.Escape(name, "_") }),
		Keys:    k.all("gcp:kms/cryptoKey:CryptoKey", "id"),
		Service: k.first("gcp:cloudrunv2/service:Service", "name"),
	}
	// projects/NUMBER/secrets/ID
	if parts := strings.Split(k.first("gcp:secretmanager/secret:Secret", "name"), "/"); len(parts) == 4 {
		store.Number = parts[1]
	}
	for _, name := range k.all("gcp:logging/metric:Metric", "name") {
		store.Detectors = append(store.Detectors, "projects/"+store.Project+"/metrics/"+name)
	}
	store.Detectors = append(store.Detectors, k.policies()...)
	store.Detectors = append(store.Detectors, k.all("gcp:monitoring/notificationChannel:NotificationChannel", "name")...)
	for _, r := range k.Plan.Of("gcp:pubsub/subscription:Subscription") {
		if dead := r.Inputs.Get("deadLetterPolicy"); dead.IsMap() {
			store.Deliveries = int(dead.AsMap().Get("maxDeliveryAttempts").AsNumber())
		}
	}
	store.Watch = k.watch(gcpalert.Canonical, func(spec secret.Spec) []string {
		for _, r := range rotatorOf(k.Stack, spec) {
			if rotator, _ := k.Plan.Get(r.Parent); r.Type == "gcp:serviceaccount/account:Account" && r.Name == rotator.Name {
				return []string{gcpalert.Canonical("serviceAccount:" + k.of(r, "accountId") + "@" + store.Project + ".iam.gserviceaccount.com")}
			}
		}
		return nil
	}, func(name string) string { return name + gcpalert.Companion })
	for _, spec := range k.Declaration.Rotated() {
		store.Looks = append(store.Looks, spec.Name) // each has a clock of its own
	}
	store.Index()
	return store
}

// policies are the names of the alerts' policies on Google Cloud.
func (k known) policies() []string { return k.all("gcp:monitoring/alertPolicy:AlertPolicy", "name") }

func (k known) azure() (*azurealert.Store, error) {
	vault := k.Plan.Of("azure-native:keyvault:Vault")[0]
	id := k.of(vault, "id") // /subscriptions/ID/…
	store := &azurealert.Store{
		Subscription: k.Setting("azure-native:subscriptionId"), Vault: k.Config.Azure.Vault,
		ResourceGroup: k.of(vault, "resourceGroupName"),
		Workspace:     k.Config.Azure.AuditWorkspace,
		Setting:       k.first("azure-native:insights/v20210501preview:SubscriptionDiagnosticSetting", "name"),
	}
	if parts := strings.Split(id, "/"); len(parts) > 2 {
		store.Subscription = parts[2]
	}
	if store.Subscription == "" {
		return nil, inputError{fmt.Errorf("the subscription of the stack is not known: set azure-native:subscriptionId in Pulumi.%s.yaml, or give --state", k.Name)}
	}
	for _, alerts := range k.Plan.Of(azuresecret.AlertsType) { // the rotator has a workspace too
		for _, r := range k.Plan.Children(alerts.URN) {
			if r.Type == "azure-native:operationalinsights/v20230901:Workspace" {
				store.Workspace = k.of(r, "id")
			}
		}
	}
	for _, r := range k.Plan.Resources {
		if strings.HasPrefix(r.Type, "azure-native:app") && strings.HasSuffix(r.Type, ":Job") {
			store.Job = k.of(r, "jobName")
		}
	}
	store.Watch = k.watch(azuresecret.Limits.Canonical, func(secret.Spec) []string { return k.identities() },
		func(name string) string { return name + secret.CompanionSuffix })
	store.Index()
	return store, nil
}

// identities are the object ids of the rotator on Azure.
func (k known) identities() []string {
	return k.all("azure-native:managedidentity:UserAssignedIdentity", "principalId")
}

// state gives the outputs of a stack's resources, by URN, and their id as "id".
type state map[string]map[string]any

// readState reads what "pulumi stack export" has written. Encrypted values stay so.
func readState(file string) (state, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, inputError{err}
	}
	var export struct {
		Deployment struct {
			Resources []struct {
				URN     string         `json:"urn"`
				ID      string         `json:"id"`
				Outputs map[string]any `json:"outputs"`
			} `json:"resources"`
		} `json:"deployment"`
	}
	if json.Unmarshal(data, &export) != nil || len(export.Deployment.Resources) == 0 {
		return nil, inputError{errors.New(strconv.Quote(file) + " has no resources; write it with: pulumi stack export --file state.json")}
	}
	s := state{}
	for _, r := range export.Deployment.Resources {
		s[r.URN] = map[string]any{}
		for name, value := range r.Outputs {
			s[r.URN][name] = value
		}
		if r.ID != "" {
			s[r.URN]["id"] = r.ID
		}
	}
	return s, nil
}
