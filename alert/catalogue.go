package alert

import "time"

// The catalogue's entries.
const (
	ReadByStranger    ID = "read-by-stranger"
	ReadFromElsewhere ID = "read-from-elsewhere"
	ReadByNewcomer    ID = "read-by-newcomer"
	ReadBurst         ID = "read-burst"
	DeniedBurst       ID = "denied-burst"
	ReadInBulk        ID = "read-in-bulk"
	ListedInBulk      ID = "listed-in-bulk"
	SecretDeleted     ID = "secret-deleted"
	SecretChanged     ID = "secret-changed"
	KeyChanged        ID = "key-changed"
	AuditChanged      ID = "audit-changed"
	RotationFailed    ID = "rotation-failed"
	RotationAbandoned ID = "rotation-abandoned"
	RotationOverdue   ID = "rotation-overdue"
)

const fiveMinutes = 5 * time.Minute

// Catalogue are all alerts, in the order of the documentation.
var Catalogue = []Alert{
	{
		ID: ReadByStranger, Severity: Critical,
		Title: "A value was read by somebody who is no reader of the secret",
		Do:    "Rotate the secret now; then find out how the caller came by the right to read it.",
		When:  All{Does{Read}, Ends{OK}, In(Declared), Not{In(ByReader)}},
	},
	{
		ID: ReadFromElsewhere, Severity: High,
		Title: "A value was read from a network outside the allowed ones",
		Do:    "If nobody knows the address, disable the caller's credentials and rotate the secret.",
		When:  All{Does{Read}, Ends{OK}, In(OfStore), Not{In(Nearby)}},
	},
	{
		ID: ReadByNewcomer, Severity: Medium,
		Title: "A value was read by a caller or from an address not seen before",
		Do:    "Ask the secret's readers whether they have deployed something new; if not, rotate the secret.",
		When:  All{Does{Read}, Ends{OK}, In(OfStore), Any{Not{In(KnownWho)}, Not{In(KnownFrom)}}},
	},
	{
		ID: ReadBurst, Severity: High,
		Title: "One secret is read far more often than usual",
		Do:    "See who reads: a restart loop needs mending, anybody else is a leak.",
		When:  All{Does{Read}, Ends{OK}, In(OfStore)},
		Count: &Count{Over: 100, Within: fiveMinutes, Per: PerSecret},
	},
	{
		ID: DeniedBurst, Severity: High,
		Title: "Somebody tries again and again to read secrets and is denied",
		Do:    "See who it is: a reader that has lost its grant, or somebody who looks around.",
		When:  All{Does{Read}, Ends{Denied}, In(OfStore)},
		Count: &Count{Over: 5, Within: fiveMinutes, Per: PerStore},
	},
	{
		ID: ReadInBulk, Severity: High,
		Title: "The store's secrets are read in bulk",
		Do:    "See who reads: if it is no deployment or scale-out, disable the caller's credentials and rotate what it has read.",
		When:  All{Does{Read}, Ends{OK}, In(OfStore)},
		Count: &Count{Over: 500, Within: fiveMinutes, Per: PerStore},
	},
	{
		ID: ListedInBulk, Severity: Medium,
		Title: "The names of secrets are listed again and again",
		Do:    "See who lists: an inventory tool is to be slowed down, anybody else looks around.",
		When:  All{Does{List}, Ends{OK}, Not{In(ByDeployer)}, Not{In(ByRotator)}},
		Count: &Count{Over: 20, Within: fiveMinutes, Per: PerStore},
	},
	{
		ID: SecretDeleted, Severity: Critical,
		Title: "A secret was deleted, scheduled for deletion, restored, or asked for after its deletion",
		Do:    "If that was not meant, restore it at once: its readers fail when they next read it.",
		When:  All{In(OfStore), Any{All{Does{Delete, Restore}, Ends{OK}}, All{Does{Read}, Ends{Gone}}}},
	},
	{
		ID: SecretChanged, Severity: High,
		Title: "A secret's value, policy or grants were changed by somebody who neither deploys nor rotates",
		Do:    "If nobody did it on purpose, put the policy back with an update of the stack, and rotate the secret.",
		When:  All{Does{Change}, Ends{OK}, In(OfStore), Not{In(ByDeployer)}, Not{In(ByRotator)}},
	},
	{
		ID: KeyChanged, Severity: Critical,
		Title: "A key of the store was disabled or scheduled for deletion, or its policy was changed by somebody who does not deploy",
		Do:    "If that was not meant, enable the key or cancel its deletion at once: without it no value can be read.",
		When:  All{Ends{OK}, In(OfKey), Any{Does{UnmakeKey}, All{Does{OpenKey}, Not{In(ByDeployer)}}}},
	},
	{
		ID: AuditChanged, Severity: Critical,
		Title: "The audit log was switched off, or somebody who does not deploy changed where it goes or what watches it",
		Do:    "Put it back with an update of the stack, and take what has happened since for unseen.",
		When:  All{Ends{OK}, Any{Does{Blind}, All{Does{Rewire}, Not{In(ByDeployer)}}}},
	},
	{
		ID: RotationFailed, Severity: High,
		Title: "A rotation failed",
		Do:    "Read the record's class and error; the current value still works, and the rotation is tried again.",
		When:  All{Does{Rotate}, Ends{Failed}},
	},
	{
		ID: RotationAbandoned, Severity: Critical,
		Title: "A rotation was given up",
		Do:    "Mend what the records before it name, and start the rotation by hand.",
		When:  Does{Abandon},
	},
	{
		ID: RotationOverdue, Severity: Critical,
		Title: "A rotation is overdue, or the rotator is not alive",
		Do:    "See whether the rotator runs at all, then which secret is overdue, and rotate it by hand.",
		When:  All{Does{Look}, Ends{OK}},
		Quiet: 3 * time.Hour,
	},
}
