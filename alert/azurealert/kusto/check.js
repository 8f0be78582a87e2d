// Reads queries as Microsoft's own editors do. Standard input is a JSON object of queries by name; standard output one of
// the columns of each result, and of what is wrong with each query: what does not parse, and what has a wrong name or type.
// The tables have their documented columns: https://learn.microsoft.com/azure/azure-monitor/reference/tables-index.
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const columns = {
  AZKVAuditLogs: {
    string: "AddressAuthorizationType Algorithm AppliedAssignmentId CallerIpAddress ClientInfo CorrelationId HsmPoolResourceId Id OperationName OperationVersion RequestUri _ResourceId ResultDescription ResultSignature ResultType SourceSystem SubnetId _SubscriptionId TenantId Tlsversion TrustedService Type",
    dynamic: "CertificateIssuerProperties CertificatePolicyProperties CertificateProperties CertificateRequestProperties Identity KeyProperties NetworkAcls Nsp Properties SecretProperties Sku StorageAccountProperties StorageSasDefinitionProperties VaultProperties",
    bool: "EnabledForDeployment EnabledForDiskEncryption EnabledForTemplateDeployment EnablePurgeProtection EnableRbacAuthorization EnableSoftDelete IsAccessPolicyMatch IsAddressAuthorized IsRbacAuthorized",
    int: "DurationMs HttpStatusCode SoftDeleteRetentionInDays",
    datetime: "TimeGenerated",
  },
  AzureActivity: {
    string: "ActivityStatus ActivityStatusValue ActivitySubstatus ActivitySubstatusValue Authorization Caller CallerIpAddress Category CategoryValue Claims CorrelationId EventDataId Hierarchy HTTPRequest Level OperationId OperationName OperationNameValue Properties Resource ResourceGroup ResourceId _ResourceId ResourceProvider ResourceProviderValue SourceSystem SubscriptionId _SubscriptionId TenantId Type",
    dynamic: "Authorization_d Claims_d Properties_d",
    datetime: "EventSubmissionTimestamp TimeGenerated",
  },
  ContainerAppConsoleLogs: {
    string: "ContainerAppName ContainerGroupId ContainerGroupName ContainerId ContainerImage ContainerName EnvironmentName JobName Location Log OperationName _ResourceId RevisionName SourceSystem Stream _SubscriptionId TenantId Type",
    datetime: "TimeGenerated",
  },
};

const { Symbols, GlobalState, KustoCode } = Kusto.Language;
const tables = Object.entries(columns).map(([name, types]) => {
  const all = Object.entries(types).flatMap(([type, names]) => names.split(" ").map((column) => `${column}: ${type}`));
  return Symbols.TableSymbol.From(`(${all.join(", ")})`).WithName(name);
});
const workspace = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("workspace", tables));

let input = "";
process.stdin.on("data", (data) => (input += data)).on("end", () => {
  const answers = {};
  for (const [name, query] of Object.entries(JSON.parse(input))) {
    const code = KustoCode.ParseAndAnalyze(query, workspace);
    const wrong = items(code.GetDiagnostics()).map((d) => `${d.Severity}: ${d.Message} (${query.substr(d.Start, d.Length)})`);
    const columns = code.ResultType?.Columns ? items(code.ResultType.Columns).map((c) => `${c.Name}: ${c.Type.Name}`) : [];
    answers[name] = { columns, wrong };
  }
  console.log(JSON.stringify(answers));
});

function items(list) {
  return Array.from({ length: list.Count }, (_, i) => System.Array.getItem(list, i));
}
