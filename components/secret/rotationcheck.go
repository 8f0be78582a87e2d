package secret

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/secretstack/secretstack/internal/strict"
)

// Check gives every rule that a rotation breaks, without a file; each Field is relative to the rotation,
// such as "postgres.users[1]". What a cloud demands beyond is in its Cloud: see CheckEvery.
func (r Rotation) Check() Problems {
	var m mistakes
	m.wholeHours("every", time.Duration(r.Every))
	m.wholeHours("grace", time.Duration(r.Grace))
	if r.Every > Manual && r.Grace >= Duration(r.Every) {
		m.add("grace", "must be shorter than every (%s), since the next rotation waits until it is over, not %s", r.Every, r.Grace)
	}
	switch targets := r.targets(); len(targets) {
	case 0:
		m.add("", "does not say how: give generated (generated: {} has defaults), postgres, mysql or webhook")
	case 1:
	default:
		m.add("", "has %s; a secret has one target, so keep one of them", strings.Join(targets, " and "))
	}
	if r.Generated != nil {
		r.Generated.check(&m, "generated")
	}
	if r.Postgres != nil {
		r.Postgres.check(&m, "postgres", 63) // https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
	}
	if r.MySQL != nil {
		r.MySQL.check(&m, "mysql", 32) // https://dev.mysql.com/doc/refman/8.4/en/user-names.html
	}
	if r.Webhook != nil && r.Webhook.Key == "" {
		m.add("webhook.key", "is missing; name the secret of this file with which requests are signed")
	}
	return Problems(m)
}

type mistakes Problems

func (m *mistakes) add(field, rule string, args ...any) {
	*m = append(*m, Problem{Field: field, Rule: fmt.Sprintf(rule, args...)})
}

// wholeHours refuses what a program can say, but neither a file nor a Job.
func (m *mistakes) wholeHours(field string, d time.Duration) {
	if d < 0 || d%time.Hour != 0 {
		m.add(field, "must be whole hours, not %s", d)
	}
}

// classes are the characters that a password can be asked to have.
var classes = map[string]string{
	"lower":  "abcdefghijklmnopqrstuvwxyz",
	"upper":  "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"digit":  "0123456789",
	"symbol": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
}

func (g Generated) check(m *mistakes, at string) {
	least, most, unit := 16, 1024, "bytes"
	switch g.Kind {
	case "", "password":
		least, most, unit = 8, 256, "characters"
		g.checkPassword(m, at)
	case "uuid", "hex", "base64":
		const only = "is for passwords only; take it away, or make kind password"
		if g.Alphabet != "" {
			m.add(at+".alphabet", only)
		}
		if len(g.Require) > 0 {
			m.add(at+".require", only)
		}
		if g.Kind == "uuid" && g.Length != 0 {
			m.add(at+".length", "has no use: each uuid has the same length; take it away")
			return
		}
	default:
		m.add(at+".kind", "is no kind of value; %s", strict.Suggest(g.Kind, []string{"base64", "hex", "password", "uuid"}))
		return
	}
	if g.Length != 0 && (g.Length < least || g.Length > most) {
		m.add(at+".length", "must be %d to %d %s, not %d", least, most, unit, g.Length)
	}
}

func (g Generated) checkPassword(m *mistakes, at string) {
	alphabet := g.Alphabet
	if alphabet == "" {
		alphabet = classes["lower"] + classes["upper"] + classes["digit"]
	}
	const leastAlphabet = 10
	outside := func(r rune) bool { return r <= ' ' || r > '~' }
	switch {
	case strings.ContainsFunc(alphabet, outside):
		m.add(at+".alphabet", "may have printable ASCII without the space only")
	case repeats(alphabet):
		m.add(at+".alphabet", "has a character twice, which would favour it; give each once")
	case len(alphabet) < leastAlphabet:
		m.add(at+".alphabet", "has %d characters; it needs at least %d, or passwords are easy to guess", len(alphabet), leastAlphabet)
	}
	for i, class := range g.Require {
		field := fmt.Sprintf("%s.require[%d]", at, i)
		switch chars, known := classes[class]; {
		case !known:
			m.add(field, "is no class of characters; %s", strict.Suggest(class, []string{"digit", "lower", "symbol", "upper"}))
		case slices.Index(g.Require, class) < i:
			m.add(field, "names %s twice", class)
		case !strings.ContainsAny(alphabet, chars):
			m.add(field, "the alphabet has no %s; add some to %s.alphabet (without it: letters and digits)", class, at)
		}
	}
}

func repeats(text string) bool {
	for i := range text {
		if strings.IndexByte(text, text[i]) < i {
			return true
		}
	}
	return false
}

var userRegexp = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.$-]*$`)

func (d Database) check(m *mistakes, target string, longest int) {
	if p := d.Password; p != nil && p.Kind != "" && p.Kind != "password" {
		m.add(target+".password.kind", "has no use: a user has a password; take it away")
	} else if p != nil {
		p.check(m, target+".password")
	}
	switch {
	case len(d.Users) == 0:
		m.add(target+".users", "names nobody; give one user, or two that take turns")
	case len(d.Users) > 2:
		m.add(target+".users", "names %d users; give one, or two that take turns", len(d.Users))
	case len(d.Users) == 2 && d.Admin == "":
		m.add(target+".admin", "is missing; two users need a third that alters them: name the secret that holds it")
	}
	for i, user := range d.Users {
		field := fmt.Sprintf("%s.users[%d]", target, i)
		switch {
		case !userRegexp.MatchString(user):
			m.add(field, "a user's name has letters, digits and _ . $ - and begins with a letter or _")
		case len(user) > longest:
			m.add(field, "has %d characters; at most %d are allowed", len(user), longest)
		case slices.Index(d.Users, user) < i:
			m.add(field, "names %s twice", user)
		}
	}
	switch {
	case d.Format == "plain" && len(d.Users) > 1:
		m.add(target+".format", "plain has no place for the user's name, and two take turns; make it json, or keep one user")
	case d.Format != "" && d.Format != "json" && d.Format != "plain":
		m.add(target+".format", "must be json or plain")
	}
}

// checkRotation notes what is wrong with a secret's rotation in its file, beside the mistakes of form that
// are noted already.
func (d *Declaration) checkRotation(s Spec, doc *strict.Document) {
	root, r := at(s, ".rotation"), s.Rotation
	form := slices.Clone(doc.Problems)
	add := func(part, rule string, args ...any) {
		field := strings.TrimSuffix(root+"."+part, ".")
		follows := slices.ContainsFunc(form, func(p Problem) bool {
			return p.Field == field || strings.HasPrefix(p.Field, root) && strings.HasPrefix(field, p.Field+".")
		})
		if !follows {
			doc.Add(field, rule, args...)
		}
	}
	if r == nil {
		if doc.Line(root) != 0 {
			add("", "is empty; say how the value is changed, or take it away")
		}
		return
	}
	if doc.Line(root+".every") == 0 {
		add("every", "is missing; give the time from one rotation to the next, such as 30d, or manual")
	}
	for _, p := range r.Check() {
		add(p.Field, "%s", p.Rule)
	}
	for _, ref := range r.references() {
		if rule := d.checkReference(s, ref); rule != "" {
			add(ref.field, "%s", rule)
		}
	}
}

// checkReference gives the rule that the name of another secret in a rotation breaks.
func (d *Declaration) checkReference(s Spec, ref reference) string {
	target, _, _ := strings.Cut(ref.field, ".")
	other, known := d.spec(ref.name)
	switch {
	case !known:
		return "names no secret of this file; " + strict.Suggest(ref.name, d.names())
	case other.Name == s.Name:
		return "names the secret itself; name another one, which stays as it is meanwhile"
	case d.leadsTo(other, s.Name):
		return ref.name + " is rotated by means of this secret in turn; break the circle"
	case other.Rotation == nil || other.Rotation.Target() == "":
		return ""
	case other.Rotation.Target() != target:
		return fmt.Sprintf("%s is rotated too (%s), and nobody would tell %s its new value; rotate it as %[3]s, or not at all",
			ref.name, other.Rotation.Target(), target)
	case target != "webhook" && other.Rotation.Database().Format == "plain":
		return ref.name + " is rotated in the format plain, and the name of its user is needed too; make that json"
	}
	return ""
}

// leadsTo tells whether the rotation of a secret reads, itself or by way of others, the named one.
func (d *Declaration) leadsTo(s Spec, name string) bool {
	for range d.Secrets { // a rotation reads one secret, so that a longer way is a circle
		if s.Rotation == nil || len(s.Rotation.Reads()) == 0 {
			return false
		}
		next := s.Rotation.Reads()[0]
		if next == name {
			return true
		}
		s, _ = d.spec(next)
	}
	return false
}

func (d *Declaration) spec(name string) (Spec, bool) {
	i, found := slices.BinarySearchFunc(d.Secrets, name, func(s Spec, name string) int { return strings.Compare(s.Name, name) })
	if !found {
		return Spec{}, false
	}
	return d.Secrets[i], true
}

func (d *Declaration) names() []string {
	names := make([]string, len(d.Secrets))
	for i, s := range d.Secrets {
		names[i] = s.Name
	}
	return names
}
