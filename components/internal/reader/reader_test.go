package reader

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

func TestCheck(t *testing.T) {
	cloud := secret.Cloud{
		CheckIdentity: func(identity string) error {
			if strings.Contains(identity, "*") {
				return errors.New("has a wildcard")
			}
			return nil
		},
		Canonical: strings.ToLower,
	}
	given := map[string]pulumi.StringInput{
		"checkout": pulumi.String("role/shop"),
		"reports":  pulumi.String("ROLE/shop"),
		"anybody":  pulumi.String("role/*"),
		"later":    pulumi.String("role/shop").ToStringOutput(), // made by another resource
		"nil":      nil,
	}
	for _, c := range []struct {
		readers []string
		want    []string
	}{
		{nil, nil},
		{[]string{"checkout"}, nil},
		{[]string{"reports"}, nil},
		{[]string{"checkout", "later"}, nil},
		{[]string{"checkout", "checkout"}, []string{"  Spec.Readers[1]: names checkout twice"}},
		{[]string{"checkout", "reports"}, []string{"  Readers[reports]: is the identity of checkout too; name one of them"}},
		{[]string{"unknown", "nil"}, []string{"  Readers: has no identity for unknown", "  Readers: has no identity for nil"}},
		{[]string{"anybody", "checkout"}, []string{"  Readers[anybody]: has a wildcard"}},
	} {
		var got []string
		for _, err := range Check(cloud, c.readers, given) {
			got = append(got, err.Error())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.readers, diff)
		}
	}
	cloud.MakesIdentities = true
	if errs := Check(cloud, []string{"unknown"}, given); len(errs) > 0 {
		t.Errorf("where the store makes identities: %v", errs)
	}
}
