package signature_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation/webhook/signature"
)

const (
	// The vector that the specification's own libraries are tested with:
	// https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/go/webhook_test.go
	vectorKey       = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestVector(t *testing.T) {
	header := signed(t, vectorTime)
	if got := header.Get(signature.Signature); got != vectorSignature {
		t.Errorf("is  %s\nnot %s", got, vectorSignature)
	}
	if header.Get("Webhook-Id") != vectorID || header.Get("Webhook-Timestamp") != "1614265330" {
		t.Error(header)
	}
}

func TestVerify(t *testing.T) {
	now := time.Unix(vectorTime, 0)
	key, other := parse(t, vectorKey), parse(t, base64.StdEncoding.EncodeToString(make([]byte, 32)))
	valid := signed(t, vectorTime)
	with := func(name, value string) http.Header {
		header := valid.Clone()
		header.Set(name, value)
		return header
	}
	altered := "A" + strings.TrimPrefix(vectorSignature, "v1,g")
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		now    time.Time
		keys   []signature.Key
		want   error
	}{
		"valid":                       {want: nil},
		"the last moment":             {now: now.Add(signature.Window)},
		"the first moment":            {now: now.Add(-signature.Window)},
		"too old":                     {now: now.Add(signature.Window + time.Second), want: signature.ErrWindow},
		"from the future":             {now: now.Add(-signature.Window - time.Second), want: signature.ErrWindow},
		"the end of time":             {header: signed(t, math.MaxInt64), want: signature.ErrWindow},
		"the beginning of time":       {header: signed(t, math.MinInt64), want: signature.ErrWindow},
		"a timestamp not signed":      {header: with(signature.Timestamp, strconv.Itoa(vectorTime+1)), want: signature.ErrSignature},
		"an id not signed":            {header: with(signature.ID, "msg_other"), want: signature.ErrSignature},
		"another body":                {body: vectorBody + " ", want: signature.ErrSignature},
		"another key":                 {keys: []signature.Key{other}, want: signature.ErrSignature},
		"no key":                      {keys: []signature.Key{}, want: signature.ErrSignature},
		"one of two keys":             {keys: []signature.Key{other, key}},
		"one of two signatures":       {header: with(signature.Signature, "v1,AAAA v1a,AAAA "+vectorSignature)},
		"another version":             {header: with(signature.Signature, strings.Replace(vectorSignature, "v1", "v2", 1)), want: signature.ErrSignature},
		"no version":                  {header: with(signature.Signature, strings.TrimPrefix(vectorSignature, "v1,")), want: signature.ErrSignature},
		"an altered signature":        {header: with(signature.Signature, "v1,"+altered), want: signature.ErrSignature},
		"half a signature":            {header: with(signature.Signature, vectorSignature[:20]), want: signature.ErrSignature},
		"no signature":                {header: with(signature.Signature, ""), want: signature.ErrHeaders},
		"no headers":                  {header: http.Header{}, want: signature.ErrHeaders},
		"no id":                       {header: with(signature.ID, ""), want: signature.ErrHeaders},
		"an id that moves the border": {header: with(signature.ID, vectorID+".1"), want: signature.ErrHeaders},
		"no number":                   {header: with(signature.Timestamp, "yesterday"), want: signature.ErrHeaders},
	} {
		t.Run(name, func(t *testing.T) {
			header, body, at, keys := valid, vectorBody, now, []signature.Key{key}
			if tt.header != nil {
				header = tt.header
			}
			if tt.body != "" {
				body = tt.body
			}
			if !tt.now.IsZero() {
				at = tt.now
			}
			if tt.keys != nil {
				keys = tt.keys
			}
			if err := signature.Verify(header, []byte(body), at, keys...); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("the error is %v, want %v", err, tt.want)
			}
		})
	}
}

func TestParseKey(t *testing.T) {
	bytes := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for text, ok := range map[string]bool{
		vectorKey: true, strings.TrimPrefix(vectorKey, "whsec_"): true, vectorKey + "\n": true,
		bytes(24): true, bytes(64): true, "whsec_" + bytes(32): true,
		"": false, "whsec_": false, bytes(23): false, bytes(65): false, "whsk_" + bytes(32): false,
		"whsec_" + strings.Repeat("canary-", 6): false, strings.Repeat("é", 32): false,
	} {
		_, err := signature.ParseKey(text)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

func TestRedacted(t *testing.T) {
	key := parse(t, "whsec_"+base64.StdEncoding.EncodeToString([]byte("canary-canary-canary-canary")))
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "key", key, "pointer", &key)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("JSON", "key", key)
	text := fmt.Sprintf("%v %+v %#v %s %x %d %v", key, key, key, key, key, key, &key) + log.String()
	for _, form := range []string{"canary", fmt.Sprintf("%x", "canary"), "99 97 110"} {
		if strings.Contains(text, form) {
			t.Error(text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(vectorID, strconv.Itoa(vectorTime), vectorSignature, vectorBody)
	f.Add("", "-9223372036854775808", "v1, v1 ,", "")
	f.Fuzz(func(t *testing.T, id, timestamp, signatures, body string) {
		header := http.Header{}
		header.Set(signature.ID, id)
		header.Set(signature.Timestamp, timestamp)
		header.Set(signature.Signature, signatures)
		err := signature.Verify(header, []byte(body), time.Unix(vectorTime, 0), parse(t, vectorKey))
		if err == nil && (id != vectorID || body != vectorBody) {
			t.Errorf("accepted: %q %q %q %q", id, timestamp, signatures, body)
		}
	})
}

func signed(t *testing.T, at int64) http.Header {
	t.Helper()
	header := http.Header{}
	parse(t, vectorKey).Sign(header, vectorID, time.Unix(at, 0), []byte(vectorBody))
	return header
}

func parse(t *testing.T, text string) signature.Key {
	t.Helper()
	key, err := signature.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
