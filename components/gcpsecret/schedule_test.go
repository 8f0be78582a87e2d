package gcpsecret

import (
	"fmt"
	"strings"
	"testing"

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
