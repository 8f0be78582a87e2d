package source

import (
	"bytes"
	"compress/gzip"
	"io"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/policies/policy"
)

type reader = func(io.Reader) iter.Seq2[*policy.Resource, error]

// read gives how many resources there are, and the error.
func read(t *testing.T, from reader, text string) (found int, err error) {
	t.Helper()
	for r, problem := range from(strings.NewReader(text)) {
		if err != nil {
			t.Fatal("it goes on after an error")
		}
		if err = problem; err != nil {
			if r != nil {
				t.Error("there is a resource with the error")
			}
			continue
		}
		found++
	}
	return found, err
}

// canary is a value in broken files. No error may have it.
const canary = "c4n4ry-v4lue"

func TestErrors(t *testing.T) {
	const (
		urn   = `"urn:pulumi:s::p::a:b:C::n"`
		begin = `{"version":3,"deployment":{"resources":[`
		plan  = `{"format_version":"1.2","resource_changes":[`
	)
	tests := []struct {
		name string
		from reader
		text string
		want string
	}{
		{"nothing", State, ``, "it is empty"},
		{"no JSON", State, `Previewing update (prod): ` + canary, "at byte 0: what follows is no JSON, or is nested too deeply"},
		{"no object", Preview, `[]`, "at byte 1: the file must be an object"},
		{"some object", Preview, `{"password":"` + canary + `"}`, "it is not a preview of Pulumi"},
		{"no version", State, `{"deployment":{}}`, "its version is 0, while 3 and 4 can be read: export it with a current Pulumi (`pulumi stack export`)"},
		{"an old version", State, `{"version":2,"deployment":{"resources":[{}]}}`, "its version is 2, while 3 and 4 can be read: export it with a current Pulumi (`pulumi stack export`)"},
		{"a version of another type", State, `{"version":"` + canary + `"}`, `at byte 10: what follows must be a number`},
		{"cut off in a resource", State, begin + `{"urn":` + urn + `,"inputs":{"a":"` + canary, "resource 0: at byte 40: the file ends too early: was it cut off?"},
		{"cut off between resources", State, begin + `{"urn":` + urn + `},`, "resource 1: at byte 75: the file ends too early: was it cut off?"},
		{"resources of another type", State, `{"version":3,"deployment":{"resources":{"a":"` + canary + `"}}}`, "at byte 40: resources must be a list"},
		{"a resource of another type", State, begin + `"` + canary + `"]}}`, `resource 0: at byte 40: what follows must be an object`},
		{"a field of another type", State, begin + `{"urn":` + urn + `,"protect":"` + canary + `"}]}}`, `resource 0: at byte 40: protect in what follows must be true or false`},
		{"no resource", State, begin + `null]}}`, "resource 0: at byte 44: it is null"},
		{"no URN", State, begin + `{"urn":"` + canary + `"}]}}`, "resource 0: at byte 62: it has no valid URN"},
		{"nested too deeply to be skipped", State, `{"metadata":` + strings.Repeat(`[`, 20_000), "at byte 10013: it is nested too deeply"},
		{"nested too deeply in a resource", State, begin + `{"inputs":{"a":` + strings.Repeat(`[`, 20_000), "resource 0: at byte 40: what follows is no JSON, or is nested too deeply"},
		{"in a step", Preview, `{"steps":[{"op":"create","newState":{"urn":"` + canary + `"}}]}`, "step 0: at byte 59: its newState: it has no valid URN"},
		{"what stays the same is missing", Preview, `{"steps":[],"changeSummary":{"same":7}}`, "7 resources that stay the same are not in it: make it with `pulumi preview --json --show-sames`"},
		{"another format of plans", Terraform, `{"format_version":"2.0","resource_changes":[]}`, "its format_version is neither 0.x nor 1.x, which can be read"},
		{"a change without type", Terraform, plan + `{"address":"` + canary + `"}]}`, "resource change 0: at byte 70: it has no address or no type"},
		{"a change of another type", Terraform, plan + `{},{"change":{"actions":"` + canary + `"}}]}`, "resource change 0: at byte 46: it has no address or no type"},
		{"actions of another type", Terraform, plan + `{"change":{"actions":"` + canary + `"}}]}`, `resource change 0: at byte 44: change.actions in what follows must be a list`},
		{"a plan that failed", Terraform, `{"format_version":"1.2","planned_values":{},"errored":true}`, "it is of a plan that failed: mend what Terraform said, and plan again"},
		{"a part of a plan", Terraform, `{"format_version":"1.2","planned_values":{},"complete":false}`, "it is a part of a plan (-target, or deferred changes), in which a rule would miss the other resources: plan without it"},
		{"a plan that only refreshes", Terraform, `{"format_version":"1.2","planned_values":{},"prior_state":{"values":{"root_module":{"child_modules":[{"resources":[{"mode":"managed"}]}]}}}}`, "it is of a plan that only refreshes, in which there are no resources: plan without -refresh-only"},

		{"a state for a preview", Preview, `{"version":3,"deployment":{}}`, "it is not a preview of Pulumi: it seems to be a state of Pulumi, from `pulumi stack export`"},
		{"a checkpoint for a plan", Terraform, `{"version":3,"checkpoint":{}}`, "it is not a plan of Terraform: it seems to be a state of Pulumi, from its backend"},
		{"a preview for a state", State, `{"config":{},"steps":[]}`, "it is not a state of Pulumi: it seems to be a preview of Pulumi, from `pulumi preview --json`"},
		{"a plan for a state", State, `{"format_version":"1.2","planned_values":{}}`, "it is not a state of Pulumi: it seems to be a plan of Terraform, from `terraform show -json PLAN`"},
		{"Terraform's state for a state", State, `{"version":4,"lineage":"x","resources":[]}`, "it is not a state of Pulumi: it seems to be a state file of Terraform"},
		{"Terraform's state for a plan", Terraform, `{"format_version":"1.0","values":{}}`, "it is not a plan of Terraform: it seems to be a state of Terraform, from `terraform show -json` without a plan"},
		{"events for a preview", Preview, `{"sequence":1,"timestamp":1}`, "it is not a preview of Pulumi: it seems to be a log of the events of Pulumi's engine"},
		{"a binary plan", Terraform, "PK\x03\x04" + canary, "it seems to be a plan in Terraform's own format: give what `terraform show -json PLAN` prints"},
		{"zstd", State, "\x28\xb5\x2f\xfd" + canary, "it is compressed with zstd: unpack it first (`zstd -d`)"},
		{"UTF-16", Preview, "\xff\xfe{\x00}\x00", "it is written in UTF-16, as Windows PowerShell does for `>`: write it in UTF-8 (`| Out-File -Encoding utf8`)"},
		{"broken gzip", State, "\x1f\x8b" + canary, "it cannot be unpacked: gzip: invalid header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(t, tt.from, tt.text)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Error("the error has a value of the file")
			}
		})
	}
}

// Wherever a file is cut off, that is an error.
func TestCutOff(t *testing.T) {
	for file, from := range map[string]reader{"state.json": State, "checkpoint.json": State, "preview.json": Preview, "plan.json": Terraform} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for end := 0; end < len(text)-2; end += 1 + len(text)/500 { // without its last brace
			if _, err := read(t, from, string(text[:end])); err == nil {
				t.Errorf("%s: no error where it is cut off at byte %d", file, end)
			}
		}
	}
}

func TestWhatIsRead(t *testing.T) {
	tests := []struct {
		name string
		from reader
		text string
		want int
	}{
		{"an empty stack", State, `{"version":3,"deployment":{"manifest":{}}}`, 0},
		{"a stack before its first update", State, `{"version":3,"checkpoint":{"stack":"dev"}}`, 0},
		{"null for nothing", State, `{"version":3,"deployment":null}`, 0},
		{"the version at the end, as jq sorts it", State, `{"deployment":{"resources":[{"urn":"urn:pulumi:s::p::a:b:C::n"}]},"version":3}`, 1},
		{"a byte order mark", State, "\xef\xbb\xbf" + `{"version":3,"deployment":{}}`, 0},
		{"a field twice", State, `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:s::p::a:b:C::n","inputs":{"a":1},"inputs":{"a":2,"a":3}}]}}`, 1},
		{"a preview without resources", Preview, `{"changeSummary":{}}`, 0},
		{"a plan with data sources only", Terraform, `{"format_version":"1.2","planned_values":{},"prior_state":{"values":{"root_module":{"resources":[{"mode":"data"}]}}}}`, 1},
		{"a plan without resources: the stack", Terraform, `{"format_version":"1.2","planned_values":{"root_module":{}}}`, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if found, err := read(t, tt.from, tt.text); err != nil || found != tt.want {
				t.Errorf("got %d resources and %v, want %d", found, err, tt.want)
			}
		})
	}
}

func TestCompressed(t *testing.T) {
	text, err := os.ReadFile("testdata/state.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := read(t, State, string(text))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := read(t, State, packed.String()); err != nil || found != want {
		t.Errorf("got %d resources and %v, want %d", found, err, want)
	}
	if _, err := read(t, State, packed.String()[:packed.Len()/2]); err == nil {
		t.Error("no error where it is cut off")
	}
}

// Who has seen enough can stop.
func TestStop(t *testing.T) {
	for file, from := range map[string]reader{"state.json": State, "preview.json": Preview, "plan.json": Terraform} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range from(bytes.NewReader(text)) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
}

// One value cannot fill the memory, while many may be larger together.
func TestLargest(t *testing.T) {
	text := `{"a":"` + strings.Repeat("x", 5000) + `","b":"` + strings.Repeat("y", 5000) + `"}`
	for most, want := range map[int]string{6000: "", 2000: "at byte 4: one value has more than 256 MiB"} {
		d, err := open(strings.NewReader(text), state)
		if err != nil {
			t.Fatal(err)
		}
		d.budget.most = most
		if err := d.skip(); (want == "") != (err == nil) || err != nil && err.Error() != want {
			t.Errorf("with %d bytes for a value: got %v, want %q", most, err, want)
		}
	}
}
