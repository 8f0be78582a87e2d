package awsstore_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/secretstack/secretstack/e2e/motoserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/awsstore"
)

// The labels of four versions, whose ids are v1 to v4 here, as an earlier rotation, an interrupted one or an
// operator left them, and what one call makes of them.
func TestStages(t *testing.T) {
	at := time.Unix(1_700_000_000, 0).UTC()
	const soon, late = "secretstack:retire-after:1700000000", "secretstack:retire-after:1800000000"
	const mark = "secretstack:rotated"
	type labels map[string][]string
	none := func(*awsstore.Store, string) error { return nil }
	promote := func(s *awsstore.Store, id string) error { return s.Promote(t.Context(), id) }
	schedule := func(s *awsstore.Store, id string) error { return s.Schedule(t.Context(), id, at) }
	retire := func(s *awsstore.Store, id string) error { return s.Retire(t.Context(), id) }
	stage := func(s *awsstore.Store, id string) error {
		_, err := s.Stage(t.Context(), id, rotation.NewValue("new"))
		return err
	}

	tests := map[string]struct {
		before  labels
		do      func(*awsstore.Store, string) error
		id      string
		after   labels
		current string // of Versions afterwards
		pending string
		prev    string
		retire  time.Time
		wrong   bool // the call gives an error
	}{
		"settled": {
			before: labels{"v1": {"AWSPREVIOUS", soon}, "v2": {"AWSCURRENT", mark}}, do: none,
			current: "v2", prev: "v1", retire: at,
		},
		"pending": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}, "v3": {"AWSPENDING"}}, do: none,
			current: "v2", pending: "v3", prev: "v1",
		},
		"interrupted promotion": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", "AWSPENDING", mark}}, do: none,
			current: "v2", prev: "v1",
		},
		"promotion by another rotator": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", "AWSPENDING"}}, do: none, current: "v2",
		},
		"first version, made current by the service": {
			before: labels{"v1": {"AWSCURRENT", "AWSPENDING"}}, do: none, pending: "v1",
		},
		"never rotated": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT"}}, do: none, current: "v2",
		},
		"about to be rotated for the first time": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT"}, "v3": {"AWSPENDING", mark}}, do: none,
			current: "v2", pending: "v3",
		},
		"two schedules": {
			before: labels{"v1": {"AWSPREVIOUS", late, soon}, "v2": {"AWSCURRENT"}}, do: none,
			current: "v2", prev: "v1", retire: time.Unix(1_800_000_000, 0).UTC(),
		},
		"put in grace": {
			before: labels{"v1": {soon}, "v2": {"AWSPREVIOUS", mark, late}, "v3": {"AWSCURRENT"}}, do: none,
			current: "v3", prev: "v1", retire: at,
		},
		"put in grace, not scheduled yet": {
			before: labels{"v1": {soon}, "v2": {"AWSPREVIOUS", mark}, "v3": {"AWSCURRENT"}}, do: none,
			current: "v3", prev: "v2",
		},
		"two puts": {
			before: labels{"v1": {mark}, "v2": {"AWSPREVIOUS"}, "v3": {"AWSCURRENT"}}, do: none,
			current: "v3", prev: "v2",
		},
		"two puts, one of them scheduled": {
			before: labels{"v1": {mark}, "v2": {"AWSPREVIOUS", soon}, "v3": {"AWSCURRENT"}}, do: none,
			current: "v3", prev: "v1",
		},
		"rolled back": {
			before: labels{"v1": {"AWSCURRENT", soon}, "v2": {"AWSPREVIOUS", mark}}, do: none,
			current: "v1", prev: "v2",
		},
		"not a schedule": {
			before: labels{"v1": {"AWSPREVIOUS", "secretstack:retire-after:soon"}, "v2": {"AWSCURRENT", mark}}, do: none,
			current: "v2", prev: "v1",
		},

		"promote": {
			before: labels{"v1": {"AWSPREVIOUS", soon}, "v2": {"AWSCURRENT", mark}, "v3": {"AWSPENDING"}}, do: promote, id: "v3",
			after:   labels{"v1": {soon}, "v2": {"AWSPREVIOUS"}, "v3": {"AWSCURRENT", mark}},
			current: "v3", prev: "v2",
		},
		"promote for the first time": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT"}, "v3": {"AWSPENDING"}}, do: promote, id: "v3",
			after:   labels{"v1": {}, "v2": {"AWSPREVIOUS"}, "v3": {"AWSCURRENT", mark}},
			current: "v3", prev: "v2",
		},
		"promote the first": {
			before: labels{"v1": {"AWSPENDING"}}, do: promote, id: "v1",
			after: labels{"v1": {"AWSCURRENT", mark}}, current: "v1",
		},
		"promote the first, made current by the service": {
			before: labels{"v1": {"AWSCURRENT", "AWSPENDING"}}, do: promote, id: "v1",
			after: labels{"v1": {"AWSCURRENT", mark}}, current: "v1",
		},
		"promote what was put mid-round": {
			before: labels{"v1": {"AWSPREVIOUS", mark}, "v2": {"AWSCURRENT"}, "v3": {"AWSPENDING"}}, do: promote, id: "v3",
			after:   labels{"v1": {mark}, "v2": {"AWSPREVIOUS"}, "v3": {"AWSCURRENT"}},
			current: "v3", prev: "v2",
		},
		"promote after a rollback": {
			before: labels{"v1": {"AWSCURRENT", soon}, "v2": {"AWSPREVIOUS", mark, late}, "v3": {"AWSPENDING"}}, do: promote, id: "v3",
			after:   labels{"v1": {"AWSPREVIOUS"}, "v2": {mark, late}, "v3": {"AWSCURRENT"}},
			current: "v3", prev: "v1",
		},
		"finish an interrupted promotion": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", "AWSPENDING", mark}}, do: promote, id: "v2",
			after: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}}, current: "v2", prev: "v1",
		},
		"finish a promotion of which only the mark is there": {
			before: labels{"v1": {"AWSCURRENT"}, "v2": {"AWSPENDING", mark}}, do: promote, id: "v2",
			after: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}}, current: "v2", prev: "v1",
		},
		"promote again": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}}, do: promote, id: "v2",
			after: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}}, current: "v2", prev: "v1",
		},
		"never promote what was current": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}}, do: promote, id: "v1", wrong: true,
			after: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}}, current: "v2", prev: "v1",
		},

		"schedule": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}}, do: schedule, id: "v1",
			after: labels{"v1": {"AWSPREVIOUS", soon}, "v2": {"AWSCURRENT", mark}}, current: "v2", prev: "v1", retire: at,
		},
		"replace a schedule": {
			before: labels{"v1": {"AWSPREVIOUS", late}, "v2": {"AWSCURRENT", mark}}, do: schedule, id: "v1",
			after: labels{"v1": {"AWSPREVIOUS", soon}, "v2": {"AWSCURRENT", mark}}, current: "v2", prev: "v1", retire: at,
		},
		"the same schedule": {
			before: labels{"v1": {"AWSPREVIOUS", soon}, "v2": {"AWSCURRENT", mark}}, do: schedule, id: "v1",
			after: labels{"v1": {"AWSPREVIOUS", soon}, "v2": {"AWSCURRENT", mark}}, current: "v2", prev: "v1", retire: at,
		},
		"keep the schedules of others": {
			before: labels{"v1": {late}, "v2": {"AWSPREVIOUS"}, "v3": {"AWSCURRENT", mark}}, do: schedule, id: "v2",
			after:   labels{"v1": {late}, "v2": {"AWSPREVIOUS", soon}, "v3": {"AWSCURRENT", mark}},
			current: "v3", prev: "v2", retire: at,
		},
		"the same time as another": {
			before: labels{"v1": {soon}, "v2": {"AWSPREVIOUS"}, "v3": {"AWSCURRENT", mark}}, do: schedule, id: "v2",
			after:   labels{"v1": {soon}, "v2": {"AWSPREVIOUS", "secretstack:retire-after:1700000001"}, "v3": {"AWSCURRENT", mark}},
			current: "v3", prev: "v1", retire: at,
		},
		"schedule after a rollback": {
			before: labels{"v1": {"AWSCURRENT", late}, "v2": {"AWSPREVIOUS", mark}}, do: schedule, id: "v2",
			after: labels{"v1": {"AWSCURRENT"}, "v2": {"AWSPREVIOUS", mark, soon}}, current: "v1", prev: "v2", retire: at,
		},
		"schedule what is not previous": {
			before: labels{"v1": {"AWSCURRENT"}, "v2": {"AWSPENDING"}}, do: schedule, id: "v1",
			after: labels{"v1": {"AWSCURRENT"}, "v2": {"AWSPENDING"}}, current: "v1", pending: "v2",
		},
		"never schedule what was replaced before the first rotation": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT"}}, do: schedule, id: "v1",
			after: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT"}}, current: "v2",
		},

		"retire": {
			before: labels{"v1": {"AWSPREVIOUS", soon}, "v2": {"AWSCURRENT", mark}}, do: retire, id: "v1",
			after: labels{"v1": {}, "v2": {"AWSCURRENT", mark}}, current: "v2",
		},
		"retire one of two": {
			before: labels{"v1": {soon}, "v2": {"AWSPREVIOUS", late}, "v3": {"AWSCURRENT", mark}}, do: retire, id: "v1",
			after:   labels{"v1": {}, "v2": {"AWSPREVIOUS", late}, "v3": {"AWSCURRENT", mark}},
			current: "v3", prev: "v2", retire: time.Unix(1_800_000_000, 0).UTC(),
		},
		"retire what was promoted last": {
			before: labels{"v1": {mark, soon}, "v2": {"AWSPREVIOUS"}, "v3": {"AWSCURRENT"}}, do: retire, id: "v1",
			after: labels{"v1": {}, "v2": {"AWSPREVIOUS"}, "v3": {"AWSCURRENT", mark}}, current: "v3", prev: "v2",
		},
		"finish an interrupted retirement": {
			before: labels{"v1": {soon}, "v2": {"AWSCURRENT", mark}}, do: retire, id: "v1",
			after: labels{"v1": {}, "v2": {"AWSCURRENT", mark}}, current: "v2",
		},
		"retire after an interrupted promotion": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", "AWSPENDING", mark}}, do: retire, id: "v1",
			after: labels{"v1": {}, "v2": {"AWSCURRENT", mark}}, current: "v2",
		},
		"retire keeps an operator's label": {
			before: labels{"v1": {"AWSPREVIOUS", "golden"}, "v2": {"AWSCURRENT", mark}}, do: retire, id: "v1",
			after: labels{"v1": {"golden"}, "v2": {"AWSCURRENT", mark}}, current: "v2",
		},
		"never retire the current": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark, soon}}, do: retire, id: "v2",
			after: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark, soon}}, current: "v2", prev: "v1",
		},
		"never retire the pending": {
			before: labels{"v1": {"AWSCURRENT"}, "v2": {"AWSPENDING"}}, do: retire, id: "v2",
			after: labels{"v1": {"AWSCURRENT"}, "v2": {"AWSPENDING"}}, current: "v1", pending: "v2",
		},

		"stage beside what an interrupted promotion left": {
			before: labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", "AWSPENDING", mark}}, do: stage, id: "v3",
			after:   labels{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT", mark}, "v3": {"AWSPENDING"}},
			current: "v2", pending: "v3", prev: "v1",
		},
		"never stage what was rotated away": {
			before: labels{"v1": {}, "v2": {"AWSCURRENT"}}, do: stage, id: "v1", wrong: true,
			after: labels{"v1": {}, "v2": {"AWSCURRENT"}}, current: "v2",
		},
	}

	client := motoserver.Start(t).SecretsManager("eu-west-1")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			secretID := uuid.NewString()
			seed(t, client, secretID, tt.before)

			store := awsstore.New(client, secretID)
			if err := tt.do(store, versionID(tt.id)); (err != nil) != tt.wrong {
				t.Errorf("the error is %v", err)
			}
			out, err := client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &secretID})
			if err != nil {
				t.Fatal(err)
			}
			after := labels{}
			for id, stages := range out.VersionIdsToStages {
				slices.Sort(stages)
				after[versionName(id)] = stages
			}
			for _, stages := range tt.after {
				slices.Sort(stages)
			}
			if diff := cmp.Diff(tt.after, after); tt.after != nil && diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			want := rotation.Versions{
				Current:  rotation.Version{ID: versionID(tt.current)},
				Pending:  rotation.Version{ID: versionID(tt.pending)},
				Previous: rotation.Version{ID: versionID(tt.prev), RetireAfter: tt.retire},
			}
			got, err := store.Versions(t.Context())
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("versions (-want +got), error %v:\n%s", err, diff)
			}
		})
	}
}

// versionID makes an id that Secrets Manager takes of a name such as v1.
func versionID(name string) string {
	if name == "" {
		return ""
	}
	return "00000000-0000-0000-0000-0000000000" + name
}

func versionName(id string) string { return id[len(id)-2:] }

// seed makes a secret whose versions have exactly these labels.
func seed(t *testing.T, client *secretsmanager.Client, secretID string, want map[string][]string) {
	t.Helper()
	names := make([]string, 0, len(want))
	for name := range want {
		names = append(names, name)
	}
	slices.Sort(names)
	if _, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &secretID}); err != nil {
		t.Fatal(err)
	}
	move := func(label, from, to string) {
		in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &secretID, VersionStage: &label}
		if from != "" {
			in.RemoveFromVersionId = aws.String(versionID(from))
		}
		if to != "" {
			in.MoveToVersionId = aws.String(versionID(to))
		}
		if _, err := client.UpdateSecretVersionStage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		_, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
			SecretId: &secretID, ClientRequestToken: aws.String(versionID(name)),
			SecretString: aws.String("value of " + name), VersionStages: []string{"tmp:" + name},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	move("AWSCURRENT", names[0], "")
	move("AWSPREVIOUS", names[0], "")
	for _, name := range names {
		for _, label := range want[name] {
			move(label, "", name)
		}
		move("tmp:"+name, name, "")
	}
}

func TestStage(t *testing.T) {
	client := motoserver.Start(t).SecretsManager("eu-west-1")
	rotate := func(t *testing.T, secretID, token string) { // as the service begins it: a version without a value
		t.Helper()
		_, err := client.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{
			SecretId: &secretID, ClientRequestToken: &token, RotationLambdaARN: aws.String("arn:aws:lambda:eu-west-1:123456789012:function:f"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	first, second := uuid.NewString(), uuid.NewString()
	tests := map[string]struct {
		value   string // of the current version
		begin   func(t *testing.T, secretID string)
		staged  map[string]string // by token, in the order of their ids
		want    string            // the id that Stage gives for second
		pending string            // its value
	}{
		"no version at all":       {want: second, pending: "new"},
		"first version":           {begin: func(t *testing.T, id string) { rotate(t, id, second) }, want: second, pending: "new"},
		"a current version":       {value: "old", want: second, pending: "new"},
		"pending, without value":  {value: "old", begin: func(t *testing.T, id string) { rotate(t, id, second) }, want: second, pending: "new"},
		"another without value":   {value: "old", begin: func(t *testing.T, id string) { rotate(t, id, first) }, want: second, pending: "new"},
		"staged already":          {value: "old", staged: map[string]string{second: "earlier"}, want: second, pending: "earlier"},
		"staged by another token": {value: "old", staged: map[string]string{first: "earlier"}, want: first, pending: "earlier"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			secretID := uuid.NewString()
			in := &secretsmanager.CreateSecretInput{Name: &secretID}
			if tt.value != "" {
				in.SecretString = &tt.value
			}
			if _, err := client.CreateSecret(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			if tt.begin != nil {
				tt.begin(t, secretID)
			}
			store := awsstore.New(client, secretID)
			for token, value := range tt.staged {
				if _, err := store.Stage(t.Context(), token, rotation.NewValue(value)); err != nil {
					t.Fatal(err)
				}
			}
			before, err := store.Versions(t.Context())
			if err != nil {
				t.Fatal(err)
			}

			for range 2 {
				id, err := store.Stage(t.Context(), second, rotation.NewValue("new"))
				if err != nil || id != tt.want {
					t.Fatalf("staged %q, error %v; want %q", id, err, tt.want)
				}
			}
			after, err := store.Versions(t.Context())
			if err != nil || after.Pending.ID != tt.want || after.Current != before.Current {
				t.Errorf("the versions are %+v, error %v", after, err)
			}
			if v, err := store.Value(t.Context(), tt.want); err != nil || v.Reveal() != tt.pending {
				t.Errorf("the pending value is not %q; error %v", tt.pending, err)
			}
			if tt.value != "" {
				if v, err := awsstore.Read(t.Context(), client, secretID); err != nil || v.Reveal() != tt.value {
					t.Errorf("readers do not read %q; error %v", tt.value, err)
				}
			}
		})
	}
}

func TestNoValue(t *testing.T) {
	client := motoserver.Start(t).SecretsManager("eu-west-1")
	name := "empty"
	if _, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name}); err != nil {
		t.Fatal(err)
	}
	if v, err := awsstore.New(client, name).Value(t.Context(), uuid.NewString()); !errors.Is(err, rotation.ErrNoValue) || !v.IsZero() {
		t.Errorf("a version that is not there gives %v, %v", v, err)
	}
	if v, err := awsstore.Read(t.Context(), client, name); !errors.Is(err, rotation.ErrNoValue) || !v.IsZero() {
		t.Errorf("a secret without a value gives %v, %v", v, err)
	}
	_, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretBinary: []byte("canary")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = awsstore.Read(t.Context(), client, "not-there")
	check(t, err, rotation.Invalid, "not-there", "see that the secret exists in the rotator's account and region")
	var invalid *rotation.Error
	if _, err := awsstore.Read(t.Context(), client, name); !errors.As(err, &invalid) || invalid.Class != rotation.Invalid {
		t.Errorf("a binary value gives the error %v", err)
	}
}
