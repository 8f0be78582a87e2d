package source

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func FuzzState(f *testing.F)     { fuzz(f, State, "state.json", "checkpoint.json") }
func FuzzPreview(f *testing.F)   { fuzz(f, Preview, "preview.json") }
func FuzzTerraform(f *testing.F) { fuzz(f, Terraform, "plan.json", "update.json") }

// Whatever a file has in it, it is read to its end or is an error, and each resource has what rules ask for.
func fuzz(f *testing.F, from reader, seeds ...string) {
	for _, seed := range seeds {
		text, err := os.ReadFile("testdata/" + seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	for _, seed := range []string{
		"", "null", "[]", "{}", "\x1f\x8b", "PK\x03\x04",
		`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:s::p::a:b:C::n","inputs":{"a":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}}]}}`,
		`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:::::::"},{"urn":"urn:pulumi:s::p::a:b:C::n","inputs":{"a":{"4dabf18193072939515e22adb298388d":"0def7320c3a5731c473e5ecbe6d01bc7","assets":{"a":{}}}}}]}}`,
		`{"steps":[{"op":"same"},{"op":"same","newState":null}],"changeSummary":{"same":-1}}`,
		`{"format_version":"1","resource_changes":[{"address":"module.a[\"x.y\"].module.b[0].aws_kms_key.k[\"]\"]","module_address":"module.a[\"x.y\"].module.b[0]","mode":"managed","type":"aws_kms_key","name":"k","change":{"actions":["create"],"after":{}}}],` +
			`"configuration":{"root_module":{"module_calls":{"a":{"expressions":{"v":{"references":["module.a.o","each.value"]}},"for_each_expression":{"references":["module.a"]},` +
			`"module":{"outputs":{"o":{"expression":{"references":["var.v","module.b"]}}},"module_calls":{"b":{"module":{"resources":[{"address":"aws_kms_key.k","expressions":{"policy":{"references":["data.aws_iam_policy_document.d.json","data.aws_iam_policy_document.d"]}}},` +
			`{"address":"data.aws_iam_policy_document.d","expressions":{"a":{"references":["data.aws_iam_policy_document.d"]}}}]}}}}}}}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ended := false
		for r, err := range from(bytes.NewReader(text)) {
			switch {
			case ended:
				t.Fatal("it goes on after an error")
			case err != nil:
				ended = true
			case r.URN == "" || r.PropertyDependencies == nil:
				t.Fatalf("a resource has no URN or no dependencies: %+v", r)
			default:
				property.New(r.Inputs).HasComputed() // walks through all of it
				property.New(r.Outputs).HasSecrets()
				r.Option("protect").True()
			}
		}
	})
}
