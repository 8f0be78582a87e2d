package picture

import (
	_ "embed" // the drawing
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/secretstack/secretstack/access"
)

//go:embed drawing.svg
var drawingText string

var drawing = template.Must(template.New("drawing").Funcs(template.FuncMap{
	"symbol": func(class string) string { return strings.ReplaceAll(class, " ", "-") },
}).Parse(drawingText))

// The sizes, in pixels. Letters are taken to be as wide as those of usual fonts are at most, on the average.
const (
	margin  = 24
	wide    = 34 // a column
	line    = 18
	letter  = 7.3
	longest = 38   // letters of a name
	most    = 8    // names of one row
	repeat  = 1400 // after so much, the names of the identities are repeated
)

// sheet is a matrix with places.
type sheet struct {
	*matrix
	Width, Height int
	Top, Left     int // of the cells
	Names         int // the height of the columns' names
	Bottom        int // where they end
	Right         int
	Heads         []head
	HeadsAt       []int // where the names of the columns stand
	Bands         []head
	Lines         []band
	Keys          []key
	Texts         []placed
}

type placed struct {
	X, Y int
	Text string
}

type head struct {
	placed
	Title string
	Line  int // where the section begins
}

type band struct {
	Y, Height, Count int
	Title            string
	Names            []placed
	Cells            []mark
}

type mark struct {
	X             int
	Class, Title  string
	Width, Height int
}

type key struct {
	placed
	Class string
}

const nobody = "read by nobody known"

// SVG writes a drawing. It has the names of at most 8 secrets of a row, and says how many more there are.
func SVG(w io.Writer, a *access.Access) error { return drawing.Execute(w, newSheet(newMatrix(a))) }

func newSheet(m *matrix) *sheet {
	s := &sheet{matrix: m}
	name := 12
	for _, r := range m.Rows {
		if r.Nobody {
			name = max(name, len(nobody))
		}
		for _, secret := range r.Secrets {
			name = max(name, min(utf8.RuneCountInString(secret.Name), longest))
		}
	}
	s.Left = margin + 52 + int(float64(name)*letter)
	s.keys()
	s.heads()
	y := s.Top
	s.HeadsAt = []int{s.Top - 9}
	for _, r := range m.Rows {
		if y-s.HeadsAt[len(s.HeadsAt)-1] > repeat {
			y += s.Names
			s.HeadsAt = append(s.HeadsAt, y-9)
		}
		b := s.band(r, y)
		s.Lines = append(s.Lines, b)
		y += b.Height
	}
	s.Bottom = y
	for i, note := range m.Notes {
		s.Texts = append(s.Texts, placed{margin, y + 30 + i*line, short(note, (s.Width-2*margin)*10/66)})
	}
	s.Height = y + margin + len(m.Notes)*line
	if len(m.Notes) > 0 {
		s.Height += 16
	}
	return s
}

// keys places the legend, in lines as wide as the drawing.
func (s *sheet) keys() {
	s.Right = s.Left + s.columnsWidth()
	s.Width = max(s.Right+margin, 720)
	x, y := margin, 84
	for _, symbol := range s.Legend {
		text := fmt.Sprintf("%s (%d)", symbol.Label, symbol.Count)
		length := 30 + int(float64(len(text))*letter) + 14
		if x > margin && x+length > s.Width-margin {
			x, y = margin, y+28
		}
		s.Keys = append(s.Keys, key{placed{x, y, text}, symbol.Class})
		x += length
	}
	s.Top = y + 34
}

// columnsWidth makes room for the names of sections that are wider than their columns.
func (s *sheet) columnsWidth() int {
	total := 0
	for _, section := range s.Sections {
		total += max(section.Span*wide, len(section.Name)*7+18)
	}
	return total
}

// heads places the names of sections and columns.
func (s *sheet) heads() {
	names := 6
	for _, c := range s.Columns {
		names = max(names, min(utf8.RuneCountInString(c.Name), longest))
	}
	top := s.Top
	s.Names = int(float64(names)*letter) + 16
	s.Top += 16 + s.Names
	x, column := s.Left, 0
	for _, section := range s.Sections {
		s.Bands = append(s.Bands, head{placed: placed{x + 9, top, section.Name}, Line: x})
		width := max(section.Span*wide, len(section.Name)*7+18)
		for i := range section.Span {
			c := s.Columns[column]
			s.Heads = append(s.Heads, head{
				placed: placed{X: x + width*(2*i+1)/(2*section.Span), Text: short(c.Name, longest)}, Title: c.Name + "\n" + c.Kind + " " + c.ID,
			})
			column++
		}
		x += width
	}
}

// band places a row.
func (s *sheet) band(r row, y int) band {
	shown := len(r.Secrets)
	if shown > most {
		shown = most - 1
	}
	b := band{Y: y, Count: len(r.Secrets)}
	var all []string
	for i, secret := range r.Secrets {
		all = append(all, secret.Name)
		if i < shown {
			b.Names = append(b.Names, placed{margin + 36, y + 20 + i*line, short(secret.Name, longest)})
		}
	}
	lines := len(b.Names)
	more := func(text string) {
		b.Names = append(b.Names, placed{margin + 36, y + 20 + lines*line, text})
		lines++
	}
	if n := len(r.Secrets) - shown; n > 0 {
		more(fmt.Sprintf("and %d more", n))
	}
	if r.Nobody {
		more(nobody)
	}
	b.Height = lines*line + 12
	b.Title = strings.Join(all, "\n")
	for i, c := range r.Cells {
		if c.Class != "" {
			width := wide
			if i+1 < len(s.Heads) && !s.Columns[i+1].First {
				width = s.Heads[i+1].X - s.Heads[i].X
			}
			b.Cells = append(b.Cells, mark{
				X: s.Heads[i].X, Class: c.Class, Title: s.Columns[i].Name + ": " + s.Ways[c.Way], Width: min(width, wide) - 4, Height: b.Height - 4,
			})
		}
	}
	return b
}

// short is a text of at most so many letters.
func short(text string, letters int) string {
	if utf8.RuneCountInString(text) <= letters {
		return text
	}
	return string([]rune(text)[:letters-1]) + "…"
}
