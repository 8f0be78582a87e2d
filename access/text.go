package access

import (
	"fmt"
	"io"
	"strings"
)

// Label is the reader's level, as in "certain, wide".
func (r Reader) Label() string {
	if r.Wide {
		return string(r.Level) + ", wide"
	}
	return string(r.Level)
}

// How is all the ways, the surest first.
func (r Reader) How() string {
	var ways []string
	for _, w := range r.Ways {
		ways = append(ways, w.String())
	}
	return strings.Join(ways, "; ")
}

// Count says how much there is, as in "7 secrets, 3 identities".
func (a *Access) Count() string {
	return count(a.Secrets(), "secret", "secrets") + ", " + count(len(a.Identities), "identity", "identities")
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// Sign is the kind in one character.
func (c Change) Sign() string { return map[Kind]string{Added: "+", Removed: "-", Changed: "~"}[c.Kind] }

// Label is the level, of before and after where both are there and differ.
func (c Change) Label() string {
	return arrow(c.Old, c.New, Reader.Label)
}

// How is all the ways, of before and after where both are there and differ.
func (c Change) How() string {
	return arrow(c.Old, c.New, Reader.How)
}

func arrow(before, after *Reader, text func(Reader) string) string {
	switch {
	case after == nil:
		return text(*before)
	case before == nil || text(*before) == text(*after):
		return text(*after)
	}
	return text(*before) + " → " + text(*after)
}

// Label is the secret's name, and whether it is new or deleted itself.
func (s ChangedSecret) Label() string {
	switch {
	case s.Fresh:
		return s.Name + " (new secret)"
	case s.Gone:
		return s.Name + " (deleted)"
	}
	return s.Name
}

// Count says how many pairs of a secret and an identity differ, as in "2 added, 1 removed".
func (d *Diff) Count() string {
	var parts []string
	for _, kind := range Kinds {
		n := 0
		for _, c := range d.Changes {
			if c.Kind == kind {
				n += len(c.Secrets)
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return strings.Join(parts, ", ")
}

// Markdown writes a table for a pull request, with one row for each identity and way; after is what there is then.
func (d *Diff) Markdown(w io.Writer, after *Access) error {
	var text strings.Builder
	if len(d.Changes) == 0 {
		fmt.Fprintf(&text, "**Who can read which secrets does not change:** %s.\n", after.Count())
	} else {
		fmt.Fprintf(&text, "**Who can read which secrets changes:** %s.\n\n| | who | secrets | access | how |\n|---|---|---|---|---|\n", d.Count())
	}
	for _, c := range d.Changes {
		var names []string
		for _, s := range c.Secrets {
			names = append(names, cell(s.Label(), s.Name))
		}
		who := code(c.Identity.Name)
		if id := c.Identity.ID; id != "" && id != c.Identity.Name {
			who += "<br>" + code(id)
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", signs[c.Kind], who, shorten(names), escape(c.Label()), escape(c.How()))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

var signs = map[Kind]string{Added: "➕ added", Removed: "➖ removed", Changed: "🔀 changed"}

// shorten puts what is beyond the first of many names into a part that is unfolded by a click.
func shorten(names []string) string {
	const shown = 10
	if len(names) <= shown+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s <details><summary>and %d more</summary>%s</details>",
		strings.Join(names[:shown], ", "), len(names)-shown, strings.Join(names[shown:], ", "))
}

func cell(label, name string) string { return code(name) + escape(strings.TrimPrefix(label, name)) }

// code is a text that Markdown shows as it stands, in a cell of a table.
func code(text string) string { return "<code>" + escape(text) + "</code>" }

// escape takes the meaning from all that Markdown or HTML would read in a text.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case strings.ContainsRune("&<>\"'`*_[]|\\~#@!$", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
