// Package signature signs and verifies requests as Standard Webhooks has it, with HMAC-SHA256
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), so that a
// receiver may as well use one of the libraries that exist for many languages.
//
// A request carries three headers:
//
//	webhook-id: msg_2b7e151628aed2a6        another one for each request
//	webhook-timestamp: 1767225600           Unix seconds
//	webhook-signature: v1,bm9ib2R5J3M=      one or more, separated by spaces
//
// The signature is the HMAC of id, timestamp and body, joined by full stops, in base64.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a request.
const (
	ID        = "webhook-id"
	Timestamp = "webhook-timestamp"
	Signature = "webhook-signature"
)

// Window is how far a request's timestamp may be from the receiver's clock, in the past or the future.
const Window = 5 * time.Minute

// Why Verify refuses a request. An answer to the sender need not tell which it was.
var (
	ErrHeaders   = errors.New("the request lacks a header, or has one that cannot be read")
	ErrWindow    = errors.New("the request was signed too long ago or in the future")
	ErrSignature = errors.New("no signature of the request is by a known key")
)

// Key is a signing key. Printed or logged it is redacted. The zero Key is none: to sign with it panics.
type Key struct{ secret []byte }

// ParseKey reads whsec_ and 24 to 64 bytes in base64. The prefix may be left out, as from a generated secret of the
// kind base64. The error does not repeat the key.
func ParseKey(text string) (Key, error) {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(text), "whsec_"))
	if err != nil {
		return Key{}, errors.New("a signing key must be whsec_ and standard base64, with padding")
	}
	if len(secret) < 24 || len(secret) > 64 {
		return Key{}, fmt.Errorf("a signing key must be 24 to 64 bytes in base64; this one is %d", len(secret))
	}
	return Key{secret}, nil
}

// Sign sets the headers of a request. The id must not have a full stop.
func (k Key) Sign(header http.Header, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	header.Set(ID, id)
	header.Set(Timestamp, timestamp)
	header.Set(Signature, "v1,"+base64.StdEncoding.EncodeToString(k.mac(id, timestamp, body)))
}

func (k Key) mac(id, timestamp string, body []byte) []byte {
	if len(k.secret) == 0 {
		panic("signature: the zero Key")
	}
	mac := hmac.New(sha256.New, k.secret)
	_, _ = fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	_, _ = mac.Write(body)
	return mac.Sum(nil)
}

// Verify tells whether one of the keys signed the request, at most a Window from now. To replace a key, accept the old
// one beside the new one until the senders have the new one. body is what was sent, before it is parsed.
//
// Within the Window the same request can come again. A receiver to which that matters remembers each id for as long.
func Verify(header http.Header, body []byte, now time.Time, keys ...Key) error {
	id, timestamp, signatures := header.Get(ID), header.Get(Timestamp), strings.Fields(header.Get(Signature))
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" || strings.Contains(id, ".") || len(signatures) == 0 {
		return ErrHeaders
	}
	// Compared in seconds: a time.Duration cannot hold the distance to each int64.
	if window := int64(Window / time.Second); seconds < now.Unix()-window || seconds > now.Unix()+window {
		return ErrWindow
	}
	for _, key := range keys {
		want := key.mac(id, timestamp, body)
		for _, signature := range signatures {
			version, encoded, _ := strings.Cut(signature, ",")
			got, err := base64.StdEncoding.DecodeString(encoded)
			if err == nil && version == "v1" && hmac.Equal(got, want) {
				return nil
			}
		}
	}
	return ErrSignature
}

// Format is called for each verb of package fmt.
func (Key) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("[redacted]")) }

// LogValue is what package slog logs.
func (Key) LogValue() slog.Value { return slog.StringValue("[redacted]") }
