package access

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

// many are resources of a cloud: secrets, each with its own readers, of which there are as many as identities say. One in ten
// of the identities reads everything.
func many(cloud string, secrets, identities int) []*policy.Resource {
	var all []*policy.Resource
	add := func(typ, name string, inputs map[string]property.Value, outputs map[string]property.Value) {
		all = append(all, &policy.Resource{
			URN: "urn:pulumi:many::shop::" + typ + "::" + name, Type: typ, Name: name,
			Inputs: property.NewMap(inputs), Outputs: property.NewMap(outputs),
		})
	}
	text := func(format string, args ...any) property.Value { return property.New(fmt.Sprintf(format, args...)) }
	for i := range secrets {
		name := fmt.Sprintf("team-%d/secret-%d", i%50, i)
		reader := i % identities
		switch cloud {
		case "aws":
			arn := text("arn:aws:secretsmanager:eu-west-1:111122223333:secret:%s-Hq3xT8", name)
			add(awsSecretType, name, map[string]property.Value{"name": property.New(name)}, map[string]property.Value{"arn": arn})
			add(awsPolicyType, name, map[string]property.Value{"secretArn": arn, "policy": text(`{"Statement": [
				{"Sid": "ReadersRead", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/role-%d", "arn:aws:iam::111122223333:role/role-%d"]},
				 "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], "Resource": "*"},
				{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`,
				reader, (reader+1)%identities)}, nil)
		case "gcp":
			add(gcpSecrets[0], name, map[string]property.Value{"secretId": text("secret-%d", i), "project": text("shop")}, nil)
			for n := range 2 {
				add("gcp:secretmanager/secretIamMember:SecretIamMember", fmt.Sprint(name, n), map[string]property.Value{
					"secretId": text("secret-%d", i), "project": text("shop"), "role": text("roles/secretmanager.secretAccessor"),
					"member": text("serviceAccount:role-%d@shop.iam.gserviceaccount.com", (reader+n)%identities),
				}, nil)
			}
		case "azure":
			add(azureSecretType, name, map[string]property.Value{"vaultName": text("shop"), "secretName": text("secret-%d", i)}, nil)
			for n := range 2 {
				add(azureAssignmentType, fmt.Sprint(name, n), map[string]property.Value{
					"scope":            text("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/shop/secrets/secret-%d", i),
					"roleDefinitionId": text("/x/4633458b-17de-408a-b874-0445c86b69e6"), "principalId": text("role-%d", (reader+n)%identities),
				}, nil)
			}
		}
	}
	if cloud == "azure" {
		add(azureVaultType, "vault", map[string]property.Value{"vaultName": text("shop"), "resourceGroupName": text("g"), "properties": property.New(
			map[string]property.Value{"enableRbacAuthorization": property.New(true)})}, nil)
	}
	for i := range identities {
		name, wide := fmt.Sprintf("role-%d", i), i%10 == 0
		switch {
		case cloud == "aws" && wide:
			add(awsRoleType, name, map[string]property.Value{"name": text("%s", name), "managedPolicyArns": property.New(
				[]property.Value{text("arn:aws:iam::aws:policy/AdministratorAccess")})}, nil)
		case cloud == "aws":
			add("aws:iam/rolePolicy:RolePolicy", name, map[string]property.Value{"role": text("%s", name), "name": text("own"), "policy": text(
				`{"Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:team-%d/*"}}`, i%50)}, nil)
		case cloud == "gcp" && wide:
			add("gcp:projects/iAMMember:IAMMember", name, map[string]property.Value{
				"project": text("shop"), "role": text("roles/owner"), "member": text("serviceAccount:%s@shop.iam.gserviceaccount.com", name),
			}, nil)
		case cloud == "azure" && wide:
			add(azureAssignmentType, name, map[string]property.Value{
				"scope":            text("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/shop"),
				"roleDefinitionId": text("/x/00482a5a-887f-4fb3-b363-3b7fe8e74483"), "principalId": text("%s", name),
			}, nil)
		}
	}
	return all
}

func TestMany(t *testing.T) {
	for _, cloud := range []string{"aws", "gcp", "azure"} {
		a := Of(many(cloud, 1000, 40), Options{Account: "111122223333", Region: "eu-west-1"})
		if a.Secrets() != 1000 || len(a.Identities) != 40 {
			t.Errorf("%s: %s", cloud, a.Count())
		}
		for s, readers := range a.Each() {
			if len(readers) < 5 { // two of its own, four that read everything, of which one may be among the two
				t.Fatalf("%s: %s has %d readers: %v", cloud, s.Name, len(readers), readers)
			}
		}
	}
}

func BenchmarkOf(b *testing.B) {
	for _, cloud := range []string{"aws", "gcp", "azure"} {
		for _, n := range []int{100, 1000, 5000} {
			b.Run(fmt.Sprintf("%s/%d", cloud, n), func(b *testing.B) {
				resources := many(cloud, n, 200)
				for b.Loop() {
					Of(resources, Options{Account: "111122223333", Region: "eu-west-1"})
				}
			})
		}
	}
}
