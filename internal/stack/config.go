package stack

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/strict"
)

// namespace is where a stack's configuration has our keys.
const namespace = "secretstack:"

// Config is what a stack's configuration says to us, below the namespace secretstack.
type Config struct {
	// Cloud is where the secrets live: aws, azure, gcp or local. Required.
	Cloud string `yaml:"secretstack:cloud"`
	// Identities give each reader's identity in the cloud: the ARN of a role, a service account, the
	// object id of a managed identity, an age or SSH public key. Only the local cloud makes missing ones.
	Identities map[string]string `yaml:"secretstack:identities"`
	// Recovery is how long a deleted secret can be recovered. Zero: 30 days, or not at all with
	// AllowDestroy.
	Recovery secret.Duration `yaml:"secretstack:recovery"`
	// AllowDestroy lets the stack's keys and secrets be deleted. Zero: they are protected.
	AllowDestroy bool `yaml:"secretstack:allowDestroy"`
	// Targets say where the rotations of secrets.yaml find their targets, by the secret's name. Each rotation
	// at a target needs one, but for the local cloud, where a secret without one is not rotated.
	Targets map[string]TargetConfig `yaml:"secretstack:targets"`
	// Alerts say who hears of the store's alerts. Required, but for the local cloud.
	Alerts AlertsConfig `yaml:"secretstack:alerts"`

	AWS   AWSConfig   `yaml:"secretstack:aws"`
	Azure AzureConfig `yaml:"secretstack:azure"`
	GCP   GCPConfig   `yaml:"secretstack:gcp"`
	Local LocalConfig `yaml:"secretstack:local"`
}

// AWSConfig is what only AWS understands.
type AWSConfig struct {
	// Organization is the id of the AWS organisation outside which nobody may use a secret. Zero: no
	// such limit.
	Organization string `yaml:"organization"`
	// Replicas are further regions in which each secret can be read. Zero: none.
	Replicas []string `yaml:"replicas"`
	// RotatorBundle is a prebuilt function, as make lambda writes it, relative to the project. Zero: it is built.
	RotatorBundle string `yaml:"rotatorBundle"`
	// RotatorConcurrency is how many secrets a rotator can rotate at once: see awssecret.RotatorArgs. Zero: what
	// their number needs. -1: nothing is reserved, for accounts that have too little concurrency to reserve any.
	RotatorConcurrency int `yaml:"rotatorConcurrency"`
	// Networks are the VPCs in which targets are, by names of one's own choice. Each has a rotator of its own.
	// Zero: the one rotator is in no VPC.
	Networks map[string]NetworkConfig `yaml:"networks"`
	// Schedules say when single secrets are rotated, by their names. Zero: as secrets.yaml says, at any
	// time of the day.
	Schedules map[string]ScheduleConfig `yaml:"schedules"`
	// TrailLogs is the CloudWatch Logs group to which the account's own trail sends its management events. Zero: a
	// trail is made.
	TrailLogs string `yaml:"trailLogs"`
}

// NetworkConfig is a VPC in which the targets of some secrets are.
type NetworkConfig struct {
	VPC     string   `yaml:"vpc"`     // the VPC's id. Required
	Subnets []string `yaml:"subnets"` // the ids of subnets that reach the targets and Secrets Manager. At least one
	Secrets []string `yaml:"secrets"` // the rotated secrets whose targets are there. At least one
}

// ScheduleConfig is when AWS rotates a secret: see awssecret.CheckSchedule.
type ScheduleConfig struct {
	Expression string          `yaml:"expression"` // rate(…) or cron(…). Required
	Window     secret.Duration `yaml:"window"`     // how long after that it may begin. Zero: AWS's default
}

// AzureConfig is what only Azure understands.
type AzureConfig struct {
	// Vault is the globally unique name of the key vault. Required.
	Vault string `yaml:"vault"`
	// ResourceGroup is the name of an existing resource group. Zero: one is made.
	ResourceGroup string `yaml:"resourceGroup"`
	// AllowedNetworks are the IPv4 addresses and ranges from which the vault can be reached. Zero: none.
	AllowedNetworks []string `yaml:"allowedNetworks"`
	// RotatorImage is the image of the rotator, with its digest. Required where a secret is rotated.
	RotatorImage string `yaml:"rotatorImage"`
	// RotatorSubnet is the resource id of an existing subnet, delegated to Microsoft.App/environments, in which
	// the rotator runs. Zero: it is in no virtual network, and reaches the internet.
	RotatorSubnet string `yaml:"rotatorSubnet"`
	// AuditWorkspace is the resource id of the Log Analytics workspace to which the subscription's activity log goes.
	// Zero: a workspace is made, and the activity log is sent there too.
	AuditWorkspace string `yaml:"auditWorkspace"`
	// Key must be zero: Key Vault cannot encrypt secrets under a customer's key.
	Key string `yaml:"key"`
}

// GCPConfig is what only Google Cloud understands.
type GCPConfig struct {
	// Locations are the regions that hold the secrets. Zero: Google chooses.
	Locations []string `yaml:"locations"`
	// RotatorImage is the image of the rotator, with its digest. Required where a secret is rotated.
	RotatorImage string `yaml:"rotatorImage"`
	// RotatorLocation is the region in which the rotator runs. Zero: the first of Locations.
	RotatorLocation string `yaml:"rotatorLocation"`
	// RotatorNetwork and RotatorSubnetwork are the part of a VPC through which the rotator reaches its targets.
	// Zero: it reaches the internet only.
	RotatorNetwork    string `yaml:"rotatorNetwork"`
	RotatorSubnetwork string `yaml:"rotatorSubnetwork"`
	// AuditConfigOwner says who has switched on the audit log of Secret Manager in this project, which has one
	// setting for all its stacks. Zero: this stack does.
	AuditConfigOwner string `yaml:"auditConfigOwner"`
}

// LocalConfig is what only the local cloud understands.
type LocalConfig struct {
	// File holds the encrypted values, relative to the project. Zero: secrets.<stack>.age.yaml.
	File string `yaml:"file"`
}

// clouds are the known ones by the word that selects them.
var clouds = map[string]secret.Cloud{
	awssecret.Limits.Name:   awssecret.Limits,
	azuresecret.Limits.Name: azuresecret.Limits,
	gcpsecret.Limits.Name:   gcpsecret.Limits,
	localsecret.Limits.Name: localsecret.Limits,
}

// check notes what is wrong with a configuration beyond its form.
func (c *Config) check(doc *strict.Document, values map[string]string) {
	cloud, ok := clouds[c.Cloud]
	names := slices.Sorted(maps.Keys(clouds))
	switch {
	case c.Cloud == "" && !doc.Wrong(namespace+"cloud"):
		doc.Add(namespace+"cloud", "is missing; set it to one of %s", strings.Join(names, ", "))
	case !ok && c.Cloud != "":
		doc.Add(namespace+"cloud", "is not a cloud that secretstack knows; %s", strict.Suggest(c.Cloud, names))
	}
	for _, name := range names {
		section := namespace + name
		if _, has := values[section]; ok && name != c.Cloud && has {
			doc.Add(section, "is for %s, and this stack selects %s", name, c.Cloud)
		}
	}
	if !ok {
		return
	}
	for _, reader := range slices.Sorted(maps.Keys(c.Identities)) {
		field := namespace + "identities." + reader
		if err := cloud.CheckIdentity(c.Identities[reader]); err != nil && !doc.Wrong(field) {
			doc.Add(field, "%s", err)
		}
	}
	if err := cloud.CheckRecovery(time.Duration(c.Recovery)); err != nil {
		doc.Add(namespace+"recovery", "%s", err)
	}
	needs := func(key, what string) {
		if values[key] == "" {
			doc.Add(key, "is missing; set it to %s", what)
		}
	}
	switch c.Cloud {
	case awssecret.Limits.Name:
		needs("aws:region", "the region of the secrets, such as eu-west-1")
		for i, r := range c.AWS.Replicas {
			if r == values["aws:region"] {
				doc.Add(fmt.Sprintf("%saws.replicas[%d]", namespace, i), "is the region of the secrets themselves")
			}
		}
		if id := c.AWS.Organization; id != "" {
			checkEach(doc, "aws.organization", awssecret.CheckOrganization, id)
		}
		checkEach(doc, "aws.replicas[%d]", awssecret.CheckRegion, c.AWS.Replicas...)
	case azuresecret.Limits.Name:
		needs("azure-native:location", "the location of the vault, such as westeurope")
		if c.Azure.Key != "" {
			doc.Add(namespace+"azure.key", "%s", azuresecret.CustomerKey)
		}
		checkEach(doc, "azure.vault", azuresecret.CheckVault, c.Azure.Vault)
		checkEach(doc, "azure.allowedNetworks[%d]", azuresecret.CheckNetwork, c.Azure.AllowedNetworks...)
		if id := c.Azure.RotatorSubnet; id != "" {
			checkEach(doc, "azure.rotatorSubnet", azuresecret.CheckSubnet, id)
		}
	case gcpsecret.Limits.Name:
		needs("gcp:project", "the id of the project that has the secrets")
		checkEach(doc, "gcp.locations[%d]", gcpsecret.CheckLocation, c.GCP.Locations...)
		if l := c.GCP.RotatorLocation; l != "" {
			checkEach(doc, "gcp.rotatorLocation", gcpsecret.CheckLocation, l)
		}
	case localsecret.Limits.Name:
		if f := c.Local.File; f != "" && !filepath.IsLocal(f) {
			doc.Add(namespace+"local.file", "must be a file below the project's folder")
		}
	}
}

// checkEach notes the rule that each value breaks. Where there are several, the field has their number.
func checkEach(doc *strict.Document, field string, check func(string) error, values ...string) {
	for i, v := range values {
		at := namespace + strings.ReplaceAll(field, "%d", strconv.Itoa(i))
		if err := check(v); err != nil && !doc.Wrong(at) {
			doc.Add(at, "%s", err)
		} else if slices.Index(values, v) < i {
			doc.Add(at, "names %s twice", v)
		}
	}
}
