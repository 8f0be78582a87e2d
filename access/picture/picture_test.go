package picture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/secretstack/secretstack/access"
	"github.com/secretstack/secretstack/access/picture"
)

// hostile are names that would be something else than a name in HTML, XML or a script.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title><svg onload=alert(1)>`, `]]>`, `</script><b>`, `&lt;`, `{{.}}`, `'-alert(1)-'`,
	"\u2028alert(1)", "\x00\x01\x1b[31m", "\u202egnp.exe", "a\nb", "\xff\xfe", `javascript:alert(1)`, `--><!--`, "\\u003c/script>",
}

func nasty() *access.Access {
	a := &access.Access{Format: access.Version, Stack: hostile[0], Notes: hostile}
	for i, name := range hostile {
		a.Identities = append(a.Identities, access.Identity{Name: fmt.Sprint(i, name), ID: name, Kind: name})
		a.Groups = append(a.Groups, access.Group{
			Secrets: []access.Secret{{Name: fmt.Sprint(i, name), Where: name}},
			Readers: []access.Reader{{Identity: fmt.Sprint(i, name), Level: access.Certain, Ways: []access.Way{{How: name, Level: access.Certain, If: []string{name}}}}},
		})
	}
	return a
}

// TestHTML demands of a page with hostile names that it has the elements of any other page, loads nothing, and that each name
// is there as text.
func TestHTML(t *testing.T) {
	var page bytes.Buffer
	if err := picture.HTML(&page, nasty()); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(page.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	elements := map[string]int{}
	var texts strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			texts.WriteString(n.Data + "\n")
		}
		if n.Type != html.ElementNode {
			continue
		}
		elements[n.Data]++
		for _, attribute := range n.Attr {
			if strings.HasPrefix(attribute.Key, "on") || attribute.Key == "src" || attribute.Key == "href" || attribute.Key == "srcdoc" {
				t.Errorf("%s has %s=%q", n.Data, attribute.Key, attribute.Val)
			}
		}
	}
	if elements["script"] != 1 || elements["style"] != 1 || elements["title"] != 1 {
		t.Error(elements)
	}
	for _, foreign := range []string{"img", "svg", "link", "iframe", "object", "a", "form", "base"} {
		if elements[foreign] > 0 {
			t.Errorf("%d elements %s", elements[foreign], foreign)
		}
	}
	for i, name := range hostile {
		if !regexp.MustCompile(`[^ -~]|\\u`).MatchString(name) && !strings.Contains(texts.String(), fmt.Sprint(i, name)) {
			t.Errorf("%q is not there as it is", name)
		}
	}
	if strings.ContainsAny(texts.String(), "\x00\x01\x1b\u202e") {
		t.Error("control characters")
	}
	if regexp.MustCompile(`https?://|url\(|@import`).Match(page.Bytes()) {
		t.Error("it names something elsewhere")
	}
}

// TestSVG demands of a drawing with hostile names that it is well-formed, and has the elements of any other drawing.
func TestSVG(t *testing.T) {
	var drawing bytes.Buffer
	if err := picture.SVG(&drawing, nasty()); err != nil {
		t.Fatal(err)
	}
	elements := map[string]int{}
	for d := xml.NewDecoder(&drawing); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		start, is := token.(xml.StartElement)
		if !is {
			continue
		}
		elements[start.Name.Local]++
		for _, a := range start.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") {
				t.Errorf("%s has %s=%q", start.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
	for name := range elements {
		if !slices.Contains([]string{"svg", "title", "desc", "style", "defs", "circle", "path", "rect", "text", "g", "use"}, name) {
			t.Errorf("an element %s", name)
		}
	}
	if elements["style"] != 1 {
		t.Error(elements)
	}
}

// TestSame demands that a picture depends on nothing but what it shows.
func TestSame(t *testing.T) {
	for name, draw := range map[string]func(io.Writer, *access.Access) error{"svg": picture.SVG, "html": picture.HTML} {
		var first, second bytes.Buffer
		if err := errors.Join(draw(&first, nasty()), draw(&second, nasty())); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("two drawings as %s differ", name)
		}
	}
}

// TestSymbols demands that each way of reading has its symbol, which the legend explains.
func TestSymbols(t *testing.T) {
	for _, level := range access.Levels {
		for _, wide := range []bool{false, true} {
			for _, mark := range []access.Mark{"", access.Anybody} {
				a := &access.Access{
					Identities: []access.Identity{{Name: "who", Mark: mark}},
					Groups: []access.Group{{
						Secrets: []access.Secret{{Name: "what"}},
						Readers: []access.Reader{{Identity: "who", Level: level, Wide: wide, Ways: []access.Way{{How: "how", Level: level}}}},
					}},
				}
				var page bytes.Buffer
				if err := picture.HTML(&page, a); err != nil {
					t.Fatal(err)
				}
				if strings.Count(page.String(), "data-class=") != 1 {
					t.Errorf("%s, %v, %s is not in the legend", level, wide, mark)
				}
			}
		}
	}
}

// TestNothing demands that what has no secrets, or no readers, can be drawn.
func TestNothing(t *testing.T) {
	alone := &access.Access{Groups: []access.Group{{Secrets: []access.Secret{{Name: "db"}}}}}
	for _, a := range []*access.Access{{}, alone} {
		if err := errors.Join(picture.SVG(io.Discard, a), picture.HTML(io.Discard, a)); err != nil {
			t.Error(err)
		}
	}
}
