package picture

import (
	_ "embed" // the page
	"html/template"
	"io"

	"github.com/secretstack/secretstack/access"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	// shown are the names that are there at once, and more the others.
	"shown": func(s []access.Secret) []access.Secret { return s[:shownOf(len(s))] },
	"more":  func(s []access.Secret) []access.Secret { return s[shownOf(len(s)):] },
}).Parse(pageText))

// shownOf is how many of the names of a row are shown at once: not all but one, as saying so takes as much room.
func shownOf(n int) int {
	const shown = 5
	if n <= shown+1 {
		return n
	}
	return shown
}

// HTML writes a page to search in. It loads nothing, and can be read without scripts.
func HTML(w io.Writer, a *access.Access) error { return page.Execute(w, newMatrix(a)) }
