package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

const (
	// chunk is how much is read at once.
	chunk = 256 << 10
	// longest is the length of a record beyond which there is none: CloudTrail's have at most 256 KiB, those of Cloud
	// Logging as many, and those of CloudWatch Logs 1 MiB.
	longest = 8 << 20
)

// part is a piece of a log: some whole records.
type part struct {
	records []record
	buffer  []byte // which has their texts
}

type record struct {
	text         []byte
	number, line int  // from 1
	wrapped      bool // in what a command prints
}

// splitter finds the records of a log: each object that stands by itself, in an array, or in an array that is the
// first thing in an object.
type splitter struct {
	from io.Reader

	rest   []byte // read, but not split
	ended  bool   // all is read
	number int    // of the last record
	line   int    // of the beginning of rest, from 0
	list   bool   // within an array
	outer  string // the array's name, where it is in an object
}

// The time that a CloudWatch Logs export puts before each message.
var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT[0-9:.]+Z `)

// next puts the next records into a part, which is used again. An error comes after them; io.EOF alone.
func (s *splitter) next(p *part) error {
	p.records = p.records[:0]
	for size := chunk; ; size *= 2 {
		if err := s.fill(p, size); err != nil {
			return err
		}
		err := s.split(p)
		switch {
		case err != nil || len(p.records) > 0:
			return err
		case s.ended && len(bytes.TrimSpace(s.rest)) > 0:
			return fmt.Errorf("the file ends within record %d, which begins in line %d", s.number+1, s.line+1)
		case s.ended && (s.list || s.outer != ""):
			return fmt.Errorf("the file ends within its list, after record %d, in line %d", s.number, s.line+1)
		case s.ended:
			return io.EOF
		case len(s.rest) > longest:
			return fmt.Errorf("record %d, in line %d, is longer than any record of an audit log", s.number+1, s.line+1)
		}
	}
}

// fill reads on, into the part's buffer.
func (s *splitter) fill(p *part, size int) error {
	if size = max(size, len(s.rest)+chunk); len(p.buffer) < size {
		p.buffer = make([]byte, size)
	}
	n := copy(p.buffer, s.rest)
	for n < len(p.buffer) && !s.ended {
		read, err := s.from.Read(p.buffer[n:])
		n += read
		switch {
		case errors.Is(err, io.EOF):
			s.ended = true
		case errors.Is(err, io.ErrUnexpectedEOF): // of gzip
			return fmt.Errorf("after record %d, in line %d, the compressed data ends early", s.number, s.line+1)
		case err != nil:
			return fmt.Errorf("after record %d, in line %d, the file cannot be read on: %w", s.number, s.line+1, err)
		}
	}
	s.rest = p.buffer[:n]
	return nil
}

// split finds the whole records in what is read.
func (s *splitter) split(p *part) error {
	for {
		s.skip(blank(s.rest))
		if len(s.rest) == 0 {
			return nil
		}
		switch c := s.rest[0]; {
		case c == '[' && !s.list && s.outer == "":
			s.list = true
			s.skip(1)
		case c == ']' && s.list:
			s.list = false
			s.skip(1)
		case s.outer != "" && !s.list: // after the array: nothing of interest, up to the object's end
			n := end(s.rest, 1)
			if n < 0 {
				return nil
			}
			s.skip(n)
			s.outer = ""
		case c == '{':
			if !s.list {
				if name, n := envelope(s.rest); n > 0 {
					s.list, s.outer = true, name
					s.skip(n)
					continue
				}
			}
			n := line(s.rest)
			if n < 0 || s.list {
				n = end(s.rest, 0)
			}
			if n < 0 {
				return nil
			}
			s.number++
			p.records = append(p.records, record{s.rest[:n:n], s.number, s.line + 1, strings.EqualFold(s.outer, "events")})
			s.skip(n)
		default:
			n, ok := s.stamped()
			if !ok {
				return fmt.Errorf("line %d, after %d records, %w", s.line+1, s.number, ErrForm)
			}
			if n == 0 {
				return nil
			}
			s.skip(n)
		}
	}
}

// stamped is the length of what to skip of a line that begins with a time: up to the object in it, or all. Zero: the
// line is not all read.
func (s *splitter) stamped() (n int, ok bool) {
	at := stamp.FindIndex(s.rest)
	if at == nil {
		return 0, len(s.rest) < 64 && !s.ended && !s.list
	}
	if len(s.rest) > at[1] && s.rest[at[1]] == '{' {
		return at[1], true
	}
	if n := bytes.IndexByte(s.rest, '\n'); n >= 0 {
		return n, true
	}
	if s.ended {
		return len(s.rest), true
	}
	return 0, true
}

func (s *splitter) skip(n int) {
	s.line += bytes.Count(s.rest[:n], []byte{'\n'})
	s.rest = s.rest[n:]
}

// envelope is the beginning of an object up to an array that is the first thing in it, as a log's file or a command's
// answer has one. Zero: it is no such object.
func envelope(text []byte) (name string, length int) {
	at := 1
	next := func(c byte) bool {
		at += blank(text[at:])
		at++
		return at <= len(text) && text[at-1] == c
	}
	if !next('"') {
		return "", 0
	}
	n := bytes.IndexByte(text[at:], '"')
	if n < 0 || n > len("records") {
		return "", 0
	}
	name = string(text[at : at+n])
	at += n + 1
	if !slices.Contains([]string{"Records", "records", "Events", "events", "value"}, name) || !next(':') || !next('[') {
		return "", 0
	}
	return name, at
}

// blank is the length of what stands between records.
func blank(text []byte) int {
	n := bytes.IndexFunc(text, func(r rune) bool {
		return r != ' ' && r != '\n' && r != '\r' && r != '\t' && r != ',' && r != '\ufeff'
	})
	if n < 0 {
		return len(text)
	}
	return n
}

// line is the length of an object that is a line, with another object in the next; -1 where that is not sure. It is
// sure without a look inside: within an object there is no } right before a {.
func line(text []byte) int {
	n := bytes.IndexByte(text, '\n')
	if n < 1 || text[n-1] != '}' || n+1 == len(text) || text[n+1] != '{' {
		return -1
	}
	return n
}

// end is the length of what closes an object, from a depth in it; -1 where that is not there.
func end(text []byte, depth int) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			n := quoted(text[i+1:])
			if n < 0 {
				return -1
			}
			i += n
		}
	}
	return -1
}

// quoted is the length of a string, with its closing quote; -1 where that is not there.
func quoted(text []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		i += n + 1
		backslashes := 0
		for j := i - 2; j >= 0 && text[j] == '\\'; j-- {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i
		}
	}
}
