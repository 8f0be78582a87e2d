package accesslog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// Entry is what somebody did with one secret, or tried to do. No value is in it.
type Entry struct {
	Seq       int64     `json:"seq"`  // from 1
	Time      time.Time `json:"time"` // in UTC
	Operation Operation `json:"operation"`
	Outcome   Outcome   `json:"outcome"`
	Secret    string    `json:"secret,omitempty"`
	Version   int       `json:"version,omitempty"` // of the value; zero: it has none
	// User is the name of the operating system's user, or the id where there is no name.
	User string `json:"user"`
	// Reader is as whom a value was read, and Key that reader's public key.
	Reader string `json:"reader,omitempty"`
	Key    string `json:"key,omitempty"`
	// Command is the program that got the value, as found in the PATH; its arguments are not recorded.
	Command string `json:"command,omitempty"`
	// Note says more: the class of a rotation's failure, or how the log was broken.
	Note string `json:"note,omitempty"`

	Prev string `json:"prev"` // the hash of the entry before; empty in the first
	Hash string `json:"hash,omitempty"`
}

// Operation is what somebody did.
type Operation string

// The operations.
const (
	Run          Operation = "run"           // read a value for a command
	RotationRead Operation = "rotation-read" // read a value for the rotation of another secret
	Put          Operation = "put"           // gave it a value
	Rotate       Operation = "rotate"        // rotated it, or retired its previous value
	Create       Operation = "create"        // made it, with a generated value
	SetReaders   Operation = "set-readers"   // changed its readers
	Delete       Operation = "delete"        // deleted it; it may be restored
	Restore      Operation = "restore"       // restored it
	Broken       Operation = "broken"        // found that the log was not as it had been left
)

// Outcome is how it ended.
type Outcome string

// The outcomes.
const (
	OK     Outcome = "ok"
	Denied Outcome = "denied" // the key is that of no reader
	Gone   Outcome = "gone"   // the secret is deleted
	Failed Outcome = "failed"
	// Skipped is a rotation whose turn had not come.
	Skipped Outcome = "skipped"
)

// seal writes the entry as a line and fills Hash.
func (e *Entry) seal() (line []byte, err error) {
	e.Hash = ""
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	body := text[:len(text)-1]
	e.Hash = sum(body)
	return append(body, `,"hash":"`+e.Hash+"\"}\n"...), nil
}

var (
	errNoEntry = errors.New("is no entry")
	errChanged = errors.New("was changed after it was written")
)

// parse reads a line, which has no newline. With errChanged it gives the entry that is there now.
func parse(line []byte) (e Entry, err error) {
	if err := json.Unmarshal(line, &e); err != nil || e.Seq < 1 {
		return Entry{}, errNoEntry
	}
	body, ok := bytes.CutSuffix(line, []byte(`,"hash":"`+e.Hash+`"}`))
	if !ok || sum(body) != e.Hash {
		return e, errChanged
	}
	return e, nil
}

func sum(body []byte) string {
	hash := sha256.Sum256(body)
	return hex.EncodeToString(hash[:])
}
