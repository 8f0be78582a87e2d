package gcpsecret

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation/gcpstore"
)

// However many secrets there are, as many look at a time as are hourly where there are few.
func TestSchedule(t *testing.T) {
	for n, hours := range map[int]string{
		1: "*", looksPerHour: "*", looksPerHour + 1: "0-23/2 1-23/2", 3000: "0-23/3 1-23/3 2-23/3", maxRotated: "0-23/4 1-23/4 2-23/4 3-23/4",
	} {
		looks := map[string]int{}
		for i := range n {
			looks[schedule(fmt.Sprintf("shop-secret-%d--rotation", i), n)]++
		}
		want := map[string]bool{}
		for hour := range strings.FieldsSeq(hours) {
			for minute := range 60 {
				want[fmt.Sprintf("%d %s * * *", minute, hour)] = true
			}
		}
		for at, secrets := range looks {
			if !want[at] {
				t.Errorf("of %d secrets, %d look at %s", n, secrets, at)
			}
			if reads := secrets * gcpstore.IdleReadCalls; reads > 600/4 {
				t.Errorf("at %s there are %d reads, which is more than a quarter of the quota of a minute", at, reads)
			}
		}
		if n >= looksPerHour && len(looks) < len(want) {
			t.Errorf("%d secrets look at %d times only", n, len(looks))
		}
	}
}

// A secret is not rotated more often than its clock looks.
func TestEveryShorterThanTheClock(t *testing.T) {
	store := &Store{}
	r := &Rotator{args: RotatorArgs{Store: store}}
	for i := range looksPerHour + 1 {
		r.args.Secrets = append(r.args.Secrets, secret.Spec{
			Name: fmt.Sprintf("s%d", i), Rotation: &secret.Rotation{Every: secret.Every(2 * time.Hour), Generated: &secret.Generated{}},
		})
	}
	if errs := r.checkSizes(); len(errs) != 0 {
		t.Errorf("each two hours: %v", errs[0])
	}
	r.args.Secrets[7].Rotation.Every = secret.Every(time.Hour)
	want := "  Secrets[s7].Rotation.every: is 1h, and at 1251 rotated secrets the service looks each 2 hours; make it longer, or make a second rotator"
	if errs := r.checkSizes(); len(errs) != 1 || errs[0].Error() != want {
		t.Errorf("each hour: %v", errs)
	}
}
