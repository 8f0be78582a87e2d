package gcpalert_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/gcpalert"
)

// big is a store of n secrets, each read by two of 40 workloads, and by its rotator.
func big(n int) *gcpalert.Store {
	s := sample()
	s.Secrets = nil
	for i := range n {
		reader := func(i int) string {
			return fmt.Sprintf("serviceAccount:workload-%02d@shop-prod.iam.gserviceaccount.com", i%40)
		}
		s.Secrets = append(s.Secrets, alert.Secret{
			Name: fmt.Sprintf("service-%04d/password", i), Readers: []string{reader(i), reader(i / 40), rotator},
		})
	}
	return s
}

func TestSplit(t *testing.T) {
	c := alert.ByID(alert.ReadByStranger).When
	for _, n := range []int{1, 10, 100, 1000} {
		s := big(n)
		parts, err := s.Split(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d secrets: %d filters", n, len(parts))
		var names []string
		var queries []query
		for _, part := range parts {
			filter, err := part.Filter(c)
			if err != nil {
				t.Fatal(err)
			}
			queries = append(queries, parse(t, filter))
			for _, secret := range part.Secrets {
				names = append(names, secret.Name)
			}
		}
		slices.Sort(names)
		if len(slices.Compact(names)) != n {
			t.Errorf("%d secrets of %d are in the parts", len(names), n)
		}
		for i := 0; i < n; i += 97 {
			for who, want := range map[string]int{"workload-99": 1, fmt.Sprintf("workload-%02d", i%40): 0} {
				record := []byte(fmt.Sprintf(`{"logName": "projects/shop-prod/logs/cloudaudit.googleapis.com%%2Fdata_access", "protoPayload": {
					"serviceName": "secretmanager.googleapis.com", "methodName": "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
					"resourceName": "projects/123456789012/secrets/shop-prod-service-%04d--spassword/versions/1",
					"authenticationInfo": {"principalEmail": "%s@shop-prod.iam.gserviceaccount.com"}}}`, i, who))
				matching := 0
				for _, q := range queries {
					if q.matches(record) {
						matching++
					}
				}
				if matching != want {
					t.Errorf("%d secrets: a read of %d by %s matches %d filters, want %d", n, i, who, matching, want)
				}
			}
		}
	}
}

func TestFilterTooLong(t *testing.T) {
	s := sample()
	for i := range 400 {
		s.Secrets[0].Readers = append(s.Secrets[0].Readers, fmt.Sprintf("serviceAccount:workload-%d@shop-prod.iam.gserviceaccount.com", i))
		s.Networks = append(s.Networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), byte(i >> 8), 0}), 24))
	}
	for _, id := range []alert.ID{alert.ReadByStranger, alert.ReadFromElsewhere} {
		a := alert.ByID(id)
		_, err := s.Filter(a.When)
		_, splitErr := s.Split(a.When)
		for _, err := range []error{err, splitErr} {
			if err == nil || !strings.Contains(err.Error(), "20000 are allowed") {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	s := sample()
	for want, c := range map[string]alert.Condition{
		"what is done":       alert.All{alert.Ends{alert.OK}},
		"two weeks":          alert.ByID(alert.ReadByNewcomer).When,
		"in common":          alert.Does{alert.Read, alert.Rotate},
		"makes a difference": alert.Does{alert.Restore},
	} {
		if filter, err := s.Filter(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q: %q, %v", want, filter, err)
		}
	}
}

// Without a rotator nothing rotates, without deployers all are reported, and without networks nothing is elsewhere.
func TestFilterOfLittle(t *testing.T) {
	s := &gcpalert.Store{Project: "p", Number: "1"}
	for id, want := range map[alert.ID]string{
		alert.RotationFailed: "", alert.ReadFromElsewhere: "", alert.KeyChanged: "",
		alert.ListedInBulk: `logName="projects/p/logs/cloudaudit.googleapis.com%2Fdata_access" AND protoPayload.serviceName="secretmanager.googleapis.com"` +
			` AND protoPayload.methodName=~"(^|[.])ListSecrets$" AND NOT protoPayload.status.code>0`,
	} {
		if got, err := s.Filter(alert.ByID(id).When); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s, %v", id, got, err)
		}
	}
	const end = " AND protoPayload.status.code>0"
	got, err := s.Filter(alert.All{alert.Does{alert.Read}, alert.Not{Condition: alert.Ends{alert.OK}}})
	if err != nil || !strings.HasSuffix(got, end) {
		t.Errorf("want the end %s: %s, %v", end, got, err)
	}
}
