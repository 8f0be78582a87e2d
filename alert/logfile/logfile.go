// Package logfile reads the files in which audit logs are kept, as a stream of single records.
//
// It knows CloudTrail's files, what "aws cloudtrail lookup-events" and "aws logs filter-log-events" print, exports of
// CloudWatch Logs, what "gcloud logging read --format=json" and "az monitor log-analytics query" print, Azure's
// {"records": […]}, and JSON lines, all of them plain or in gzip.
// What the records mean is for the cloud's package.
package logfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Read decodes each record of a log on all cores, and adds the results in the log's order. It takes the same memory
// for a log of any length.
//
// decode must not keep the record. Errors name the record and its line, but show nothing of it.
func Read[T any](ctx context.Context, log io.Reader, decode func(record []byte) (T, error), add func(T)) error {
	plain, err := plain(log)
	if err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	todo := make(chan *batch[T], workers)
	inOrder := make(chan *batch[T], 4*workers) // bounds what is read ahead
	free := make(chan *batch[T], 6*workers)    // to be used again
	group.Go(func() error {
		defer close(inOrder)
		defer close(todo)
		for s := (splitter{from: plain}); ; {
			b := &batch[T]{decoded: make(chan struct{}, 1)}
			select {
			case b = <-free:
			default:
			}
			if b.err = s.next(&b.part); errors.Is(b.err, io.EOF) {
				return nil
			}
			last := b.err != nil // add is told, after the records before
			for _, to := range []chan *batch[T]{inOrder, todo} {
				select {
				case to <- b:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if last {
				return nil
			}
		}
	})
	for range workers {
		group.Go(func() error {
			for b := range todo {
				b.decode(decode)
			}
			return nil
		})
	}
	group.Go(func() error {
		for b := range inOrder {
			select {
			case <-b.decoded:
			case <-ctx.Done():
				return ctx.Err()
			}
			for _, result := range b.results {
				add(result)
			}
			if b.err != nil {
				return b.err
			}
			select {
			case free <- b:
			default:
			}
		}
		return ctx.Err()
	})
	return group.Wait()
}

// batch is a part of a log with what its records say.
type batch[T any] struct {
	part
	results []T
	err     error // of the record after the results
	decoded chan struct{}
}

func (b *batch[T]) decode(decode func([]byte) (T, error)) {
	defer func() { b.decoded <- struct{}{} }()
	b.results = b.results[:0]
	for _, r := range b.records {
		text, ok := r.text, true
		if r.wrapped {
			text, ok = unwrap(text)
		}
		if !ok {
			continue
		}
		result, err := decode(text)
		if err != nil {
			b.err = &RecordError{Record: r.number, Line: r.line, Err: err}
			return
		}
		b.results = append(b.results, result)
	}
}

// RecordError says which record is wrong. Err is the decoder's: it may hold parts of the record, and is not shown.
type RecordError struct {
	Record, Line int // both from 1
	Err          error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("record %d, in line %d, is no record of an audit log: %s", e.Record, e.Line, problem(e.Err))
}

// Unwrap gives the decoder's error.
func (e *RecordError) Unwrap() error { return e.Err }

// ErrForm is of a log, or a place in it, that has none of the forms that Read knows.
var ErrForm = errors.New("is not in a form of audit logs")

// plain takes gzip away, if it is there.
func plain(log io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(log, 64<<10)
	if magic, _ := buffered.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buffered, nil // what cannot be read, the next read says
	}
	unzipped, err := gzip.NewReader(buffered)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("the compressed data ends early")
	case err != nil:
		return nil, fmt.Errorf("the file begins as gzip does, but is none: %w", err)
	}
	return unzipped, nil
}
