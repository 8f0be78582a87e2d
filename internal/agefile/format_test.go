package agefile

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

// text is a well-formed file with two entries, a and b, both readable by r.
func text(t testing.TB, r reader) string {
	t.Helper()
	path := newPath(t)
	put(t, path, "a", canary+"-a", r)
	put(t, path, "b", canary+"-b", r)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var armorBlock = regexp.MustCompile(`(?s) +-----BEGIN.*?-----END[^\n]*\n`)

func TestDamagedFile(t *testing.T) {
	r, other := newReader(t), newReader(t)
	good := text(t, r)
	blocks := armorBlock.FindAllString(good, -1)
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, c := range map[string]struct{ text, want string }{
		"empty":                 {"", "truncated"},
		"truncated at the end":  {strings.TrimSuffix(good, "...\n"), "truncated"},
		"truncated in the name": {good[:strings.Index(good, "  b:")+3], "truncated"},
		"truncated in a block":  {good[:strings.Index(good, "  b:")-200], "truncated"},
		"conflict": {
			replace("  b:", "<<<<<<< HEAD\n  b:"),
			"a merge conflict: keep the entries of both sides",
		},
		"rest of a conflict":  {replace("  b:", "=======\n  b:"), "a merge conflict"},
		"unknown format":      {replace("secretstack/v1", "secretstack/v2"), `"secretstack/v2"`},
		"no format":           {replace("format:", "fromat:"), `its format is ""`},
		"unknown field":       {replace("    version:", "    canary: 1\n    version:"), "line 16 is not in the format"},
		"unknown top field":   {replace("secrets:", "canary: 1\nsecrets:"), "line 4 is not in the format"},
		"wrong type":          {replace("version: 1", "version: canary"), "is not in the format"},
		"not YAML":            {replace("    version: 1", "\tversion: canary"), "is not in the format"},
		"repeated secret":     {replace("  b:", "  a:"), "is not in the format"},
		"two documents":       {good + "canary\n...\n", "one document"},
		"pasted plain value":  {replace(blocks[0], "      "+canary+"\n"), `secret "a": its value is not one whole age block`},
		"plain value, string": {"format: secretstack/v1\nsecrets:\n  a: " + canary + "\n...\n", "line 3 is not in the format"},
		"no version":          {replace("    version: 1\n", ""), `secret "a": version, updated or recipients is missing`},
		"null entry":          {"format: secretstack/v1\nsecrets:\n  a:\n...\n", `secret "a"`},
		"half a block":        {replace("      -----END AGE ENCRYPTED FILE-----\n", ""), `secret "a": its value is not one whole age block`},
		"bad name":            {replace("  b:", "  -b:"), `secret "-b": a secret's name`},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			wantError(t, err, nil, path, c.want)
			wantError(t, Update(path, func(f *File) error { return f.Put("c", []byte(canary), []string{other.recipient}) }), nil, c.want)
			if after, _ := os.ReadFile(path); string(after) != c.text {
				t.Error("the damaged file was changed")
			}
		})
	}
}

func TestTamperedEntry(t *testing.T) {
	r, other := newReader(t), newReader(t)
	good := text(t, r)
	blocks := armorBlock.FindAllString(good, -1)
	flip := func(block string, line int) string {
		lines := strings.Split(block, "\n")
		was := lines[line][6:7]
		now := map[bool]string{true: "B", false: "A"}[was == "A"]
		lines[line] = "      " + now + lines[line][7:]
		return strings.Join(lines, "\n")
	}
	last := strings.Count(blocks[0], "\n") - 2
	for name, tampered := range map[string]string{
		"flipped header":     strings.Replace(good, blocks[0], flip(blocks[0], 1), 1),
		"flipped ciphertext": strings.Replace(good, blocks[0], flip(blocks[0], last), 1),
		"swapped entries":    strings.NewReplacer(blocks[0], blocks[1], blocks[1], blocks[0]).Replace(good),
		"edited version":     strings.Replace(good, "version: 1", "version: 7", 1),
		"added recipient":    strings.Replace(good, r.recipient+"]", r.recipient+", "+other.recipient+"]", 1),
		"replaced recipient": strings.Replace(good, r.recipient, other.recipient, 1),
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			if err := os.WriteFile(path, []byte(tampered), 0o600); err != nil || tampered == good {
				t.Fatalf("nothing tampered with: %v", err)
			}
			_, err := read(t, path).Get("a", []age.Identity{r.identity})
			wantError(t, err, ErrTampered, `secret "a"`, "restore the file")
			err = Update(path, func(f *File) error {
				return f.SetRecipients("a", []string{newReader(t).recipient}, []age.Identity{r.identity})
			})
			wantError(t, err, ErrTampered)
			if after, _ := os.ReadFile(path); string(after) != tampered {
				t.Error("the file was changed")
			}
		})
	}
}

// mergeFile does what git does for a file that two branches changed.
func mergeFile(t *testing.T, base, ours, theirs string) (merged string, conflict bool) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"merge-file", "-p"}
	for name, content := range map[string]string{"ours": ours, "base": base, "theirs": theirs} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("git", append(args, filepath.Join(dir, "ours"), filepath.Join(dir, "base"), filepath.Join(dir, "theirs"))...).Output()
	if len(out) == 0 {
		t.Fatal(err)
	}
	return string(out), err != nil
}

func TestGitMerge(t *testing.T) {
	r := newReader(t)
	readers := []reader{r, newReader(t), newReader(t), newReader(t), newReader(t)}
	base := newPath(t)
	for _, name := range []string{"b", "f", "k"} {
		put(t, base, name, canary, readers...)
	}
	content := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	branch := func(names ...string) string {
		path := newPath(t)
		if err := os.WriteFile(path, []byte(content(base)), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			put(t, path, name, "first", readers...)
			promote(t, path, name, stage(t, path, name, "round of "+name, name, r))
			stage(t, path, name, "next round of "+name, "next", r)
		}
		// The branches are not made in the same second.
		update(t, path, func(f *File) error {
			for _, name := range names {
				e := f.entries[name]
				for _, at := range []*time.Time{&e.Updated, &e.Previous.Updated, &e.Pending.Updated} {
					*at = at.Add(time.Duration(name[0]) * time.Minute)
				}
				f.entries[name] = e
			}
			return nil
		})
		return content(path)
	}
	for name, c := range map[string]struct {
		ours, theirs []string
		conflict     bool
	}{
		"different places":     {[]string{"a", "g"}, []string{"d", "m"}, false},
		"changes of different": {[]string{"b", "k"}, []string{"f"}, false},
		// No text merge can order these; but a conflict is whole entries.
		"the same place":  {[]string{"g", "i"}, []string{"h", "j"}, true},
		"both at the end": {[]string{"x"}, []string{"y", "z"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			merged, conflict := mergeFile(t, content(base), branch(c.ours...), branch(c.theirs...))
			if conflict != c.conflict {
				t.Fatalf("conflict: %v\n%s", conflict, merged)
			}
			path := newPath(t)
			save := func(text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			save(merged)
			if conflict {
				_, err := Read(path)
				wantError(t, err, nil, "a merge conflict")
				lines := slices.DeleteFunc(strings.SplitAfter(merged, "\n"), func(line string) bool {
					return conflictMarker.MatchString(line)
				})
				save(strings.Join(lines, ""))
			}
			for _, name := range slices.Concat(c.ours, c.theirs) {
				wantValue(t, path, name, name, r)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(text(f, newReader(f))))
	path, r := newPath(f), newReader(f)
	put(f, path, "a", canary, r)
	promote(f, path, "a", stage(f, path, "a", "round-1", canary, r))
	stage(f, path, "a", "round-2", canary, r)
	update(f, path, func(f *File) error { return f.Schedule("a", 1, time.Now()) })
	rotated, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(rotated)
	f.Add([]byte("format: secretstack/v1\nsecrets: {}\n...\n"))
	f.Add([]byte("format: secretstack/v1\nsecrets: &x\n  a: *x\n...\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parse(data)
		if err != nil {
			return
		}
		once, err := format(entries)
		if err != nil {
			t.Fatalf("cannot write what was read: %v", err)
		}
		again, err := parse(once)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, once)
		}
		if twice, err := format(again); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("changed by reading and writing: %v\n%s\n%s", err, once, twice)
		}
	})
}
