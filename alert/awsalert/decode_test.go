package awsalert_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/alert/logfile"
)

func TestDecode(t *testing.T) {
	const read = `{"eventTime":"2026-03-02T09:15:30Z","eventSource":"secretsmanager.amazonaws.com","eventName":"GetSecretValue",` +
		`"awsRegion":"eu-west-1","recipientAccountId":"444455556666","eventID":"6f1e","sourceIPAddress":"203.0.113.7",` +
		`"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::444455556666:user/ci"},"requestParameters":{"secretId":"shop/prod/orders-db"}}`
	event := alert.Event{
		Time: time.Date(2026, 3, 2, 9, 15, 30, 0, time.UTC), Action: alert.Read, Outcome: alert.OK, Secret: "orders-db",
		Who: "arn:aws:iam::444455556666:user/ci", From: netip.MustParseAddr("203.0.113.7"), Operation: "GetSecretValue", ID: "6f1e",
	}
	with := func(change func(*alert.Event)) alert.Event {
		e := event
		change(&e)
		return e
	}
	instead := func(oldnew ...string) string {
		changed := strings.NewReplacer(oldnew...).Replace(read)
		if changed == read {
			t.Fatalf("%q is not there", oldnew)
		}
		return changed
	}
	const identity = `{"type":"IAMUser","arn":"arn:aws:iam::444455556666:user/ci"}`
	const region, name = "eu-west-1", "shop/prod/orders-db"
	for says, c := range map[string]struct {
		record string
		want   alert.Event
	}{
		"a read":                       {read, event},
		"as EventBridge delivers it":   {`{"version":"0","time":"2026-03-02T09:15:30Z","resources":[],"detail":` + read + `}`, event},
		"its source after its name":    {instead(`"eventSource":"secretsmanager.amazonaws.com",`, ``, `"eventID"`, `"eventSource":"secretsmanager.amazonaws.com","eventID"`), event},
		"another region":               {instead(region, "us-east-1"), alert.Event{}},
		"another account":              {instead(`"444455556666"`, `"111122223333"`), alert.Event{}},
		"another service":              {instead("secretsmanager.", "ssm."), alert.Event{}},
		"another call":                 {instead("GetSecretValue", "GetRandomPassword"), alert.Event{}},
		"a record of other things":     {`{"type":"platform.report","time":"2026-03-02T09:15:30Z"}`, alert.Event{}},
		"a secret of others":           {instead(name, "blog/prod/orders-db"), with(func(e *alert.Event) { e.Secret = "" })},
		"no secret":                    {instead(`{"secretId":"shop/prod/orders-db"}`, "null"), with(func(e *alert.Event) { e.Secret = "" })},
		"a whole ARN":                  {instead(name, "arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/orders-db-Hq3xT8"), event},
		"a partial ARN":                {instead(name, "arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/orders-db"), event},
		"an ARN in a replica's region": {instead(name, "arn:aws:secretsmanager:eu-central-1:444455556666:secret:shop/prod/orders-db-Hq3xT8", `"eu-west-1"`, `"eu-central-1"`), event},
		"an ARN of another region":     {instead(name, "arn:aws:secretsmanager:us-east-1:444455556666:secret:shop/prod/orders-db-Hq3xT8"), with(func(e *alert.Event) { e.Secret = "" })},
		"an ARN of another account":    {instead(name, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/prod/orders-db"), with(func(e *alert.Event) { e.Secret = "" })},
		"an ARN of another service":    {instead(name, "arn:aws:ssm:eu-west-1:444455556666:secret:shop/prod/orders-db"), with(func(e *alert.Event) { e.Secret = "" })},
		"half an ARN":                  {instead(name, "arn:aws:secretsmanager"), with(func(e *alert.Event) { e.Secret = "" })},
		"the ARN of an earlier secret": {instead(name, "arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/orders-db-Aa1Bb2"), with(func(e *alert.Event) { e.Secret = "orders-db-Aa1Bb2" })},
		"an undeclared ARN":            {instead(name, "arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/orders-db2-Aa1Bb2"), with(func(e *alert.Event) { e.Secret = "orders-db2" })},
		"a longer name":                {instead(name, "shop/prod/orders-db-admin"), with(func(e *alert.Event) { e.Secret = "orders-db-admin" })},
		"an escaped name":              {instead(name, `shop\/prod\/orders-db`), event},
		"a session of a role": {
			instead(identity, `{"type":"AssumedRole","arn":"arn:aws:sts::444455556666:assumed-role/checkout/pod","sessionContext":{"sessionIssuer":{"arn":"`+checkout+`"}}}`),
			with(func(e *alert.Event) { e.Who = checkout }),
		},
		"a federated user": {
			instead(identity, `{"type":"FederatedUser","arn":"arn:aws:sts::444455556666:federated-user/bob","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::444455556666:user/broker"}}}`),
			with(func(e *alert.Event) { e.Who = "arn:aws:sts::444455556666:federated-user/bob" }),
		},
		"another account's principal": {
			instead(identity, `{"type":"AWSAccount","principalId":"AROA:pod","accountId":"777788889999"}`),
			with(func(e *alert.Event) { e.Who = "account 777788889999" }),
		},
		"another account's root user": {
			instead(identity, `{"type":"Root","arn":"arn:aws:iam::777788889999:root","accountId":"777788889999"}`),
			with(func(e *alert.Event) { e.Who = "arn:aws:iam::777788889999:root" }),
		},
		"a session of which the role is not told": {
			instead(identity, `{"type":"AssumedRole","arn":"arn:aws:sts::444455556666:assumed-role/checkout/pod"}`),
			with(func(e *alert.Event) { e.Who = "arn:aws:sts::444455556666:assumed-role/checkout/pod" }),
		},
		"a service": {
			instead(identity, `{"type":"AWSService","invokedBy":"dms.amazonaws.com"}`, "203.0.113.7", "dms.amazonaws.com"),
			with(func(e *alert.Event) { e.Who, e.From = "dms.amazonaws.com", netip.Addr{} }),
		},
		"an address of IPv4 in IPv6": {instead("203.0.113.7", "::ffff:203.0.113.7"), event},
		"denied":                     {instead(`"eventID"`, `"errorCode":"AccessDenied","eventID"`), with(func(e *alert.Event) { e.Outcome = alert.Denied })},
		"denied, in full":            {instead(`"eventID"`, `"errorCode":"AccessDeniedException","eventID"`), with(func(e *alert.Event) { e.Outcome = alert.Denied })},
		"throttled":                  {instead(`"eventID"`, `"errorCode":"ThrottlingException","eventID"`), with(func(e *alert.Event) { e.Outcome = alert.Failed })},
		"not found":                  {instead(`"eventID"`, `"errorCode":"ResourceNotFoundException","eventID"`), with(func(e *alert.Event) { e.Outcome = alert.Failed })},
		"deleted": {
			instead(`"eventID"`, `"errorCode":"InvalidRequestException","errorMessage":"You can't perform this operation on the secret because it was marked for deletion.","eventID"`),
			with(func(e *alert.Event) { e.Outcome = alert.Gone }),
		},
		"invalid": {instead(`"eventID"`, `"errorCode":"InvalidRequestException","errorMessage":"no","eventID"`), with(func(e *alert.Event) { e.Outcome = alert.Failed })},
		"a rotation": {
			`{"time":"2026-03-02T09:15:30Z","level":"INFO","msg":"rotation","request_id":"6f1e","secret":"orders-db","step":"set","outcome":"skipped"}`,
			alert.Event{Time: event.Time, Action: alert.Rotate, Outcome: alert.Skipped, Secret: "orders-db", Operation: "rotation", ID: "6f1e"},
		},
		"a look at one secret": {
			`{"time":"2026-03-02T09:15:30Z","level":"INFO","msg":"rotation","request_id":"6f1e","secret":"shop/prod/orders-db","step":"look","outcome":"ok"}`,
			alert.Event{},
		},
		"a look at all": {
			`{"time":"2026-03-02T09:15:30Z","level":"INFO","msg":"rotations","request_id":"6f1e","step":"look","outcome":"failed","overdue":1}`,
			alert.Event{Time: event.Time, Action: alert.Look, Outcome: alert.Failed, Operation: "rotations", ID: "6f1e"},
		},
	} {
		t.Run(says, func(t *testing.T) {
			got, err := store().Decode([]byte(c.record))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Where the ARNs are not known, as in a plan, whatever has six characters more is the secret.
func TestDecodeWithoutARNs(t *testing.T) {
	s := store()
	s.ARNs = nil
	s.Index()
	for id, want := range map[string]string{
		"arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/orders-db-Aa1Bb2":       "orders-db",
		"arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/orders-db":              "orders-db",
		"arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/orders-db-admin-Aa1Bb2": "orders-db-admin",
		"arn:aws:secretsmanager:eu-west-1:444455556666:secret:shop/prod/orders-db-admin":        "orders-db-admin",
	} {
		e, err := s.Decode([]byte(`{"eventTime":"2026-03-02T09:15:30Z","eventSource":"secretsmanager.amazonaws.com","eventName":"GetSecretValue",` +
			`"awsRegion":"eu-west-1","recipientAccountId":"444455556666","requestParameters":{"secretId":"` + id + `"}}`))
		if err != nil || e.Secret != want {
			t.Errorf("%s is %q (%v), want %q", id, e.Secret, err, want)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for record, want := range map[string]string{
		``:              "no JSON object",
		`["eventName"]`: "no JSON object",
		`{"eventSource":"secretsmanager.amazonaws.com","eventName":"ListSecrets",`:                         "no JSON object",
		`{"eventSource":"secretsmanager.amazonaws.com","eventName":"ListSecrets","eventTime":"yesterday"}`: `the record of ListSecrets has the time "yesterday"`,
	} {
		if _, err := store().Decode([]byte(record)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", record, err, want)
		}
	}
}

// BenchmarkReplay takes a log of the records in testdata, again and again, through Decode and all alerts. Nearly all of them
// matter, while most of an account's do not, and are done with sooner.
func BenchmarkReplay(b *testing.B) {
	var lines [][]byte
	for _, record := range records(b) {
		var line bytes.Buffer
		if err := json.Compact(&line, record); err != nil {
			b.Fatal(err)
		}
		lines = append(lines, append(line.Bytes(), '\n'))
	}
	s := store()
	replay := alert.NewReplay(&s.Watch, alert.Settings{Networks: s.Networks}.Active(awsalert.Gaps, true))
	log := &loop{lines: lines, left: b.N}
	b.ResetTimer()
	err := logfile.Read(b.Context(), log, s.Decode, func(e alert.Event) { replay.Add(e) })
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(log.size)/float64(b.N), "bytes/record")
}

// loop has so many lines left, which it takes in turn.
type loop struct {
	lines      [][]byte
	left, next int
	size       int
	rest       []byte
}

func (l *loop) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(l.rest) == 0 {
			if l.left == 0 {
				break
			}
			l.rest, l.left, l.next = l.lines[l.next%len(l.lines)], l.left-1, l.next+1
		}
		copied := copy(p[n:], l.rest)
		l.rest, n = l.rest[copied:], n+copied
	}
	l.size += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
