package azurealert

import (
	"time"

	"github.com/secretstack/secretstack/alert"
)

// Gaps are the alerts that Azure cannot do.
var Gaps = map[alert.ID]string{
	alert.KeyChanged:        "Key Vault encrypts secrets under Microsoft's own keys; there is no key of the store that somebody could disable",
	alert.RotationAbandoned: "the job gives no rotation up: it tries again each hour, and rotation-failed and rotation-overdue say so",
}

// Memory is how far back read-by-newcomer compares, instead of alert.Baseline: a rule's query sees two days at most
// (https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule).
const Memory = 48 * time.Hour

// Partly are the alerts of which Azure can do a part.
var Partly = map[alert.ID]string{
	alert.ReadByNewcomer: "a rule remembers two days, and not two weeks",
	alert.SecretDeleted:  "Key Vault answers a request for a deleted secret as one for a misspelt name, so it is not told",
}
