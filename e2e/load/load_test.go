// Package load_test simulates a day on which each of a store's 10,000 secrets is rotated, and tells how near
// that comes to what the clouds allow. What a rotation calls is measured, by the rotator itself, with each cloud's
// Store; what the rotators are given is taken from the graphs of the components and from the programs' sources; how
// long a call takes is a parameter. docs/scale.md has the outcome.
//
// The same simulation finds the loads that are too much, so it could have found this one to be.
package load_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/internal/golden"
)

const secrets = 10_000

// report is what a day came to.
type report []row

type row struct {
	what        string
	most, limit float64
	seconds     bool // both are
}

// over gives the rows that are over their limits.
func (r report) over() (names []string) {
	for _, row := range r {
		if row.most > row.limit {
			names = append(names, row.what)
		}
	}
	return names
}

// worst is the worse of two paces, row by row.
func worst(day func(pace) report) report {
	slower := make(chan report)
	go func() { slower <- day(slow) }()
	r := day(quick)
	s := <-slower
	for i := range r {
		r[i].most = max(r[i].most, s[i].most)
	}
	return r
}

func (r row) String() string {
	if r.limit == 0 {
		return r.format(r.most)
	}
	return fmt.Sprintf("%s (%.0f %%)", r.format(r.most), 100*r.most/r.limit)
}

func (r row) format(n float64) string {
	if r.seconds {
		return (time.Duration(n) * time.Second).String()
	}
	return fmt.Sprintf("%.0f", n)
}

// cloud is one of those that are simulated: a day on which the secrets become due at any time, and one on which all are
// due when it begins, as after a first deployment. Nil: the cloud itself chooses the time.
type cloud struct {
	name               string
	anyTime, allAtOnce func(pace) report
}

func TestTenThousandSecretsInOneDay(t *testing.T) {
	aws, gcp, azure := newAWSLoad(t, secrets), newGCPLoad(t, secrets), newAzureLoad(t, secrets)
	gcpAtOnce, azureAtOnce := gcp, azure
	gcpAtOnce.due, azureAtOnce.due = midnight, midnight

	var table strings.Builder
	table.WriteString("| cloud | what | limit | due at any time | all due at once |\n|---|---|---|---|---|\n")
	for _, cloud := range []cloud{
		{"aws", aws.day, nil},
		{fmt.Sprintf("gcp, %d rotators", gcp.rotators), gcp.day, gcpAtOnce.day},
		{fmt.Sprintf("azure, %d rotators", azure.jobs), azure.day, azureAtOnce.day},
	} {
		r := worst(cloud.anyTime)
		over := r.over()
		var atOnce report
		if cloud.allAtOnce != nil {
			atOnce = worst(cloud.allAtOnce)
			over = append(over, atOnce.over()...)
		}
		for i, row := range r {
			second := "–"
			if atOnce != nil {
				second = atOnce[i].String()
			}
			fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", cloud.name, row.what, row.format(row.limit), row, second)
		}
		if len(over) > 0 {
			t.Errorf("%s: over the limit are: %s", cloud.name, strings.Join(over, "; "))
		}
	}
	t.Log("\n" + table.String())
	golden.Section(t, "../../docs/scale.md", "load", table.String())
	golden.Section(t, "../../docs/scale.md", "calls", calls(aws.awsTraces, gcp.traces, azure.traces))

	// The same simulation finds what is too much.
	for name, load := range map[string]struct {
		day  func(pace) report
		pace pace
		over string
	}{
		"aws, one rotation at once":        {change(aws, func(l *awsLoad) { l.concurrency = 1 }).day, slow, "rotations given up"},
		"aws, all in one hour":             {change(aws, func(l *awsLoad) { l.hour = oneHour }).day, quick, "`PutSecretValue`"},
		"aws, three times the secrets":     {change(aws, func(l *awsLoad) { l.secrets *= 3 }).day, slow, "secrets for which a sweep had no time"},
		"gcp, one rotation at once":        {change(gcp, func(l *gcpLoad) { l.concurrency = 1 }).day, slow, "dead letters"},
		"gcp, all clocks at the same time": {change(gcp, func(l *gcpLoad) { l.first = firstMinute }).day, quick, "read requests"},
		"gcp, hourly clocks":               {change(gcp, func(l *gcpLoad) { l.period = time.Hour }).day, quick, "read requests"},
		"azure, one rotation at once":      {change(azure, func(l *azureLoad) { l.parallel = 1 }).day, slow, "from due to begun"},
		"azure, jobs that do not wait":     {change(azure, func(l *azureLoad) { l.perSecond *= 100 }).day, quick, "calls in 10 seconds"},
		"azure, a fourth job in the vault": {change(azure, func(l *azureLoad) { l.jobs++ }).day, quick, "calls in 10 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if over := strings.Join(load.day(load.pace).over(), "; "); !strings.Contains(over, load.over) {
				t.Errorf("over the limit are %q, and not %q", over, load.over)
			}
		})
	}
}

// calls is a table of what was measured.
func calls(aws awsTraces, gcp, azure traces) string {
	var table strings.Builder
	table.WriteString("| | aws | gcp | azure |\n|---|---|---|---|\n")
	for _, work := range []struct {
		name            string
		aws, gcp, azure []call
	}{
		{"a rotation", aws.rotate(), gcp.rotate, azure.rotate},
		{"a retirement", aws.retire, gcp.retire, azure.retire},
		{"a look, nothing due", aws.look, gcp.look, azure.look},
	} {
		fmt.Fprintf(&table, "| %s | %d reads, %d changes | %d accesses, %d reads, %d writes | %d reads, %d changes |\n", work.name,
			count(work.aws, read), count(work.aws, create)+count(work.aws, write),
			count(work.gcp, access), count(work.gcp, read), count(work.gcp, write),
			count(work.azure, read), count(work.azure, create)+count(work.azure, write))
	}
	return table.String()
}

func change[L any](l L, how func(*L)) L {
	how(&l)
	return l
}
