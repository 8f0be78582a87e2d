package awsalert_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
)

// read is the record of a read.
func read(id, who, from string) []byte {
	return fmt.Appendf(nil, `{"eventTime":"2026-03-02T09:15:30Z","eventSource":"secretsmanager.amazonaws.com","eventName":"GetSecretValue",`+
		`"awsRegion":"eu-west-1","recipientAccountId":"444455556666","sourceIPAddress":%q,"userIdentity":%s,"requestParameters":{"secretId":%q}}`, from, who, id)
}

const somebody = `{"type":"IAMUser","arn":"arn:aws:iam::444455556666:user/ci"}`

// session is the identity of a role's session.
func session(role string) string {
	account, name := strings.Split(role, ":")[4], role[strings.LastIndexByte(role, '/')+1:]
	return fmt.Sprintf(`{"type":"AssumedRole","arn":"arn:aws:sts::%s:assumed-role/%s/pod","sessionContext":{"sessionIssuer":{"arn":%q}}}`, account, name, role)
}

// What the patterns say of networks, as texts, is what the networks are.
func TestNetworks(t *testing.T) {
	networks := []string{
		"10.0.0.0/8", "10.20.0.0/16", "203.0.113.0/24", "198.51.100.7/32", "172.16.0.0/12", "10.20.16.0/20", "203.0.113.64/26", "128.0.0.0/2",
		"2001:db8:20::/48", "2001:db8::/32", "2001:db8:0:1::/64", "2001:db8:20:30::/60", "2001:db8::/48", "2001:db8::/64", "2001:db8::1/128", "fc00::/9",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, text := range networks {
		n := netip.MustParsePrefix(text)
		s := store()
		s.Networks = []netip.Prefix{n}
		when := alert.ByID(alert.ReadFromElsewhere).When
		pattern, err := s.EventPattern(when)
		if err != nil {
			t.Fatal(err)
		}
		patterns := native{events: []string{pattern}}
		if short, err := s.FilterPattern(when); err == nil {
			patterns.filter = short
		}
		inside := 0
		for i := range 400 {
			// The network's own bits, then random ones; in every second, one of the first bits is another. Groups of zeros are
			// left out in writing, so there are many.
			bytes := n.Addr().AsSlice()
			for bit := n.Bits(); bit < len(bytes)*8; bit++ {
				if bit/16%2 == i%2 && random.IntN(2) == 0 {
					bytes[bit/8] |= 0x80 >> (bit % 8)
				}
			}
			if i%2 == 1 {
				bit := random.IntN(len(bytes) * 8)
				bytes[bit/8] ^= 0x80 >> (bit % 8)
			}
			address, _ := netip.AddrFromSlice(bytes)
			if n.Contains(address) {
				inside++
			}
			if elsewhere := patterns.matches(t, read("shop/prod/orders-db", somebody, address.String())); elsewhere == n.Contains(address) {
				t.Errorf("%s: %s is elsewhere: %v", n, address, elsewhere)
			}
		}
		if inside < 200 || n.Bits() > 4 && inside > 399 {
			t.Errorf("%s: %d of 400 addresses are in it", n, inside)
		}
	}
}

func TestSplit(t *testing.T) {
	const account, partition = "444455556666", "aws"
	s := &awsalert.Store{Region: "eu-west-1", Account: account, Prefix: "shop/prod/", ARNs: map[string]string{}}
	for i := range 300 {
		name := fmt.Sprintf("team-%d/secret-%03d", i%7, i)
		s.Secrets = append(s.Secrets, alert.Secret{Name: name, Readers: []string{fmt.Sprintf("arn:aws:iam::%s:role/shop/reader-%d", account, i%7), rotator}})
	}
	a := *alert.ByID(alert.ReadByStranger)

	// When the program runs the account and the region are not known, nor is any ARN.
	worst := *s
	worst.Partition, worst.Region = "aws-us-gov", "ap-southeast-1"
	parts, err := worst.Split(a.When)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) > 40 {
		t.Errorf("%d patterns for 300 secrets", len(parts))
	}
	s.Partition = partition
	for i, secret := range s.Secrets {
		s.ARNs[secret.Name] = fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/%s-aB3%03d", secret.Name, i)
	}
	s.Index()
	var patterns []string
	for _, part := range parts {
		pattern, err := s.Only(part).EventPattern(a.When)
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, pattern)
	}
	for _, secret := range s.Secrets {
		for _, id := range []string{"shop/prod/" + secret.Name, s.ARNs[secret.Name], strings.TrimSuffix(s.ARNs[secret.Name], s.ARNs[secret.Name][len(s.ARNs[secret.Name])-7:])} {
			for who, want := range map[string]int{somebody: 1, session(secret.Readers[0]): 0, session(rotator): 0, session(secret.Readers[0] + "0"): 1} {
				event, got := onBus(t, read(id, who, "10.20.0.1")), 0
				for _, pattern := range patterns {
					if eventBridge(t, pattern, event) {
						got++
					}
				}
				if got != want {
					t.Errorf("%d patterns match a read of %s by %s, want %d", got, id, who, want)
				}
			}
		}
	}
	// What names no secrets, one pattern covers.
	for _, id := range []alert.ID{alert.SecretChanged, alert.SecretDeleted, alert.RotationFailed} {
		if parts, err := worst.Split(alert.ByID(id).When); err != nil || len(parts) != 1 || parts[0].Secrets != nil {
			t.Errorf("%s has the parts %v (%v)", id, parts, err)
		}
	}
}

// Without a prefix, all secrets of the account are the store's.
func TestNoPrefix(t *testing.T) {
	s := store()
	s.Prefix, s.ARNs, s.Networks = "", nil, nil
	s.Index()
	a := *alert.ByID(alert.DeniedBurst)
	a.When = alert.All{alert.Does{alert.Read}, alert.In(alert.OfStore)}
	patterns := write(t, s, a)
	for id, want := range map[string]bool{
		"orders-db": true, "blog/prod/key": true,
		"arn:aws:secretsmanager:eu-west-1:444455556666:secret:orders-db-Hq3xT8":    true,
		"arn:aws:secretsmanager:eu-central-1:444455556666:secret:orders-db-Hq3xT8": true,
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-db-Hq3xT8":    false,
	} {
		record := read(id, somebody, "10.20.0.1")
		e, err := s.Decode(record)
		if err != nil {
			t.Fatal(err)
		}
		if got := patterns.matches(t, record); got != want || alert.Match(a.When, e, &s.Watch, nil) != want {
			t.Errorf("%s: the patterns say %v, the event is %+v, want %v", id, got, e, want)
		}
	}
}

func TestPatternErrors(t *testing.T) {
	stranger := alert.ByID(alert.ReadByStranger).When
	event := func(s *awsalert.Store, c alert.Condition) error { _, err := s.EventPattern(c); return err }
	filter := func(s *awsalert.Store, c alert.Condition) error { _, err := s.FilterPattern(c); return err }
	split := func(s *awsalert.Store, c alert.Condition) error { _, err := s.Split(c); return err }
	networks := func(texts ...string) func(*awsalert.Store) {
		return func(s *awsalert.Store) {
			s.Networks = nil
			for _, text := range texts {
				s.Networks = append(s.Networks, netip.MustParsePrefix(text))
			}
		}
	}
	elsewhere := alert.ByID(alert.ReadFromElsewhere).When
	for says, c := range map[string]struct {
		change func(*awsalert.Store)
		when   alert.Condition
		write  func(*awsalert.Store, alert.Condition) error
		want   string
	}{
		"too long": {nil, stranger, event, "EventBridge takes 2048"},
		"too long alone": {func(s *awsalert.Store) {
			s.Secrets[0].Readers = longRoles(40)
		}, stranger, split, "EventBridge takes 2048"},
		"many deployers": {func(s *awsalert.Store) {
			s.Deployers = longRoles(40)
		}, alert.ByID(alert.AuditChanged).When, split, "EventBridge takes 2048"},
		"no ARN":              {func(s *awsalert.Store) { s.ARNs = nil }, stranger, event, "the ARN of the secret orders-db is not known"},
		"no keys":             {func(s *awsalert.Store) { s.Keys = nil }, alert.ByID(alert.KeyChanged).When, event, "the ARNs of the store's keys are not known"},
		"a history":           {nil, alert.ByID(alert.ReadByNewcomer).When, event, "no words for events that are not known-who"},
		"no action":           {nil, alert.All{alert.Ends{alert.OK}}, event, "names no action"},
		"a look":              {nil, alert.ByID(alert.RotationOverdue).When, event, "this log tells of no look"},
		"readers of any":      {nil, alert.All{alert.Does{alert.Read}, alert.Not{Condition: alert.In(alert.ByReader)}}, event, "ask for both"},
		"by readers":          {nil, alert.All{alert.Does{alert.Read}, alert.In(alert.ByReader)}, event, "no words for events that are by-reader"},
		"not all":             {nil, alert.Not{Condition: alert.All{alert.Does{alert.Read}}}, event, "no words for the condition alert.Not"},
		"otherwise":           {nil, alert.All{alert.Does{alert.Read}, alert.Ends{alert.Failed}}, event, "no words for calls that end failed"},
		"nothing":             {nil, alert.All{alert.Does{alert.Read}, alert.Does{alert.List}}, event, "names no action"},
		"names in a filter":   {nil, stranger, filter, "cannot ask how a text ends"},
		"keys in a filter":    {nil, alert.ByID(alert.KeyChanged).When, filter, "cannot ask for one of several keys"},
		"a long filter":       {func(s *awsalert.Store) { s.Deployers = longRoles(20) }, alert.ByID(alert.ListedInBulk).When, filter, "CloudWatch Logs takes 1024"},
		"an odd network":      {networks("2001:db8:20::/56"), elsewhere, event, "the network 2001:db8:20::/56 takes more patterns than AWS has room for"},
		"zeros":               {networks("2001:0:0:5::/64"), elsewhere, event, "the text of its addresses has not one beginning"},
		"no networks":         {networks(), elsewhere, split, "no networks are named"},
		"keys of secrets":     {nil, alert.All{alert.Does{alert.Read}, alert.In(alert.OfKey)}, event, "no record of this log can match"},
		"secrets of keys":     {nil, alert.All{alert.Does{alert.UnmakeKey}, alert.In(alert.OfStore)}, event, "no record of this log can match"},
		"a rotator's network": {nil, alert.All{alert.Does{alert.Look}, alert.Not{Condition: alert.In(alert.Nearby)}}, filter, "this log tells of no look"},
		"every address":       {networks("0.0.0.0/0"), elsewhere, split, "the network 0.0.0.0/0 has all addresses"},
		"many networks":       {networks("10.0.0.0/9", "172.16.0.0/9", "100.64.0.0/10"), elsewhere, split, "EventBridge takes 2048"},
	} {
		t.Run(says, func(t *testing.T) {
			s := store()
			if c.change != nil {
				c.change(s)
			}
			if err := c.write(s, c.when); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func longRoles(n int) (roles []string) {
	for i := range n {
		roles = append(roles, fmt.Sprintf("arn:aws:iam::444455556666:role/deployer-of-the-stack-%02d", i))
	}
	return roles
}
