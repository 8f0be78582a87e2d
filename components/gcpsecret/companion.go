package gcpsecret

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudscheduler"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
)

const (
	// jobAnnotation is where the service finds what it is told of a secret.
	jobAnnotation = "secretstack-rotation"
	// maxAnnotations is for keys and values together:
	// https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets#Secret.
	maxAnnotations = 16<<10 - 1
	// maxProject is the longest id of a project:
	// https://cloud.google.com/resource-manager/docs/creating-managing-projects.
	maxProject = 30
	// maxRotated is how many jobs Cloud Scheduler has in a region, at most: https://cloud.google.com/scheduler/quotas.
	maxRotated = 5000
	// looksPerHour, of three reads each, take a tenth of Secret Manager's quota of 600 a minute. So there is enough of it
	// for a second rotator, and where all secrets are due at once: https://cloud.google.com/secret-manager/quotas.
	looksPerHour = 1250
)

// newCompanion makes a second secret, which only the rotator reads. It keeps what Secret Manager has no place
// for: the value that is not current yet, and where a rotation stands.
func (r *Rotator) newCompanion(ctx *pulumi.Context, name, id string, parent *Secret) (*secretmanager.Secret, error) {
	store := r.args.Store
	return secretmanager.NewSecret(ctx, companionName(name), &secretmanager.SecretArgs{
		SecretId:    pulumi.String(id),
		Replication: store.replication(),
	}, store.protected(parent), pulumi.DependsOn(store.grants()), pulumi.IgnoreChanges([]string{"annotations"}))
}

// companionName is a name in Pulumi that is no other secret's, whose names have no dot.
func companionName(name string) string { return name + ".rotation" }

// newClock has Cloud Scheduler say once an hour, or in a few hours, that it is time to look what is due for a secret, with the message
// that Secret Manager has for a companion. Secret Manager could send it itself, but has a price for each
// message, of which there are 730 a month (https://cloud.google.com/secret-manager/pricing); Cloud Scheduler has one
// for each job (https://cloud.google.com/scheduler/pricing). The clock starts when all else is there.
func (r *Rotator) newClock(ctx *pulumi.Context, name, id string, parent *Secret, after pulumi.Resource) (*cloudscheduler.Job, error) {
	return cloudscheduler.NewJob(ctx, companionName(name), &cloudscheduler.JobArgs{
		Name:     pulumi.String(id),
		Region:   pulumi.String(r.location()),
		Schedule: pulumi.String(schedule(id, len(r.jobs))),
		TimeZone: pulumi.String("Etc/UTC"),
		PubsubTarget: cloudscheduler.JobPubsubTargetArgs{
			TopicName: r.Topic.ID().ToStringOutput(),
			Attributes: pulumi.StringMap{
				"eventType": pulumi.String(rotate),
				"secretId":  pulumi.Sprintf("projects/%s/secrets/%s", r.Account.Project, id),
			},
		},
	}, pulumi.Parent(parent), pulumi.DependsOn(append([]pulumi.Resource{parent.Rotator, after}, r.ready...)))
}

// hoursOf is how many hours the looks at n secrets take: 4 at most, as maxRotated is, and so a divisor of the day.
func hoursOf(n int) uint32 { return uint32(1 + (n-1)/looksPerHour) }

// schedule spreads the looks at n secrets over an hour, or over as many as they need, each always at the same time.
func schedule(id string, n int) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id)) // never fails
	minute, sum, hours := hash.Sum32()%60, hash.Sum32()/60, hoursOf(n)
	if hours == 1 {
		return fmt.Sprintf("%d * * * *", minute)
	}
	return fmt.Sprintf("%d %d-23/%d * * *", minute, sum%hours, hours)
}

// annotations are for people, and for the service.
func (a *SecretArgs) annotations() pulumi.StringMap {
	annotations := pulumi.StringMap{}
	if a.Spec.Description != "" {
		annotations["description"] = pulumi.String(a.Spec.Description)
	}
	if a.Spec.Rotation != nil {
		annotations[jobAnnotation] = a.Rotator.jobs[a.Spec.Name].ApplyT(func(job string) (string, error) {
			return job, checkAnnotations(a.Spec, len(job))
		}).(pulumi.StringOutput)
	}
	return annotations
}

// checkAnnotations gives an error where they would be too big with a job of this size.
func checkAnnotations(spec secret.Spec, job int) error {
	size := len(jobAnnotation) + job
	if spec.Description != "" {
		size += len("description") + len(spec.Description)
	}
	if size > maxAnnotations {
		return fmt.Errorf("what the rotator is told of %s has %d bytes with the description, and a secret's annotations take %d; "+
			"give the certificates of one authority only in CA", spec.Name, size, maxAnnotations)
	}
	return nil
}

// checkSizes gives what is too many or too big, as far as it is known.
func (r *Rotator) checkSizes() (errs []error) {
	rotated := 0
	for _, s := range r.args.Secrets {
		if s.Rotation == nil {
			continue
		}
		rotated++
		if err := checkCompanion(r.args.Store.args.Prefix, s); err != nil {
			errs = append(errs, fmt.Errorf("  Secrets[%s]: %w", s.Name, err))
			continue
		}
		size := target.Size(s, r.args.Targets[s.Name], func(name string) string {
			return "projects/" + strings.Repeat("p", maxProject) + "/secrets/" + r.secretID(name)
		})
		if err := checkAnnotations(s, size); err != nil {
			errs = append(errs, fmt.Errorf("  Targets[%s]: %w", s.Name, err))
		}
	}
	for _, s := range r.args.Secrets {
		if s.Rotation == nil || s.Rotation.Every == secret.Manual {
			continue
		}
		if hours := hoursOf(rotated); hours > 1 && time.Duration(s.Rotation.Every) < time.Duration(hours)*time.Hour {
			errs = append(errs, fmt.Errorf("  Secrets[%s].Rotation.every: is %s, and at %d rotated secrets the service looks each %d hours; "+
				"make it longer, or make a second rotator", s.Name, s.Rotation.Every, rotated, hours))
		}
	}
	if rotated > maxRotated {
		errs = append(errs, fmt.Errorf("  Secrets: %d are rotated, and Cloud Scheduler has %d jobs in a region; "+
			"make a second rotator in another region", rotated, maxRotated))
	}
	return errs
}

// checkCompanion gives the rule that the name of a rotated secret breaks, or nil.
func checkCompanion(prefix string, s secret.Spec) error {
	id, err := Limits.SecretName(prefix, s.Name)
	if err == nil && len(id)+len(secret.CompanionSuffix) > maxSecretName {
		err = fmt.Errorf("it would have %d characters; %d are allowed where it is rotated", len(id), maxSecretName-len(secret.CompanionSuffix))
	}
	return err
}
