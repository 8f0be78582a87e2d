package secret

// Job is what a rotator is told of one secret. It holds no value.
type Job struct {
	// Secret is the name in the declaration, ID the cloud's: the name of an AWS or Key Vault secret,
	// the resource name of a Google secret.
	Secret string `json:"secret"`
	ID     string `json:"id"`

	Rotation Rotation `json:"rotation"`
	Address  Address  `json:"address,omitzero"`

	// Reads gives the cloud's ids of the other secrets that the rotation reads (Database.Admin,
	// Webhook.Key), by their names in the declaration.
	Reads map[string]string `json:"reads,omitempty"`
}

// NewJob makes the job of a spec that has a Rotation. id gives a secret's ID by its name in the declaration.
func NewJob(s Spec, a Address, id func(name string) string) Job {
	job := Job{Secret: s.Name, ID: id(s.Name), Rotation: *s.Rotation, Address: a}
	for _, name := range s.Rotation.Reads() {
		if job.Reads == nil {
			job.Reads = map[string]string{}
		}
		job.Reads[name] = id(name)
	}
	return job
}

// CompanionSuffix ends the name of the second secret that a rotator keeps on Google Cloud and Azure, which
// know no pending version. Escape never makes it, so it is no other secret's name.
const CompanionSuffix = "--rotation"
