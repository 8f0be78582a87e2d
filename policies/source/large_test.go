package source

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// A state of 200 MiB needs no more memory than its largest resource, of 1 MiB, needs.
func TestLargeState(t *testing.T) {
	const (
		size = 200 << 20
		most = 40 << 20 // the text, what is made of it, and what was not collected yet
	)
	in, out := io.Pipe()
	written := make(chan int, 1)
	go func() {
		resources, err := writeState(out, size)
		_ = out.CloseWithError(err) // it gives no error
		written <- resources
	}()

	runtime.GC()
	before, peak := heap(), uint64(0)
	began := time.Now()
	found := 0
	for _, err := range State(in) {
		if err != nil {
			t.Fatal(err)
		}
		found++
		if found%50 == 0 {
			peak = max(peak, heap())
		}
	}
	took := time.Since(began)
	if want := <-written; found != want {
		t.Errorf("%d resources were found, want %d", found, want)
	}
	if peak > before+most {
		t.Errorf("the heap grew from %d to %d MiB, by more than %d MiB", before>>20, peak>>20, most>>20)
	}
	t.Logf("%d resources of a state of %d MiB in %s; the heap grew by %d MiB; the process, with all SDKs of the tests, took %s at most",
		found, size>>20, took.Round(10*time.Millisecond), (peak-before)>>20, peakRSS())
}

// writeState writes resources until there are at least so many bytes.
func writeState(to io.Writer, size int) (resources int, err error) {
	b := bufio.NewWriterSize(to, 1<<16)
	written := 0
	write := func(text string) {
		n, problem := b.WriteString(text)
		written += n
		err = cmp.Or(err, problem)
	}
	write(`{"version":3,"deployment":{"manifest":{"time":"2026-11-23T09:00:00Z"},"resources":[`)
	for ; written < size && err == nil; resources++ {
		if resources > 0 {
			write(",")
		}
		write(resource(resources))
	}
	write(`]}}`)
	return resources, cmp.Or(err, b.Flush())
}

// resource is one of the usual size, but each thousandth has 1 MiB.
func resource(i int) string {
	text := "A secret of the shop"
	if i%1000 == 999 {
		text = strings.Repeat(text, 1<<20/len(text))
	}
	return fmt.Sprintf(`{"urn":"urn:pulumi:prod::shop::aws:secretsmanager/secret:Secret::secret-%d","custom":true,"id":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:secret-%d",`+
		`"type":"aws:secretsmanager/secret:Secret","inputs":{"description":%q,"kmsKeyId":"alias/shop","recoveryWindowInDays":30,`+
		`"tags":{"owner":"payments","stage":"prod"}},"outputs":{"arn":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:secret-%d","replicas":[]},`+
		`"protect":true,"dependencies":["urn:pulumi:prod::shop::aws:kms/key:Key::store"],"propertyDependencies":{"kmsKeyId":["urn:pulumi:prod::shop::aws:kms/key:Key::store"]}}`,
		i, i, text, i)
}

func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// peakRSS is the most memory that the process had, as Linux tells it.
func peakRSS() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "an unknown amount"
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "an unknown amount"
}
