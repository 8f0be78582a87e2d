package engine

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// known is in each place that RequireNowhere searches: where it is not, there is nothing to search.
const known = "orders-db"

// RequireNowhere looks for values, as text and in base64, in everything that the engine has said and stored.
func (s *Stack) RequireNowhere(values ...string) {
	s.t.Helper()
	for _, problem := range leaks(map[string][]byte{
		"the output":         s.output.Bytes(),
		"the logs":           s.logs.Bytes(),
		"the events":         s.events.Bytes(),
		"the exported state": s.Export(),
		"the state's files":  s.files(s.state),
		"the project":        s.files(s.dir),
	}, values...) {
		s.t.Error(problem)
	}
}

// StateHas tells whether a text is in a file of the backend.
func (s *Stack) StateHas(text string) bool {
	s.t.Helper()
	return bytes.Contains(s.files(s.state), []byte(text))
}

// leaks never gives a value, only its number.
func leaks(places map[string][]byte, values ...string) []string {
	var problems []string
	for _, place := range slices.Sorted(maps.Keys(places)) {
		if !bytes.Contains(places[place], []byte(known)) {
			problems = append(problems, place+": nothing to search")
		}
		for i, value := range values {
			if slices.ContainsFunc(forms(value), func(form string) bool { return bytes.Contains(places[place], []byte(form)) }) {
				problems = append(problems, fmt.Sprintf("%s: has value %d", place, i))
			}
		}
	}
	return problems
}

// forms are the value and what all base64 texts have in common that contain it, one for each offset.
func forms(value string) []string {
	all := []string{value}
	for offset := range 3 {
		padded := strings.Repeat(".", offset) + value
		text := base64.RawStdEncoding.EncodeToString([]byte(padded))
		all = append(all, text[(offset*8+5)/6:len(padded)*8/6])
	}
	return all
}

// Export is the stack's state, as pulumi stack export has it.
func (s *Stack) Export() []byte {
	s.t.Helper()
	state, err := s.stack.Export(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := json.Marshal(state)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// files gives the content of all files below a folder.
func (s *Stack) files(dir string) []byte {
	s.t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data...)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}
