package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

const (
	// largest is how many bytes one value of a file may have, such as a resource of a state. It keeps a broken file, or one
	// that unpacks to no end, from filling the memory.
	largest = 256 << 20
	// deepest is how many lists and objects may be within one another. encoding/json has the same limit.
	deepest = 10_000
)

var errTooLarge = fmt.Errorf("one value has more than %d MiB", largest>>20)

// document walks through a JSON text and holds one value of it at a time.
type document struct {
	dec    *json.Decoder
	budget *budget
	kind   kind
}

// budget gives at most left bytes of in. It begins anew, with most, for each value.
type budget struct {
	in         io.Reader
	left, most int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// open begins to read a file that may be compressed.
func open(in io.Reader, kind kind) (*document, error) {
	text, err := plain(in)
	if err != nil {
		return nil, err
	}
	return parse(text, kind), nil
}

func parse(text io.Reader, kind kind) *document {
	b := &budget{in: text, most: largest}
	return &document{dec: json.NewDecoder(b), budget: b, kind: kind}
}

// plain gives the text of a file that may be compressed.
func plain(in io.Reader) (io.Reader, error) {
	text := bufio.NewReader(in)
	if begins(text, "\x1f\x8b") {
		unpacked, err := gzip.NewReader(text)
		if err != nil {
			return nil, fmt.Errorf("it cannot be unpacked: %w", err)
		}
		text = bufio.NewReader(unpacked)
	}
	switch {
	case begins(text, "PK\x03\x04"):
		return nil, errors.New("it seems to be a plan in Terraform's own format: give what `terraform show -json PLAN` prints")
	case begins(text, "\x28\xb5\x2f\xfd"):
		return nil, errors.New("it is compressed with zstd: unpack it first (`zstd -d`)")
	case begins(text, "\xff\xfe"), begins(text, "\xfe\xff"):
		return nil, errors.New("it is written in UTF-16, as Windows PowerShell does for `>`: write it in UTF-8 (`| Out-File -Encoding utf8`)")
	case begins(text, "\xef\xbb\xbf"):
		_, _ = text.Discard(3) // a byte order mark
	}
	return text, nil
}

func begins(r *bufio.Reader, magic string) bool {
	head, _ := r.Peek(len(magic))
	return bytes.Equal(head, []byte(magic))
}

// wrong is an error with the place that was reached.
func (d *document) wrong(format string, args ...any) error {
	return wrongAt(d.dec.InputOffset(), format, args...)
}

func wrongAt(place int64, format string, args ...any) error {
	return fmt.Errorf("at byte %d: "+format, append([]any{place}, args...)...)
}

// fault says what an error of encoding/json means, without the value that it may have in it. The place is where what
// could not be read begins.
func fault(place int64, err error) error {
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF) && place == 0:
		return errors.New("it is empty")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return wrongAt(place, "the file ends too early: was it cut off?")
	case errors.As(err, &syntax):
		return wrongAt(place, "what follows is no JSON, or is nested too deeply")
	case errors.As(err, &mistyped) && mistyped.Field == "":
		return wrongAt(place, "what follows must be %s", article(mistyped.Type.Kind()))
	case errors.As(err, &mistyped):
		return wrongAt(place, "%s in what follows must be %s", mistyped.Field, article(mistyped.Type.Kind()))
	}
	return wrongAt(place, "%w", err)
}

// article names a kind of Go's types as JSON's.
func article(kind reflect.Kind) string {
	switch kind {
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	default:
		return "a number"
	}
}

func (d *document) token() (json.Token, error) {
	d.budget.left = d.budget.most
	place := d.dec.InputOffset()
	token, err := d.dec.Token()
	if err != nil {
		return nil, fault(place, err)
	}
	return token, nil
}

// decode reads the next value.
func (d *document) decode(into any) error {
	d.budget.left = d.budget.most
	place := d.dec.InputOffset()
	if err := d.dec.Decode(into); err != nil {
		return fault(place, err)
	}
	return nil
}

// skip reads past the next value.
func (d *document) skip() error {
	for depth := 0; ; {
		token, err := d.token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		switch {
		case depth == 0:
			return nil
		case depth > deepest:
			return d.wrong("it is nested too deeply")
		}
	}
}

// fields reads an object, where null is one without any. For each field, read must read its value.
func (d *document) fields(what string, read func(name string) error) error {
	return d.inside(what, "an object", '{', func() error {
		name, err := d.token()
		if err != nil {
			return err
		}
		return read(name.(string)) // encoding/json has seen to that
	})
}

// field reads one field of an object, and skips the others.
func (d *document) field(name string, read func() error) error {
	return d.fields("what has "+name, func(found string) error {
		if found == name {
			return read()
		}
		return d.skip()
	})
}

// items reads a list, where null is one without any. For each item, read must read its value.
func (d *document) items(what string, read func() error) error {
	return d.inside(what, "a list", '[', read)
}

func (d *document) inside(what, kind string, begin json.Delim, read func() error) error {
	switch token, err := d.token(); {
	case err != nil:
		return err
	case token == nil:
		return nil
	case token != begin:
		return d.wrong("%s must be %s", what, kind)
	}
	for d.more() {
		if err := read(); err != nil {
			return err
		}
	}
	_, err := d.token() // the end
	return err
}

func (d *document) more() bool {
	d.budget.left = d.budget.most
	return d.dec.More()
}
