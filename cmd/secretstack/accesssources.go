package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"

	"github.com/secretstack/secretstack/access"
	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/internal/strict"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/source"
)

// access finds who reads what in the stack or file that is selected.
func (f *resourceFlags) access(stdin io.Reader) (*access.Access, error) {
	if f.state+f.preview+f.terraform == "" {
		s, err := f.selected.open()
		if err != nil {
			return nil, err
		}
		return accessOf(s)
	}
	in, err := f.open(stdin)
	if err != nil {
		return nil, err
	}
	defer in.close()
	found, err := access.From(in.all, access.Options{})
	if err != nil {
		return nil, inputError{err}
	}
	return found, nil
}

// accessOf finds who reads what in a stack's plan.
func accessOf(s *stack.Stack) (*access.Access, error) {
	options := access.Options{
		Names: s.Config.Identities, Region: s.Setting("aws:region"), Project: s.Setting("gcp:project"),
		Subscription: s.Setting("azure-native:subscriptionId"),
	}
	var accounts []string
	if json.Unmarshal([]byte(s.Setting("aws:allowedAccountIds")), &accounts) == nil && len(accounts) == 1 {
		options.Account = accounts[0]
	}
	return access.From(source.Plan(s.Plan), options)
}

// side reads one side of a comparison: a stack by its name, or else a file of whichever kind.
func (f *resourceFlags) side(arg string, stdin io.Reader) (*access.Access, error) {
	selected := selection{dir: f.selected.dir, stack: arg}
	names := stack.Names(f.selected.dir)
	if slices.Contains(names, arg) {
		s, err := selected.open()
		if err != nil {
			return nil, err
		}
		return accessOf(s)
	}
	in := stdin
	if arg != "-" {
		file, err := os.Open(arg)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, inputError{fmt.Errorf("%s is neither a file nor a stack of this project; %s", arg, strict.Suggest(arg, names))}
		} else if err != nil {
			return nil, inputError{err}
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	found, err := accessFile(in)
	if err != nil {
		return nil, inputError{fmt.Errorf("%s: %w", arg, err)}
	}
	return found, nil
}

// accessFile reads a file of any kind that says who reads what; its first fields tell which.
func accessFile(in io.Reader) (*access.Access, error) {
	text := bufio.NewReader(in)
	if magic, _ := text.Peek(2); bytes.Equal(magic, []byte("\x1f\x8b")) {
		unpacked, err := gzip.NewReader(text)
		if err != nil {
			return nil, fmt.Errorf("it cannot be unpacked: %w", err)
		}
		text = bufio.NewReader(unpacked)
	}
	if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = text.Discard(3) // a byte order mark, which was there to be peeked at
	}
	var head bytes.Buffer
	field := firstOf(io.TeeReader(text, &head), accessFields)
	all := io.MultiReader(&head, text)
	if field == "format" {
		return access.Parse(all)
	}
	read := accessFields[field]
	if read == nil {
		return nil, errors.New("it is no state or preview of Pulumi, no plan of Terraform, and not what \"secretstack access --format json\" prints")
	}
	return access.From(read(all), access.Options{})
}

// accessFields are fields at the top of files by which their kind is known; nil is our own.
var accessFields = map[string]func(io.Reader) iter.Seq2[*policy.Resource, error]{
	"format":           nil,
	"deployment":       source.State,
	"checkpoint":       source.State,
	"steps":            source.Preview,
	"changeSummary":    source.Preview,
	"format_version":   source.Terraform,
	"planned_values":   source.Terraform,
	"resource_changes": source.Terraform,
}

// firstOf gives the first field of a JSON object that is one of those wanted; "": there is none.
func firstOf[T any](in io.Reader, wanted map[string]T) string {
	decoder := json.NewDecoder(in)
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
		return ""
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		name, _ := token.(string)
		if _, is := wanted[name]; is {
			return name
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return ""
		}
	}
	return ""
}
