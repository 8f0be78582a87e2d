package fixes

import (
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// GcpAuditDataAccessLogs has Google log each read of a secret.
func GcpAuditDataAccessLogs(ctx *pulumi.Context) error {
	_, err := projects.NewIAMAuditConfig(ctx, "secrets", &projects.IAMAuditConfigArgs{
		Project: pulumi.String("shop"),
		Service: pulumi.String("secretmanager.googleapis.com"),
		AuditLogConfigs: projects.IAMAuditConfigAuditLogConfigArray{
			projects.IAMAuditConfigAuditLogConfigArgs{LogType: pulumi.String("ADMIN_READ")},
			projects.IAMAuditConfigAuditLogConfigArgs{LogType: pulumi.String("DATA_READ")},
		},
	})
	return err
}
