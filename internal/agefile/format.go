package agefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"filippo.io/age/armor"
	"go.yaml.in/yaml/v3"
)

const (
	formatV1 = "secretstack/v1"
	comment  = "# Secrets, each encrypted with age to its readers alone. Written by secretstack:\n" +
		"# change a value with `secretstack put NAME`.\n"
	// end is YAML's document end marker: a file without it has lost its tail.
	end = "..."
)

// document is the file's text form. In an entry, short runs of lines that any
// two entries could have in common are kept apart by lines that no other entry
// has, and one of those comes last (a time). So git never splits two new
// neighbours into a conflict that mixes their lines (it joins conflicts that are
// at most three lines apart): both sides of a conflict are whole entries.
type document struct {
	Format  string           `yaml:"format"`
	Secrets map[string]Entry `yaml:"secrets"`
}

// conflictMarker is a line that git leaves where it cannot merge. The lines of
// an entry never match, being indented.
var conflictMarker = regexp.MustCompile(`(?m)^(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)`)

var yamlLine = regexp.MustCompile(`line (\d+)`)

func parse(data []byte) (map[string]Entry, error) {
	if at := conflictMarker.FindIndex(data); at != nil {
		return nil, fmt.Errorf("line %d: a merge conflict: keep the entries of both sides and delete the marker lines; "+
			"of a secret that both sides changed, keep one side's whole entry", 1+bytes.Count(data[:at[0]], []byte{'\n'}))
	}
	if !bytes.HasSuffix(bytes.TrimRight(data, "\r\n"), []byte("\n"+end)) {
		return nil, fmt.Errorf("the file is truncated: its last line is not %q; restore it from version control or a backup", end)
	}
	var version struct {
		Format string `yaml:"format"`
	}
	if err := yaml.Unmarshal(data, &version); err != nil {
		return nil, syntaxError(err)
	}
	if version.Format != formatV1 {
		return nil, fmt.Errorf("its format is %q, and this program knows %q only: a newer secretstack may have written it", version.Format, formatV1)
	}

	var doc document
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&doc); err != nil {
		return nil, syntaxError(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("there is text after the first %q: the file holds one document", end)
	}
	if doc.Secrets == nil {
		doc.Secrets = map[string]Entry{}
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Secrets)) {
		if err := CheckName(name); err != nil {
			return nil, fmt.Errorf("secret %q: %w", name, err)
		}
		e := doc.Secrets[name]
		for _, block := range e.values() {
			if !strings.HasPrefix(*block, armor.Header+"\n") || !strings.HasSuffix(*block, "\n"+armor.Footer+"\n") {
				return nil, fmt.Errorf("secret %q: its value is not one whole age block; if a plain value was pasted here, "+
					"undo that and use `secretstack put`", name)
			}
		}
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("secret %q: %w; %s", name, err, recoverHint)
		}
		e.Updated, e.PurgeAfter = e.Updated.UTC(), e.PurgeAfter.UTC()
		for _, o := range e.others() {
			o.Updated, o.RetireAfter = o.Updated.UTC(), o.RetireAfter.UTC()
		}
		doc.Secrets[name] = e
	}
	return doc.Secrets, nil
}

// check tells whether the entry has all that can be read without a key.
func (e *Entry) check() error {
	versions := map[int]bool{e.Version: true}
	complete := e.Version > 0 && !e.Updated.IsZero() && len(e.Recipients) > 0
	for _, o := range e.others() {
		if versions[o.Version] {
			return fmt.Errorf("it has version %d twice", o.Version)
		}
		versions[o.Version] = true
		complete = complete && o.Version > 0 && !o.Updated.IsZero()
	}
	if !complete {
		return errors.New("version, updated or recipients is missing")
	}
	return nil
}

// syntaxError keeps nothing but the line of a YAML error, whose text quotes the
// file: somebody may have pasted a value there.
func syntaxError(err error) error {
	where := "the file"
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		where = "line " + m[1]
	}
	return fmt.Errorf("%s is not in the format %q: an unknown, repeated or wrong field, or not YAML; "+
		"undo the change that was made by hand", where, formatV1)
}

func format(entries map[string]Entry) ([]byte, error) {
	var text bytes.Buffer
	text.WriteString(comment)
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(document{formatV1, entries}), enc.Close()); err != nil {
		return nil, err
	}
	text.WriteString(end + "\n")
	return text.Bytes(), nil
}
