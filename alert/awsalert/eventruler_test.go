package awsalert_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/e2e/needs"
)

// TestEventRuler asks Event Ruler, the library that EventBridge matches with (https://github.com/aws/event-ruler), about each
// pattern of the sample store and each record of CloudTrail in testdata: it agrees with eventBridge, which the other tests use.
func TestEventRuler(t *testing.T) {
	java := needs.Program(t, "java", "Install a JDK, 17 or later.")
	classpath := eventRuler(t)

	type pair struct {
		Pattern string `json:"pattern"`
		Event   string `json:"event"`
	}
	var (
		events = trailEvents(t)
		pairs  []pair
		in     bytes.Buffer
	)
	s, encoder := store(), json.NewEncoder(&in)
	for _, a := range alert.Catalogue {
		if _, gap := awsalert.Gaps[a.ID]; gap {
			continue
		}
		for _, pattern := range write(t, s, a).events {
			for _, event := range events {
				pairs = append(pairs, pair{pattern, event})
				if err := encoder.Encode(pairs[len(pairs)-1]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	command := exec.CommandContext(t.Context(), java, "-cp", classpath, filepath.Join("eventruler", "Matches.java"))
	var problems bytes.Buffer
	command.Stdin, command.Stderr = &in, &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("java: %v: %s", err, problems.String())
	}
	answers := strings.Fields(string(out))
	if len(answers) != len(pairs) {
		t.Fatalf("%d answers to %d questions", len(answers), len(pairs))
	}
	matched := 0
	for i, p := range pairs {
		want := answers[i] == "true"
		if want {
			matched++
		}
		if got := eventBridge(t, p.Pattern, p.Event); got != want {
			t.Errorf("eventBridge says %v, Event Ruler %v: %s\n%s", got, want, p.Pattern, p.Event)
		}
	}
	t.Logf("%d patterns and records, of which %d match", len(pairs), matched)
}

// eventRuler gives the class path that Maven has for the library.
func eventRuler(t *testing.T) string {
	t.Helper()
	mvn := needs.Program(t, "mvn", "Install Maven.")
	file := filepath.Join(t.TempDir(), "classpath")
	out, err := exec.CommandContext(t.Context(), mvn, "-q", "-B", "-f", filepath.Join("eventruler", "pom.xml"),
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath", "-Dmdep.outputFile="+file).CombinedOutput()
	if err != nil {
		needs.Missing(t, "software.amazon.event.ruler:event-ruler", "Let Maven reach a registry that has it: "+string(out))
	}
	classpath, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(classpath))
}

// trailEvents are all records of CloudTrail in testdata, as EventBridge delivers them.
func trailEvents(t *testing.T) (events []string) {
	t.Helper()
	for _, record := range records(t) {
		var r struct {
			Source string          `json:"eventSource"`
			Detail json.RawMessage `json:"detail"`
		}
		if err := json.Unmarshal(record, &r); err != nil {
			t.Fatal(err)
		}
		if r.Source != "" || r.Detail != nil {
			events = append(events, onBus(t, record))
		}
	}
	return events
}

// records are all in testdata.
func records(t testing.TB) (all []json.RawMessage) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c struct{ Records []json.RawMessage }
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c.Records...)
	}
	return all
}
