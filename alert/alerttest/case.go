package alerttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/secretstack/secretstack/alert"
)

// Case is one file in testdata/<alert>/, named fires-<what>.json or quiet-<what>.json: a log that fires the alert, or
// nearly does.
type Case struct {
	Says   string            `json:"says"`   // in a line, what has happened
	Source string            `json:"source"` // the page that documents the form of the records
	Before []json.RawMessage `json:"before"` // records from before, which fire nothing that counts. Zero: none
	// Records come Repeat times, each time Step later. Zero: once.
	Records []json.RawMessage `json:"records"`
	Repeat  int               `json:"repeat"`
	Step    Duration          `json:"step"`
	Until   time.Time         `json:"until"` // the end of the log. Zero: the last record

	name  string
	fires bool
}

// Duration is written as time.ParseDuration reads it.
type Duration time.Duration

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// read gives the cases of an alert.
func read(id alert.ID) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join("testdata", string(id), "*.json"))
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c := Case{name: filepath.Base(file)}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&c); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		c.fires = strings.HasPrefix(c.name, "fires-")
		if !c.fires && !strings.HasPrefix(c.name, "quiet-") {
			return nil, fmt.Errorf("%s: its name begins neither with fires- nor with quiet-", file)
		}
		if c.Says == "" || !strings.HasPrefix(c.Source, "https://") || len(c.Records) == 0 {
			return nil, fmt.Errorf("%s: needs says, source and records", file)
		}
		cases = append(cases, c)
	}
	return cases, nil
}
