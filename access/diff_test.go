package access

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// read is an Access, from lines "SECRET READER HOW".
func read(stack, lines string) *Access {
	b := &builder{identities: map[string]int{}, secretsByKey: map[string]*secret{}, ways: map[wayKey]int{}, noted: map[string]bool{}}
	b.access.Stack = stack
	for line := range strings.Lines(lines) {
		parts := strings.Fields(line)
		s := b.secret(parts[0], Secret{Name: parts[0]})
		if len(parts) == 1 {
			continue
		}
		id := Identity{Name: parts[1], ID: "id of " + parts[1] + " in " + stack, Kind: "role"}
		if strings.HasSuffix(parts[1], "rotator") {
			id.Mark = Rotator
		}
		b.read(s, b.identity(parts[1], id), Way{By: BySecret, How: strings.Join(parts[2:], " "), Level: Certain})
	}
	return b.finish()
}

func TestCompare(t *testing.T) {
	cases := map[string]struct {
		old, new *Access
		want     string
	}{
		"nothing": {read("a", "db x how\nmail"), read("a", "mail\ndb x how"), ""},
		"a reader more and one less": {
			read("a", "db x how\ndb y how"), read("a", "db x how\ndb z how"),
			"+ z db: how\n- y db: how",
		},
		"secrets of one change stand together": {
			read("a", "db x how\nmail x how\ntls x how"), read("a", "db x how\ndb y how\nmail x how\nmail y how\ntls x how\ntls y other"),
			"+ y db, mail: how\n+ y tls: other",
		},
		"how": {read("a", "db x how"), read("a", "db x other"), "~ x db: how → other"},
		"secrets that come and go": {
			read("a", "db x how\nold x how"), read("a", "db x how\nnew x how"),
			"+ x new (new secret): how\n- x old (deleted): how",
		},
		"a secret without readers is no change": {read("a", "db x how"), read("a", "db x how\nnew"), ""},
		"a reader who is somebody else now": {
			read("a", "db checkout how"), &Access{Stack: "a", Identities: []Identity{{Name: "checkout", ID: "another"}}, Groups: []Group{{
				Secrets: []Secret{{Name: "db"}}, Readers: []Reader{{Identity: "checkout", Level: Certain, Ways: []Way{{How: "how", Level: Certain}}}},
			}}},
			"+ checkout db: how\n- checkout db: how",
		},
		"two stacks, by name": {read("a", "db x how\ndb a-rotator how"), read("b", "db x how\ndb b-rotator how"), ""},
		"a reader of another name, the same by its resource": {
			&Access{Stack: "a", Identities: []Identity{{Name: "x", Resource: "urn"}}, Groups: []Group{{
				Secrets: []Secret{{Name: "db"}}, Readers: []Reader{{Identity: "x", Level: Certain, Ways: []Way{{How: "how", Level: Certain}}}},
			}}},
			&Access{Stack: "a", Identities: []Identity{{Name: "known now", ID: "id", Resource: "urn"}}, Groups: []Group{{
				Secrets: []Secret{{Name: "db"}}, Readers: []Reader{{Identity: "known now", Level: Certain, Ways: []Way{{How: "how", Level: Certain}}}},
			}}},
			"",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, change := range Compare(c.old, c.new).Changes {
				var secrets []string
				for _, s := range change.Secrets {
					secrets = append(secrets, s.Label())
				}
				got = append(got, change.Sign()+" "+change.Identity.Name+" "+strings.Join(secrets, ", ")+": "+change.How())
			}
			if text := strings.Join(got, "\n"); text != c.want {
				t.Errorf("found\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}

// TestParse demands that what is written as JSON is read as the same.
func TestParse(t *testing.T) {
	a := read("shop/dev", "db x how\ndb y other\nmail x how\nnobody")
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(b); err != nil || !bytes.Equal(text, again) {
		t.Errorf("%s became %s, %v", text, again, err)
	}
	if d := Compare(a, b); len(d.Changes) > 0 {
		t.Error(d)
	}
	if _, err := Parse(strings.NewReader(`{"format": "secretstack/access/v9"}`)); err == nil || !strings.Contains(err.Error(), "v9") {
		t.Error(err)
	}
}

// TestMarkdown demands that names stay names, and that many are folded.
func TestMarkdown(t *testing.T) {
	lines := "a|b<script> *@team* [x](y)\n"
	for i := range 20 {
		lines += "secret-" + string(rune('a'+i)) + " x how\n"
	}
	after := read("a", lines)
	var text strings.Builder
	if err := Compare(read("a", "other"), after).Markdown(&text, after); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"<script>", "@team", "[x](y)", "*@"} {
		if strings.Contains(text.String(), wrong) {
			t.Errorf("%q is there as it is:\n%s", wrong, text.String())
		}
	}
	for _, right := range []string{"21 added", "<code>a&#124;b&#60;script&#62;</code>", "<summary>and 10 more</summary>"} {
		if !strings.Contains(text.String(), right) {
			t.Errorf("%q is not there:\n%s", right, text.String())
		}
	}
	text.Reset()
	if err := Compare(after, after).Markdown(&text, after); err != nil || !strings.Contains(text.String(), "does not change:** 21 secrets, 2 identities") {
		t.Error(text.String(), err)
	}
}

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"a", "b", false},
		{"a*", "*b", true},
		{"a*c", "ab", false},
		{"db-??????", "db-Hq3xT8", true},
		{"db-??????", "db-Hq3xT", false},
		{"*:111122223333:*", "arn:*:*:secret", true},
		{strings.Repeat("*a", 200), strings.Repeat("a*", 200) + "b", false},
	} {
		if got := overlap(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
		if got := overlap(c.b, c.a); got != c.want {
			t.Errorf("%s and %s: %v", c.b, c.a, got)
		}
	}
}
