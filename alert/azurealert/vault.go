package azurealert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/secretstack/secretstack/alert"
)

// ofVault are the operations of Key Vault's audit log. A backup is a copy of the value, which whoever may restore it
// into another vault can read. What Resource Manager does to the vault and its secrets is in the activity log.
// https://learn.microsoft.com/azure/key-vault/general/logging
var ofVault = operations{
	"SecretGet":         alert.Read,
	"SecretBackup":      alert.Read,
	"SecretList":        alert.List,
	"SecretListDeleted": alert.List,
	"SecretSet":         alert.Change,
	"SecretUpdate":      alert.Change,
	"SecretDelete":      alert.Delete,
	"SecretPurge":       alert.Delete,
	"SecretRecover":     alert.Restore,
	"SecretRestore":     alert.Restore,
}

// forbidden is a denial, and not 401, with which each client's first call is told how to authenticate. Nor is 404 alert.Gone: the
// secret or the version was deleted, or never was, and Key Vault does not tell which.
const forbidden = 403

// page matches the address of a further page of a list, of which Key Vault gives 25 names each: one that has the parameter
// $skiptoken, and not the word anywhere else.
const page = `(?i)^[^?]*[?](?:[^&]*&)*(?:[$]|%24)skiptoken=[^&]`

var isPage = regexp.MustCompile(page)

func (s *Store) fromVault(r *record) (e alert.Event) {
	e.Action = ofVault[r.operation]
	if e.Action == "" {
		return alert.Event{}
	}
	own := strings.EqualFold(r.resource, s.vault)
	switch {
	case e.Action == alert.List:
		if !own || isPage.MatchString(r.uri) {
			return alert.Event{}
		}
	case own:
		e.Secret = whole
		for _, uri := range []string{r.object, r.uri} {
			if id := named(uri); id != "" {
				e.Secret = s.secret(id)
				break
			}
		}
	}
	switch {
	case r.code >= 200 && r.code <= 299:
		e.Outcome = alert.OK
	case r.code == forbidden:
		e.Outcome = alert.Denied
	default:
		e.Outcome = alert.Failed
	}
	e.Who = r.who
	return e
}

// named gives the name in the address of a secret: https://VAULT.vault.azure.net/secrets/NAME/VERSION.
func named(uri string) string {
	_, uri, _ = strings.Cut(uri, "://")
	_, path, _ := strings.Cut(uri, "/")
	path, _, _ = strings.Cut(path, "?")
	kind, rest, _ := strings.Cut(path, "/")
	if !strings.EqualFold(kind, "secrets") && !strings.EqualFold(kind, "deletedsecrets") {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// vaultRows are the events of the table of the audit log.
func (s *Store) vaultRows(actions []alert.Action) string {
	names := ofVault.of(actions...)
	if len(names) == 0 {
		return ""
	}
	where := fmt.Sprintf("_ResourceId =~ %s and OperationName in (%s)", quote(s.vault), list(names))
	id := fmt.Sprintf(`coalesce(tolower(extract(%s, 1, strcat(Id, " ", RequestUri))), "%s")`, verbatim(address), whole)
	if slices.Contains(actions, alert.List) {
		where += fmt.Sprintf(` and not(OperationName in (%s) and RequestUri matches regex %s)`, list(ofVault.of(alert.List)), verbatim(page))
		id = fmt.Sprintf(`iff(OperationName in (%s), "", %s)`, list(ofVault.of(alert.List)), id)
	}
	return fmt.Sprintf(`(AZKVAuditLogs
    | where %s
    | project Time = TimeGenerated,
        Action = %s,
        Outcome = case(HttpStatusCode between (200 .. 299), "ok", HttpStatusCode == %d, "denied", "failed"),
        Secret = %s,
        Who = tolower(coalesce(tostring(Identity.claim.oid), tostring(Identity.claim[%s]))),
        From = CallerIpAddress)`,
		where, ofVault.kql("OperationName", actions), forbidden, id, quote(oidClaim))
}

// address finds the secret's name in its addresses: see named.
const address = `(?i)https://[^/ ]+/(?:deleted)?secrets/([^/? ]+)`

// oidClaim is the object id's name in a token that Resource Manager passes on; in others it is oid.
const oidClaim = "http://schemas.microsoft.com/identity/claims/objectidentifier"

// caller takes the object id from the claims of a token.
func caller(claims gjson.Result) (who string) {
	parsed(claims).ForEach(func(key, value gjson.Result) bool {
		if key.Str == "oid" || key.Str == oidClaim {
			who = strings.ToLower(value.Str)
		}
		return who == ""
	})
	return who
}
