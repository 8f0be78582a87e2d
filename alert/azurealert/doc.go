// Package azurealert says the catalogue of alerts in Azure's words: it reads the audit log of a key vault, the activity
// log and what the rotator writes as events, and writes the alerts as KQL queries for scheduled query rules.
//
// What the records look like: https://learn.microsoft.com/azure/key-vault/general/logging and
// https://learn.microsoft.com/azure/azure-monitor/essentials/activity-log-schema; what the tables look like:
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/azkvauditlogs, azureactivity and
// containerappconsolelogs, beside it.
package azurealert
