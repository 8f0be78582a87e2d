package azurerules

import (
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

const (
	storageAccount = "azure-native:storage:StorageAccount"
	blobContainer  = "azure-native:storage:BlobContainer"
)

var storage = []policy.Rule{storageTransport, storageNotPublic, storageFirewall, storageNoKeys, storageOwnKey}

var storageTransport = policy.Rule{
	Name:     "azure-storage-https-tls12",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A storage account takes HTTPS only, with TLS 1.2 or later",
	Why: "An account's keys and signatures travel with each request, and so do the logs and packages that it holds. Over HTTP, or " +
		"TLS 1.0 and 1.1, others on the way can read them. An account that does not say which version it wants takes TLS 1.0.",
	Fix: "Leave enableHttpsTrafficOnly unset or true, and set minimumTlsVersion to TLS1_2.",
	Covers: []string{
		"CKV_AZURE_3", "CKV_AZURE_44", "Trivy:AZU-0008", "Trivy:AZU-0011", "KICS:12944ec4", "KICS:8263f146", "KICS:1367dd13", "KICS:cb8e4bf0",
	},
	Controls: []string{"CIS Azure 6.0 9.3.6", "MCSB DP-3", "NIST 800-53 r5 SC-8", "NIST 800-53 r5 SC-8(1)", "PCI DSS 4.0 3.5.1", "PCI DSS 4.0 6.2.4"},
	Sources: []string{
		"https://learn.microsoft.com/azure/storage/common/storage-require-secure-transfer",
		"https://learn.microsoft.com/azure/storage/common/transport-layer-security-configure-minimum-version",
	},
	Types: []string{storageAccount},
	Check: func(s policy.Subject) []policy.Finding {
		https, version := set(s.Resource, "enableHttpsTrafficOnly"), set(s.Resource, "minimumTlsVersion")
		return append(
			s.Require(https, func(v policy.Value) bool { return !v.False() }, "The account takes requests over plain HTTP."),
			s.Require(version, func(v policy.Value) bool { return is(v, "TLS1_2", "TLS1_3") },
				"The account takes versions of TLS before 1.2: the least is %s, and without one TLS 1.0.", version)...)
	},
}

var storageNotPublic = policy.Rule{
	Name:     "azure-storage-no-public-blob",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "Nobody reads a storage account's blobs without signing in",
	Why: "Where an account allows public blobs, one setting of one container opens it to everybody: logs of who read which secret, " +
		"packages of rotators, the state of stacks. What an account does that says nothing depends on the API's version.",
	Fix:      "Set allowBlobPublicAccess to false, and leave publicAccess of containers unset or None.",
	Covers:   []string{"CKV_AZURE_59", "CKV_AZURE_190", "CKV2_AZURE_47", "Trivy:AZU-0007", "KICS:17f75827"},
	Controls: []string{"CIS Azure 6.0 9.3.2.2", "MCSB NS-2", "NIST 800-53 r5 AC-4", "NIST 800-53 r5 SC-7"},
	Sources: []string{
		"https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-prevent",
		"https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-configure",
	},
	Types: []string{storageAccount, blobContainer},
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type == blobContainer {
			access := set(s.Resource, "publicAccess")
			return s.Require(access, func(v policy.Value) bool { return v.Absent() || is(v, "None") },
				"Everybody can read the container: its public access is %s.", access)
		}
		public, network := set(s.Resource, "allowBlobPublicAccess"), set(s.Resource, "publicNetworkAccess")
		switch {
		case public.False(), closed(network):
			return nil
		case network.Unknown():
			return []policy.Finding{s.Unknown(network)}
		}
		return s.Require(public, policy.Value.False, "The account lets containers be open to everybody.")
	},
}

var storageFirewall = policy.Rule{
	Name:     "azure-storage-network-deny",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "A storage account's firewall denies all networks but those that are named, and lets Azure's services write",
	Why: "A storage account is open to the whole Internet unless its firewall says otherwise, and a leaked key or signature is then " +
		"enough. A firewall that keeps out Azure's trusted services stops diagnostic logs without a word.",
	Fix: "Set networkRuleSet.defaultAction to Deny, leave bypass unset or with AzureServices in it, and name the networks; or set " +
		"publicNetworkAccess to Disabled.",
	Covers:   []string{"CKV_AZURE_35", "CKV_AZURE_36", "Trivy:AZU-0012", "Trivy:AZU-0010", "KICS:a5613650", "KICS:5400f379"},
	Controls: []string{"CIS Azure 6.0 9.3.2.3", "MCSB NS-2", "NIST 800-53 r5 AC-4", "NIST 800-53 r5 SC-7", "PCI DSS 4.0 1.3.2", "PCI DSS 4.0 1.4.2"},
	Sources:  []string{"https://learn.microsoft.com/azure/storage/common/storage-network-security"},
	Types:    []string{storageAccount},
	Check: func(s policy.Subject) []policy.Finding {
		const network, rules = "publicNetworkAccess", "networkRuleSet"
		findings := firewall(s, network, rules, "iPAddressOrRange")
		action, bypass := set(s.Resource, rules+".defaultAction"), set(s.Resource, rules+".bypass")
		if closed(set(s.Resource, network)) || !is(action, "Deny") || bypass.Absent() {
			return findings
		}
		return append(findings, s.Require(bypass, func(v policy.Value) bool {
			return strings.Contains(strings.ToLower(v.Text()), "azureservices")
		}, "Azure's trusted services cannot pass the firewall (bypass is %s), so diagnostic logs do not arrive.", bypass)...)
	},
}

var storageNoKeys = policy.Rule{
	Name:     "azure-storage-no-shared-key",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A storage account takes identities only: no shared keys, no local users",
	Why: "An account's key opens all of it, never expires, and is copied into connection strings; who made a signature with it, no log " +
		"tells. Local users of SFTP have passwords that nobody rotates.",
	Fix: "Set allowSharedKeyAccess and isLocalUserEnabled to false, and give identities roles such as Storage Blob Data Reader. " +
		"Some services still need the keys, Azure Files among them: exempt their accounts.",
	Covers:   []string{"CKV2_AZURE_40", "CKV2_AZURE_41", "CKV_AZURE_244"},
	Controls: []string{"CIS Azure 6.0 9.3.1.3", "MCSB IM-1"},
	Sources: []string{
		"https://learn.microsoft.com/azure/storage/common/shared-key-authorization-prevent",
		"https://learn.microsoft.com/azure/storage/common/sas-expiration-policy",
		"https://learn.microsoft.com/azure/storage/blobs/secure-file-transfer-protocol-support-authorize-access",
	},
	Types: []string{storageAccount},
	Check: func(s policy.Subject) []policy.Finding {
		shared, users, sftp := set(s.Resource, "allowSharedKeyAccess"), set(s.Resource, "isLocalUserEnabled"), set(s.Resource, "isSftpEnabled")
		message := "The account's keys open all of it, and signatures made with them"
		if set(s.Resource, "sasPolicy").Absent() {
			message += ", which no policy limits in time"
		}
		findings := s.Require(shared, policy.Value.False, "%s.", message)
		if !users.Absent() {
			return append(findings, s.Require(users, policy.Value.False, "The account has local users, with passwords or keys of their own.")...)
		}
		return append(findings, s.Require(sftp, func(v policy.Value) bool { return !v.True() },
			"SFTP is on, whose users have passwords or keys of their own.")...)
	},
}

var storageOwnKey = policy.Rule{
	Name:     "azure-storage-cmk",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A key of one's own encrypts a storage account",
	Why: "Azure encrypts each account with a key of Microsoft's. With one's own, the data can be made unreadable by disabling the key, " +
		"and each use of the key is in the vault's log; and whoever loses the key loses the data.",
	Fix:      "Set encryption.keySource to Microsoft.Keyvault and name a key in a vault with purge protection.",
	Covers:   []string{"CKV2_AZURE_1", "Trivy:AZU-0060"},
	Controls: []string{"MCSB DP-5", "NIST 800-53 r5 SC-12"},
	Sources:  []string{"https://learn.microsoft.com/azure/storage/common/customer-managed-keys-overview"},
	Types:    []string{storageAccount},
	Check: func(s policy.Subject) []policy.Finding {
		return s.Require(set(s.Resource, "encryption.keySource"), func(v policy.Value) bool { return is(v, "Microsoft.Keyvault") },
			"A key of Microsoft's encrypts the account.")
	},
}
