package accesslog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Break is a place where a log is not as it was written.
type Break struct {
	Line int    `json:"line"` // from 1
	Why  string `json:"why"`
	// After is the time of the last entry before it. Zero: there is none.
	After time.Time `json:"after,omitzero"`
}

func (b Break) String() string { return fmt.Sprintf("line %d %s", b.Line, b.Why) }

// Chain is what was found in a log.
type Chain struct {
	Entries int
	Last    Mark // of the last entry. Zero: there is none
	Breaks  []Break
	// Noted says that it was known where the log must end; if not, entries may be missing there.
	Noted bool
}

// Mark is the number and the hash of an entry.
type Mark struct {
	Seq  int64
	Hash string
}

// Check reads the whole log, and hands out each of its entries with its line; also those that were changed. It fails
// where the log cannot be read. One that is not there, and never was, is empty.
func (l *Log) Check(each func(line []byte, e Entry) error) (Chain, error) {
	noted := l.noted()
	f, unlock, err := l.share()
	if errors.Is(err, fs.ErrNotExist) {
		return follow(bytes.NewReader(nil), noted, each)
	} else if err != nil {
		return Chain{}, err
	}
	c, err := follow(f, noted, each)
	return c, errors.Join(err, unlock())
}

// follow goes along a log which, when it was written last, ended at noted (zero: nobody knows).
func follow(r io.Reader, noted Mark, each func([]byte, Entry) error) (Chain, error) {
	c := Chain{Noted: noted != Mark{}}
	var last Entry
	lost := false // what the last line was
	in := bufio.NewReaderSize(r, tail)
	for number := 1; ; number++ {
		broken := func(format string, a ...any) {
			c.Breaks = append(c.Breaks, Break{number, fmt.Sprintf(format, a...), last.Time})
		}
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // a line without an end is one that nobody has finished writing
			if noted.Seq > last.Seq {
				broken("is missing, and all after it: the log had %d entries or more", noted.Seq)
			}
			c.Last = Mark{last.Seq, last.Hash}
			return c, nil
		} else if err != nil {
			return c, err
		}
		line = line[:len(line)-1]
		e, err := parse(line)
		if errors.Is(err, errNoEntry) {
			broken("%s", err)
			lost = true
			continue
		}
		switch {
		case err != nil:
			broken("%s", err)
		case lost || e.Prev == last.Hash:
		case e.Seq > last.Seq+1:
			broken("has entry %d, where entry %d should be: what was between is missing", e.Seq, last.Seq+1)
		default:
			broken("does not follow the one before it: lines were added, moved or replaced")
		}
		if e.Seq == noted.Seq && e.Hash != noted.Hash && err == nil {
			broken("is another entry than was once written as number %d", e.Seq)
		}
		last, lost = e, false
		c.Entries++
		if err := each(line, e); err != nil {
			return c, err
		}
	}
}
