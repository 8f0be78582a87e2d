// Package picture draws who can read what, as a matrix of secrets and identities in one file that needs nothing else: SVG
// to show, or HTML to search in.
package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/access"
)

// matrix is what both forms draw: a row for each group of secrets, a column for each identity.
type matrix struct {
	Stack    string
	Count    string
	Sections []section
	Columns  []column
	Rows     []row
	Legend   []symbol
	Ways     []string // the cells' texts
	Notes    []string
}

// section is columns that stand together.
type section struct {
	Name string
	Span int
}

type column struct {
	access.Identity
	First bool // of its section
	Reads int  // how many secrets
	Ways  []counted
	kind  int
}

// counted is a text, and for how many secrets it holds.
type counted struct {
	Text  string
	Count int
}

type row struct {
	Secrets []access.Secret
	Cells   []cell
	Nobody  bool
}

// cell is how an identity reads the secrets of a row. The zero value: it does not.
type cell struct {
	Class string // of a symbol
	Label string
	Way   int // in matrix.Ways
	First bool
}

// symbol is one that cells have.
type symbol struct {
	Class string
	Label string
	Means string
	Count int // of pairs of a secret and an identity
}

// symbols are all there are: the first letter says how far it reaches, the second how sure it is.
var symbols = []symbol{
	{Class: "d certain", Label: "reads", Means: "by a grant on the secret, or a policy that names it"},
	{Class: "d conditional", Label: "reads under a condition", Means: "such as the network, or what another account allows"},
	{Class: "w certain", Label: "reads, wide", Means: "as it reads whatever secrets there are"},
	{Class: "w conditional", Label: "reads under a condition, wide", Means: "and whatever secrets there are"},
	{Class: "a certain", Label: "anybody reads", Means: "whoever asks"},
	{Class: "a conditional", Label: "anybody reads under a condition", Means: "whoever asks and meets it"},
	{Class: "d unknown", Label: "not known", Means: "before the update, or from this stack alone"},
	{Class: "d locked", Label: "cannot decrypt", Means: "though it may read the secret"},
}

// The sections, in their order.
var sections = []string{"Anybody", "Wide", "Machines", "Readers"}

// readers is the section of those that are nothing else.
const readers = 3

// sectionOf tells where the column of an identity stands: under Wide where all that it reads is so.
func sectionOf(id access.Identity, wide bool) int {
	switch {
	case id.Mark == access.Anybody:
		return 0
	case wide:
		return 1
	case id.Mark != "":
		return 2
	}
	return readers
}

func classOf(id access.Identity, r access.Reader) string {
	reach := "d"
	switch {
	case r.Level == access.Unknown || r.Level == access.Locked:
	case id.Mark == access.Anybody:
		reach = "a"
	case r.Wide:
		reach = "w"
	}
	return reach + " " + string(r.Level)
}

// newMatrix puts together what belongs together: columns by section and how much they read, rows with the same readers.
func newMatrix(a *access.Access) *matrix {
	m := &matrix{Stack: clean(a.Stack), Count: a.Count()}
	for _, note := range a.Notes {
		m.Notes = append(m.Notes, clean(note))
	}
	type total struct {
		reads  int
		direct bool
		ways   map[string]int
	}
	totals := map[string]*total{}
	for _, id := range a.Identities {
		totals[id.Name] = &total{ways: map[string]int{}}
	}
	for _, g := range a.Groups {
		for _, r := range g.Readers {
			t := totals[r.Identity]
			t.reads += len(g.Secrets)
			t.direct = t.direct || !r.Wide
			t.ways[text(r)] += len(g.Secrets)
		}
	}
	at := map[string]int{}
	for _, id := range a.Identities {
		t := totals[id.Name]
		c := column{Identity: id, Reads: t.reads, kind: sectionOf(id, !t.direct)}
		for way, n := range t.ways {
			c.Ways = append(c.Ways, counted{way, n})
		}
		slices.SortFunc(c.Ways, func(a, b counted) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Text, b.Text)) })
		m.Columns = append(m.Columns, c)
	}
	groups := slices.Clone(a.Groups)
	arrange(m.Columns, groups)
	for i := range m.Columns {
		c := &m.Columns[i]
		at[c.Name] = i
		if c.First = i == 0 || m.Columns[i-1].kind != c.kind; c.First {
			m.Sections = append(m.Sections, section{Name: sections[c.kind]})
		}
		m.Sections[len(m.Sections)-1].Span++
	}
	m.addRows(groups, at)
	for i := range m.Columns {
		c := &m.Columns[i]
		c.Name, c.ID, c.Kind = clean(c.Name), clean(c.ID), clean(c.Kind)
	}
	return m
}

func (m *matrix) addRows(groups []access.Group, at map[string]int) {
	ways, seen := map[string]int{}, map[string]int{}
	for _, g := range groups {
		r := row{Cells: make([]cell, len(m.Columns)), Nobody: len(g.Readers) == 0}
		for i := range r.Cells {
			r.Cells[i].First = m.Columns[i].First
		}
		for _, s := range g.Secrets {
			r.Secrets = append(r.Secrets, access.Secret{Name: clean(s.Name), Where: clean(s.Where)})
		}
		for _, reader := range g.Readers {
			way := text(reader)
			if _, known := ways[way]; !known {
				ways[way] = len(m.Ways)
				m.Ways = append(m.Ways, way)
			}
			i := at[reader.Identity]
			c := &r.Cells[i]
			c.Class, c.Label, c.Way = classOf(m.Columns[i].Identity, reader), reader.Label(), ways[way]
			seen[c.Class] += len(g.Secrets)
		}
		m.Rows = append(m.Rows, r)
	}
	for _, s := range symbols {
		if s.Count = seen[s.Class]; s.Count > 0 {
			m.Legend = append(m.Legend, s)
		}
	}
}

// text says how a reader reads.
func text(r access.Reader) string { return clean(r.Label() + ": " + r.How()) }

// clean takes out of a name what no XML may have, and what turns text around.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfffe, r == 0xffff:
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(name, "\ufffd"))
}

// Title is the heading.
func (m *matrix) Title() string {
	if m.Stack == "" {
		return "Who can read which secrets"
	}
	return fmt.Sprintf("Who can read which secrets of %s", m.Stack)
}
