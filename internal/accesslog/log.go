package accesslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/gofrs/flock"
)

// Log is the access log of one stack on this machine.
type Log struct {
	File string // .secretstack/access.<stack>.log in the project's folder
	note string // where it ends, in the user's configuration folder
}

// Open gives the log of a stack of the project in dir. Nothing is made, or read, yet.
func Open(dir, stack string) (*Log, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// The note is of the folder, not of the way to it.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("no place to note where the access log ends: %w", err)
	}
	file := filepath.Join(dir, ".secretstack", "access."+stack+".log")
	// No project can be called .access: beside it are the folders with their keys.
	return &Log{file, filepath.Join(config, "secretstack", ".access", sum([]byte(file))[:32])}, nil
}

// patience is how long to wait for other processes, each of which needs a few milliseconds.
var patience = 30 * time.Second

// tail is more than a line can have.
const tail = 64 << 10

// Append adds entries, on disk when it returns, and fills in their Seq, Time, User and hashes. Other processes wait
// for this one. What one that was killed has left of a line is taken away. Where the log is not as it was left,
// an entry before these says so.
func (l *Log) Append(entries ...Entry) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("the access log %s cannot be written: %w", l.File, err)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(l.File), 0o700); err != nil {
		return err
	}
	f, unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	last, end, err := lastOf(f)
	if err != nil {
		return err
	}
	if noted := l.noted(); last == (Mark{}) && end > 0 || noted != (Mark{}) && noted != last {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		chain, err := follow(io.LimitReader(f, end), noted, func([]byte, Entry) error { return nil })
		if err != nil {
			return err
		}
		last = chain.Last
		if b := chain.Breaks; len(b) > 0 {
			entries = slices.Insert(slices.Clone(entries), 0, Entry{Operation: Broken, Outcome: OK, Note: b[len(b)-1].String()})
		}
	}

	var text []byte
	now, who := time.Now().UTC().Truncate(time.Millisecond), User()
	for _, e := range entries {
		e.Seq, e.Prev, e.Time, e.User = last.Seq+1, last.Hash, now, who
		line, err := e.seal()
		if err != nil {
			return err
		}
		text = append(text, line...)
		last = Mark{e.Seq, e.Hash}
	}
	_, err = f.WriteAt(text, end)
	if err = errors.Join(err, f.Truncate(end+int64(len(text))), f.Sync()); err != nil {
		return errors.Join(err, f.Truncate(end))
	}
	return l.setNote(last)
}

// lastOf gives the mark of a log's last entry, zero if that cannot be told from its line, and where its last line ends.
func lastOf(f *os.File) (m Mark, end int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return m, 0, err
	}
	begin := max(0, info.Size()-tail)
	text, err := io.ReadAll(io.NewSectionReader(f, begin, tail))
	if err != nil {
		return m, 0, err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1] // without what nobody has finished writing
	if len(text) == 0 {
		if begin > 0 {
			return m, 0, errors.New("it has a line that is too long to be an entry; move the file away")
		}
		return m, 0, nil
	}
	end = begin + int64(len(text))
	text = text[:len(text)-1]
	if e, err := parse(text[bytes.LastIndexByte(text, '\n')+1:]); err == nil {
		m = Mark{e.Seq, e.Hash}
	}
	return m, end, nil
}

// lock keeps all others out, and opens the log; share keeps writers out, and opens it for reading.
func (l *Log) lock() (f *os.File, unlock func() error, err error) {
	lock := flock.New(l.File, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	return l.open(lock, lock.TryLockContext, os.O_RDWR)
}

func (l *Log) share() (f *os.File, unlock func() error, err error) {
	lock := flock.New(l.File, flock.SetFlag(os.O_RDONLY))
	return l.open(lock, lock.TryRLockContext, os.O_RDONLY)
}

func (l *Log) open(lock *flock.Flock, try func(context.Context, time.Duration) (bool, error), mode int) (*os.File, func() error, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := try(ctx, time.Millisecond)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("another program has locked it for %s; end that one (lsof shows it), and try again", patience)
	}
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	f, err := os.OpenFile(l.File, mode, 0)
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return f, func() error { return errors.Join(f.Close(), lock.Close()) }, nil
}

// noted gives the mark of the entry that was the last one when this user last wrote the log. Zero: nobody knows.
func (l *Log) noted() (m Mark) {
	text, err := os.ReadFile(l.note)
	if err != nil {
		return Mark{}
	}
	if _, err := fmt.Sscanf(string(text), "%d %64s\n", &m.Seq, &m.Hash); err != nil {
		return Mark{}
	}
	return m
}

func (l *Log) setNote(m Mark) error {
	if err := os.MkdirAll(filepath.Dir(l.note), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.note, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// All notes have one length, so each replaces the one before it in place. Without Sync: an earlier note is right
	// too, as long as the log is on disk before it.
	_, err = fmt.Fprintf(f, "%020d %s\n", m.Seq, m.Hash)
	return errors.Join(err, f.Close())
}

// User is the name of the user of this process, or the id where there is no name. It does not ask the environment, as
// user.Current may.
func User() string {
	id := strconv.Itoa(os.Getuid())
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
