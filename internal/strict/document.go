// Package strict reads YAML into Go structs and finds every mistake in it at once, each with its
// file, line and field. It refuses what lenient readers let pass: unknown fields, duplicates, values
// of another kind, and text that looks like a credential, which it never prints.
//
// Do not use it for YAML from machines: it knows no anchors, tags or merge keys.
package strict

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"go.yaml.in/yaml/v3"
)

// Document is a file that was read: where its fields stand and what is wrong with them.
type Document struct {
	File     string
	Problems Problems
	// ValuesGo says where values of secrets belong instead, for messages. Zero: nothing is said.
	ValuesGo string

	lines map[string]int
}

// New is a document without content, to be filled by DecodeNode.
func New(file string) *Document { return &Document{File: file, lines: map[string]int{}} }

// Decode fills the struct that into points to, as its fields' yaml tags say, and notes each mistake.
// A field that is absent or null keeps its zero value.
func (d *Document) Decode(data []byte, into any) {
	if node := d.Parse(data); node != nil {
		d.DecodeNode(node, "", into)
	}
}

// Line is the line on which a field stands; 0 where it does not occur.
func (d *Document) Line(field string) int { return d.lines[field] }

// Add notes a problem with a field. Where the field does not occur, its parent's line is given.
func (d *Document) Add(field, rule string, args ...any) {
	line, at := 0, field
	for line == 0 && at != "" {
		line = d.lines[at]
		at = parent(at)
	}
	d.Problems = append(d.Problems, Problem{File: d.File, Line: line, Field: field, Rule: fmt.Sprintf(rule, args...)})
}

func parent(field string) string { return field[:max(strings.LastIndexAny(field, ".["), 0)] }

// Parse gives the one YAML document of a file, or nil with a problem noted.
func (d *Document) Parse(data []byte) *yaml.Node {
	if !utf8.Valid(data) {
		d.AddAt(0, "", "is not text in UTF-8")
		return nil
	}
	tabs := false
	for i, line := range bytes.Split(data, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if bytes.ContainsRune(indent, '\t') {
			d.AddAt(i+1, "", "is indented with a tab; YAML takes spaces only")
			tabs = true
		}
	}
	if tabs { // the parser would say the same, less clearly and only once
		return nil
	}
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		d.AddAt(0, "", "is empty")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		d.AddAt(second.Line, "", "has a second YAML document; only one is read")
	}
	d.unique(doc.Content[0], "")
	return doc.Content[0]
}

// unique notes what stands twice in a mapping, and leaves it out.
func (d *Document) unique(node *yaml.Node, field string) {
	for _, item := range node.Content {
		if node.Kind == yaml.SequenceNode {
			d.unique(item, field)
		}
	}
	if node.Kind != yaml.MappingNode {
		return
	}
	first, once := map[string]int{}, node.Content[:0]
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := join(field, key)
		if line, twice := first[key.Value]; twice {
			d.AddAt(key.Line, at, fmt.Sprintf("stands twice; the first is on line %d", line))
			continue
		}
		first[key.Value] = key.Line
		once = append(once, key, value)
		d.unique(value, at)
	}
	node.Content = once
}

// join gives the field of an entry, without a key that may be a credential.
func join(field string, key *yaml.Node) string {
	return strings.TrimPrefix(field+"."+Quote(key.Value, "%s"), ".")
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

func (d *Document) syntax(err error) {
	line, text := 0, err.Error()
	if m := yamlError.FindStringSubmatch(text); m != nil {
		_, _ = fmt.Sscan(m[1], &line) // stays 0 where the parser names no line
		text = m[2]
	}
	d.AddAt(line, "", "is not valid YAML: "+Unquoted(text))
}

var quoted = regexp.MustCompile("'[^']{2,}'|`[^`]*`|\"[^\"]*\"")

// Unquoted is a parser's message without what it quotes of the file, which may be a value.
func Unquoted(message string) string { return quoted.ReplaceAllString(message, "(hidden)") }

// AddAt is Add for a line that is known; 0: none.
func (d *Document) AddAt(line int, field, rule string) {
	d.Problems = append(d.Problems, Problem{File: d.File, Line: line, Field: field, Rule: rule})
}

// DecodeNode fills what into points to from a node that stands at the given field.
func (d *Document) DecodeNode(node *yaml.Node, field string, into any) {
	d.decode(node, field, reflect.ValueOf(into).Elem())
}

func (d *Document) decode(node *yaml.Node, field string, v reflect.Value) {
	if d.lines[field] == 0 { // an entry of a mapping stands at its key
		d.lines[field] = node.Line
	}
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		d.Add(field, "uses an anchor or alias; write the value out")
		return
	}
	if node.Tag != "" && !strings.HasPrefix(node.Tag, "!!") {
		d.Add(field, "has a tag; write the value alone")
		return
	}
	if node.Kind == yaml.ScalarNode && LooksLikeCredential(node.Value) {
		d.credential(field)
		return
	}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if node.Kind != yaml.ScalarNode {
			d.wrongKind(node, field, "a single value")
		} else if err := u.UnmarshalText([]byte(node.Value)); err != nil {
			d.Add(field, "%s", err)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(node, field, v.Elem())
	case reflect.Struct:
		d.decodeStruct(node, field, v)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		d.pairs(node, field, "a mapping of names", func(key, value *yaml.Node, at string) {
			elem := reflect.New(v.Type().Elem()).Elem()
			d.decode(value, at, elem)
			v.SetMapIndex(reflect.ValueOf(key.Value), elem)
		})
	case reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			d.wrongKind(node, field, "a list, such as [a, b]")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content)))
		for i, item := range node.Content {
			d.decode(item, fmt.Sprintf("%s[%d]", field, i), v.Index(i))
		}
	case reflect.Bool:
		// In quotes too: that is how Pulumi saves a setting.
		if node.Kind != yaml.ScalarNode || node.Value != "true" && node.Value != "false" {
			d.wrongKind(node, field, "true or false")
			return
		}
		v.SetBool(node.Value == "true")
	case reflect.Int:
		n, err := strconv.Atoi(node.Value) // in quotes too
		if node.Kind != yaml.ScalarNode || err != nil {
			d.wrongKind(node, field, "a whole number")
			return
		}
		v.SetInt(int64(n))
	case reflect.String:
		if node.Kind != yaml.ScalarNode || node.Tag != "!!str" {
			d.wrongKind(node, field, "text (in quotes, if it is a number or a word such as true)")
			return
		}
		v.SetString(node.Value)
	default:
		panic("strict: cannot decode into " + v.Type().String())
	}
}

func (d *Document) decodeStruct(node *yaml.Node, field string, v reflect.Value) {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); name != "" && name != "-" {
			fields[name] = v.Field(i)
		}
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	d.pairs(node, field, "a mapping with the fields "+strings.Join(names, ", "), func(key, value *yaml.Node, at string) {
		if f, ok := fields[key.Value]; ok {
			d.decode(value, at, f)
			return
		}
		credential := value.Kind == yaml.ScalarNode && LooksLikeCredential(value.Value)
		if credential || valueWords[strings.ToLower(key.Value)] && nearest(key.Value, names) == "" {
			d.credential(at)
			return
		}
		d.Add(at, "is no field here; %s", Suggest(key.Value, names))
	})
}

// credential notes that a field looks like a value, which it never repeats.
func (d *Document) credential(field string) {
	rule := "looks like a secret's value; only declarations belong here. Remove it, and treat it as leaked if it was shared"
	if d.ValuesGo != "" {
		rule += "; " + d.ValuesGo
	}
	d.Add(field, "%s", rule)
}

// valueWords are the fields by which people paste a value.
var valueWords = map[string]bool{
	"value": true, "password": true, "secret": true, "token": true, "key": true, "apikey": true, "api_key": true,
	"default": true, "plaintext": true,
}

// pairs calls use with each entry of a mapping and its field.
func (d *Document) pairs(node *yaml.Node, field, wanted string, use func(key, value *yaml.Node, at string)) {
	if node.Kind != yaml.MappingNode {
		d.wrongKind(node, field, wanted)
		return
	}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := join(field, key)
		d.lines[at] = key.Line
		if LooksLikeCredential(key.Value) {
			d.credential(at)
			continue
		}
		use(key, value, at)
	}
}

// wrongKind never prints what stands there: it may be a value that somebody pasted.
func (d *Document) wrongKind(node *yaml.Node, field, wanted string) {
	is := "text"
	switch {
	case node.Kind == yaml.ScalarNode && strings.HasPrefix(wanted, "a mapping"):
		is = "a single value"
		if d.ValuesGo != "" {
			is += "; if this is the secret's value, it does not belong here: " + d.ValuesGo
		}
	case node.Kind == yaml.MappingNode:
		is = "a mapping"
	case node.Kind == yaml.SequenceNode:
		is = "a list"
	case node.Tag == "!!int" || node.Tag == "!!float":
		is = "a number"
	case node.Tag == "!!bool":
		is = "true or false"
	}
	d.Add(field, "must be %s, not %s", wanted, is)
}

// Quote formats text from a file for a message, unless it looks like a credential.
func Quote(text, format string) string {
	if LooksLikeCredential(text) {
		return "(hidden)"
	}
	return fmt.Sprintf(format, text)
}

// Suggest says which of the names was meant, or lists them.
func Suggest(wrong string, names []string) string {
	if name := nearest(wrong, names); name != "" {
		return fmt.Sprintf("did you mean %q?", name)
	}
	if len(names) == 0 {
		return "there is none yet"
	}
	return "known: " + strings.Join(names, ", ")
}

// nearest is the name that a word was probably meant to be: two slips away at most, or the one of
// which either is the beginning.
func nearest(wrong string, names []string) string {
	wrong = strings.ToLower(wrong)
	best, distance := "", 3
	for _, name := range names {
		lower := strings.ToLower(name)
		n := levenshtein.Distance(wrong, lower, nil)
		if len(wrong) > 2 && (strings.HasPrefix(wrong, lower) || strings.HasPrefix(lower, wrong)) {
			n = min(n, 2)
		}
		if n < min(distance, len(name)) {
			best, distance = name, n
		}
	}
	return best
}

// Wrong tells whether a problem with exactly this field is noted, so that no second one follows from it.
func (d *Document) Wrong(field string) bool {
	return slices.ContainsFunc(d.Problems, func(p Problem) bool { return p.Field == field })
}
