package azurestore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/azurestore/keyvaulttest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

// bench is a vault whose clock goes on by a minute with each version, and the requests that were made.
type bench struct {
	t     *testing.T
	vault *keyvaulttest.Vault
	now   time.Time
	still bool // the clock is
	calls []string
	user  *rotationtest.User
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b.vault = &keyvaulttest.Vault{Now: func() time.Time {
		if !b.still {
			b.now = b.now.Add(time.Minute)
		}
		return b.now
	}}
	b.vault.Declare(name)
	b.vault.Declare(companion)
	return b
}

func (b *bench) Do(r *http.Request) (*http.Response, error) {
	b.still = r.Method != http.MethodPut
	defer func() { b.still = false }()
	answer, err := b.vault.Do(r)
	if answer != nil && answer.StatusCode != http.StatusUnauthorized {
		b.calls = append(b.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/secrets/"))
	}
	return answer, err
}

func (b *bench) store() *azurestore.Store {
	return &azurestore.Store{
		Client: keyvaulttest.Client(b), Name: name, Lifetime: 61 * 24 * time.Hour,
		Now:   func() time.Time { return b.now },
		Sleep: func(context.Context, time.Duration) error { return nil },
	}
}

func (b *bench) rotator() *rotation.Rotator {
	if b.user == nil {
		var first rotation.Value
		b.user, first = rotationtest.NewUser(nil)
		b.vault.Put(name, first.Reveal(), true)
	}
	return &rotation.Rotator{
		Secret: name, Store: b.store(), Target: b.user, Grace: time.Hour, Now: func() time.Time { return b.now },
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) versions() rotation.Versions {
	b.t.Helper()
	v, err := b.store().Versions(b.t.Context())
	b.check(err)
	return v
}

func (b *bench) reads() string {
	b.t.Helper()
	v, err := azurestore.Read(b.t.Context(), keyvaulttest.Client(b.vault), name)
	b.check(err)
	return v.Reveal()
}

func (b *bench) last() azsecrets.Secret {
	all := b.vault.Versions(name)
	return all[len(all)-1]
}

// twin promotes once more: as a rotator that had decided to before it saw the first promotion.
func (b *bench) twin() {
	b.t.Helper()
	last := b.last()
	_, err := keyvaulttest.Client(b.vault).SetSecret(b.t.Context(), name,
		azsecrets.SetSecretParameters{Value: last.Value, Tags: last.Tags}, nil)
	b.check(err)
}

func TestCallsOfARotation(t *testing.T) {
	b := newBench(t)
	r := b.rotator()
	b.check(r.Rotate(t.Context()))
	writes := slices.DeleteFunc(slices.Clone(b.calls), func(c string) bool { return !strings.HasPrefix(c, "PUT") })
	if diff := cmp.Diff([]string{"PUT " + companion, "PUT " + name}, writes); diff != "" {
		t.Error("new versions (-want +got):\n", diff)
	}
	if len(b.calls) > 16 {
		t.Errorf("a rotation took %d calls:\n%s", len(b.calls), strings.Join(b.calls, "\n"))
	}
	t.Logf("a rotation: %d calls", len(b.calls))

	b.now, b.calls = b.now.Add(30*time.Minute), nil
	done, err := b.rotator().Tend(t.Context(), 24*time.Hour, false)
	if err != nil || done.Did != rotation.Nothing || !done.OnTime || len(b.calls) != 2 {
		t.Errorf("a look: %v, %v, by %q", done, err, b.calls)
	}
	b.now, b.calls = b.now.Add(2*time.Hour), nil
	b.check(b.rotator().Retire(t.Context()))
	t.Logf("a retirement: %d calls", len(b.calls))
	if len(b.calls) > 8 {
		t.Errorf("a retirement took %d calls:\n%s", len(b.calls), strings.Join(b.calls, "\n"))
	}
}

func TestPromotedVersion(t *testing.T) {
	b := newBench(t)
	r := b.rotator()
	_, err := keyvaulttest.Client(b.vault).UpdateSecretProperties(t.Context(), name, b.last().ID.Version(),
		azsecrets.UpdateSecretPropertiesParameters{
			ContentType: to.Ptr("text/plain"), Tags: map[string]*string{"team": to.Ptr("payments")},
		}, nil)
	b.check(err)
	for range 2 {
		b.check(r.Rotate(t.Context()))
		made := b.last()
		if *made.ContentType != "text/plain" || *made.Tags["team"] != "payments" || len(made.Tags) != 2 {
			t.Errorf("content type %q, tags %v", *made.ContentType, made.Tags)
		}
		if life := made.Attributes.Expires.Sub(*made.Attributes.Created); life < 60*24*time.Hour || life > 61*24*time.Hour {
			t.Errorf("it expires after %s", life)
		}
		b.now = b.now.Add(3 * time.Hour)
	}
	for _, v := range b.vault.Versions(companion) {
		if *v.Attributes.Enabled {
			t.Errorf("the companion's version %s can still be read", v.ID.Version())
		}
	}
}

func TestFirstValue(t *testing.T) {
	b := newBench(t)
	if v := b.versions(); v != (rotation.Versions{}) {
		t.Errorf("the marker is taken for a version: %+v", v)
	}
	life, err := b.store().Life(t.Context())
	b.check(err)
	if life != b.last().ID.Version() {
		t.Errorf("life %s is not the marker's id", life)
	}
	nowhere, _ := rotationtest.NewNowhere()
	r := &rotation.Rotator{Secret: name, Store: b.store(), Target: nowhere, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now }}
	b.check(r.Rotate(t.Context()))
	if b.reads() == "" || b.versions().Previous.ID != "" {
		t.Errorf("after the first rotation: %+v", b.versions())
	}
	if later, err := b.store().Life(t.Context()); err != nil || later != life {
		t.Errorf("life %s has become %s, %v", life, later, err)
	}
}

// An operator disables a value that leaked. The next round must not take the token of an earlier one.
func TestDisabledByHand(t *testing.T) {
	b := newBench(t)
	b.check(b.rotator().Rotate(t.Context()))
	leaked := b.last().ID.Version()
	_, err := keyvaulttest.Client(b.vault).UpdateSecretProperties(t.Context(), name, leaked,
		azsecrets.UpdateSecretPropertiesParameters{SecretAttributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(false)}}, nil)
	b.check(err)
	v := b.versions()
	if v.Current.ID != leaked {
		t.Errorf("the round begins at %s, not at %s", v.Current.ID, leaked)
	}
	if _, err := b.store().Value(t.Context(), v.Current.ID); !errors.Is(err, rotation.ErrNoValue) {
		t.Errorf("its value: %v", err)
	}
}

// A value that an operator puts while another is pending does not make the rotator forget that one.
func TestPutByHandInARound(t *testing.T) {
	b := newBench(t)
	b.vault.Put(name, "first", true)
	s := b.store()
	pending, err := s.Stage(t.Context(), "", rotation.NewValue("second"))
	b.check(err)
	put := b.vault.Put(name, "by hand", true)
	if v := b.versions(); v.Pending.ID != pending || v.Current.ID != put {
		t.Errorf("%+v, want %s pending", v, pending)
	}
	b.check(b.store().Promote(t.Context(), pending))
	if v := b.versions(); b.reads() != "second" || v.Pending.ID != "" || v.Previous.ID != put {
		t.Errorf("%+v, want %s previous", v, put)
	}
	// And one put after the promotion leaves its predecessor to be retired.
	b.vault.Put(name, "by hand again", true)
	if v := b.versions(); v.Previous.ID != put || v.Pending.ID != "" {
		t.Errorf("%+v, want %s previous", v, put)
	}
}

// A rotator whose view is of before the last promotion, or of before an operator's value, begins no round.
func TestStaleViewBeginsNoRound(t *testing.T) {
	b := newBench(t)
	b.vault.Put(name, "first", true)
	slow := b.store()
	_, err := slow.Versions(t.Context())
	b.check(err)
	b.vault.Put(name, "by hand", true)
	if id, err := slow.Stage(t.Context(), "", rotation.NewValue("made for the first")); rotation.ClassOf(err) != rotation.Busy {
		t.Errorf("staged %q, %v", id, err)
	}
	if v := b.versions(); v.Pending.ID != "" {
		t.Errorf("%+v: what a stale view staged is pending", v)
	}
}

// Each credential that somebody puts by hand, or leaves behind by that, is revoked in its turn.
func TestByHandEachIsRevoked(t *testing.T) {
	for what, act := range map[string]func(b *bench, first string, mint func() string, retire func()){
		"nothing":        func(*bench, string, func() string, func()) {},
		"a rollback":     func(b *bench, first string, _ func() string, _ func()) { b.vault.Put(name, first, true) },
		"a put in grace": func(b *bench, _ string, mint func() string, _ func()) { b.vault.Put(name, mint(), true) },
		"a put after it": func(b *bench, _ string, mint func() string, retire func()) { retire(); b.vault.Put(name, mint(), true) },
		"two puts": func(b *bench, _ string, mint func() string, _ func()) {
			b.vault.Put(name, mint(), true)
			b.vault.Put(name, mint(), true)
		},
		"a twin": func(b *bench, _ string, mint func() string, _ func()) { b.twin(); b.vault.Put(name, mint(), true) },
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t)
			issuer, first := rotationtest.NewIssuer(nil)
			b.vault.Put(name, first.Reveal(), true)
			rotator := func() *rotation.Rotator {
				return &rotation.Rotator{
					Secret: name, Store: b.store(), Target: issuer, Grace: time.Hour, Now: func() time.Time { return b.now },
					Log: slog.New(slog.DiscardHandler),
				}
			}
			retire := func() {
				b.now = b.now.Add(3 * time.Hour)
				b.check(rotator().Retire(t.Context()))
			}
			puts := 0
			mint := func() string {
				puts++
				v, err := issuer.Mint(t.Context(), fmt.Sprint("by hand ", puts), rotation.Value{})
				b.check(err)
				return v.Reveal()
			}
			settled := func() {
				t.Helper()
				for range 8 { // each is scheduled first, then retired
					retire()
					if issuer.Works(rotation.NewValue(b.reads())) != nil {
						t.Fatal("the current credential was revoked")
					}
				}
				if live := issuer.Live(); len(live) != 1 {
					t.Errorf("%d credentials work", len(live))
				}
				if v := b.versions(); v.Previous.ID != "" {
					t.Errorf("%s is previous still", v.Previous.ID)
				}
				for _, v := range b.vault.Versions(name) {
					if *v.Attributes.Enabled && *v.Value != b.reads() {
						t.Error("a version that is not current is enabled")
					}
				}
			}
			b.check(rotator().Rotate(t.Context()))
			act(b, first.Reveal(), mint, retire)
			settled()
			b.check(rotator().Rotate(t.Context()))
			settled()
		})
	}
}

// What was replaced before the first rotation is none of the rotator's.
func TestBeforeTheFirstRotation(t *testing.T) {
	b := newBench(t)
	older := b.vault.Put(name, "older", true)
	put := b.vault.Put(name, "old", true)
	if v := b.versions(); v.Previous.ID != "" {
		t.Errorf("%+v: nothing was rotated", v)
	}
	pending, err := b.store().Stage(t.Context(), "", rotation.NewValue("new"))
	b.check(err)
	b.check(b.store().Promote(t.Context(), pending))
	if v := b.versions(); v.Previous.ID != put {
		t.Errorf("%+v, want %s previous", v, put)
	}
	b.check(b.store().Retire(t.Context(), put))
	if v := b.versions(); v.Previous.ID != "" {
		t.Errorf("%+v: nothing else is to be retired", v)
	}
	if _, err := b.store().Value(t.Context(), older); err != nil {
		t.Errorf("what was never revoked was disabled: %v", err)
	}
}

func TestTwins(t *testing.T) {
	b := newBench(t)
	old := b.vault.Put(name, "first", true)
	pending, err := b.store().Stage(t.Context(), "", rotation.NewValue("second"))
	b.check(err)
	b.check(b.store().Promote(t.Context(), pending))
	b.twin()
	if v := b.versions(); v.Previous.ID != old {
		t.Errorf("%+v, want %s previous", v, old)
	}
	pending, err = b.store().Stage(t.Context(), "", rotation.NewValue("third"))
	b.check(err)
	b.check(b.store().Promote(t.Context(), pending))
	for range 2 { // the first, and both of the second
		b.check(b.store().Retire(t.Context(), b.versions().Previous.ID))
	}
	for _, v := range b.vault.Versions(name) {
		if *v.Attributes.Enabled != (*v.Value == "third") {
			t.Errorf("%s: enabled is %v", *v.Value, *v.Attributes.Enabled)
		}
	}
}

func TestPromote(t *testing.T) {
	b := newBench(t)
	b.vault.Put(name, "first", true)
	first, err := b.store().Stage(t.Context(), "", rotation.NewValue("second"))
	b.check(err)
	second, err := b.store().Stage(t.Context(), "", rotation.NewValue("another"))
	b.check(err)
	if first != second {
		t.Errorf("staged twice: %s, then %s", first, second)
	}
	claims := b.vault.Versions(companion)
	loser := companion + "/" + claims[len(claims)-1].ID.Version()
	if err := b.store().Promote(t.Context(), loser); rotation.ClassOf(err) != rotation.Busy {
		t.Errorf("promote the claim that lost: %v", err)
	}
	b.check(b.store().Promote(t.Context(), first))
	n := len(b.vault.Versions(name))
	b.check(b.store().Promote(t.Context(), first))
	if len(b.vault.Versions(name)) != n {
		t.Error("it was promoted twice")
	}
	if err := b.store().Promote(t.Context(), loser); rotation.ClassOf(err) != rotation.Busy {
		t.Errorf("promote the claim that lost, when the round is over: %v", err)
	}
	if err := b.store().Promote(t.Context(), companion+"/0"); rotation.ClassOf(err) != rotation.Invalid {
		t.Errorf("promote what is not there: %v", err)
	}
}

// before does something just before the secret gets its new version; after that, nothing works.
type before struct {
	*bench
	do func()
}

func (b before) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/"+name) && r.ContentLength > 0 {
		b.do()
	}
	if r.Method == http.MethodPatch {
		return nil, errors.New("killed")
	}
	return b.bench.Do(r)
}

// A rotator is killed right after it has promoted, and another had staged a value meanwhile, in vain.
func TestKilledAfterPromotion(t *testing.T) {
	b := newBench(t)
	b.vault.Put(name, "first", true)
	pending, err := b.store().Stage(t.Context(), "", rotation.NewValue("second"))
	b.check(err)
	late := b.store()
	_, err = late.Versions(t.Context())
	b.check(err)
	dying := b.store()
	dying.Client = keyvaulttest.Client(before{b, func() {
		_, err := late.Stage(t.Context(), "", rotation.NewValue("another"))
		b.check(err)
	}})
	if err := dying.Promote(t.Context(), pending); err == nil {
		t.Error("it was not killed")
	}
	if v := b.versions(); b.reads() != "second" || v.Pending.ID != "" {
		t.Errorf("the round is over, and %+v", v)
	}
	_, err = b.store().Stage(t.Context(), "", rotation.NewValue("third"))
	b.check(err)
	b.check(b.store().Promote(t.Context(), b.versions().Pending.ID))
	for _, v := range b.vault.Versions(companion) {
		if *v.Attributes.Enabled {
			t.Errorf("%s can still be read in the companion", *v.Value)
		}
	}
}

func TestStagedValueIsNotListed(t *testing.T) {
	b := newBench(t)
	b.vault.Put(name, "first", true)
	b.vault.Behind, b.vault.Lag = func() int { return 1 }, 24*time.Hour
	if id, err := b.store().Stage(t.Context(), "", rotation.NewValue("second")); rotation.ClassOf(err) != rotation.Internal {
		t.Errorf("staged as %q, error %v", id, err)
	}
}

func TestRetireSparesTheCurrent(t *testing.T) {
	b := newBench(t)
	current := b.vault.Put(name, "first", true)
	pending, err := b.store().Stage(t.Context(), "", rotation.NewValue("second"))
	b.check(err)
	b.check(b.store().Retire(t.Context(), current))
	b.check(b.store().Retire(t.Context(), pending))
	if v := b.versions(); b.reads() != "first" || v.Pending.ID != pending {
		t.Errorf("%+v", v)
	}
}

func TestScheduleAndHistory(t *testing.T) {
	b := newBench(t)
	b.check(b.rotator().Rotate(t.Context()))
	at := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	b.check(b.store().Schedule(t.Context(), b.versions().Previous.ID, at))
	if got := b.versions().Previous.RetireAfter; !got.Equal(at) {
		t.Errorf("to be retired after %s", got)
	}
	if got := b.versions().Current.Since; !got.Equal(*b.last().Attributes.Created) {
		t.Errorf("current since %s", got)
	}
	_, err := b.store().Stage(t.Context(), "", rotation.NewValue("next"))
	b.check(err)
	events, err := b.store().History(t.Context())
	b.check(err)
	var states []string
	for _, e := range events {
		states = append(states, e.State)
	}
	if diff := cmp.Diff([]string{"pending", "current", "previous", "retired"}, states); diff != "" {
		t.Error("history (-want +got):\n", diff)
	}
}

func TestManyVersions(t *testing.T) {
	b := newBench(t)
	for i := range 60 {
		b.vault.Put(name, fmt.Sprint("value ", i), true)
	}
	b.check(b.rotator().Rotate(t.Context()))
	if v, err := b.store().Value(t.Context(), b.versions().Current.ID); err != nil || v.Reveal() != b.reads() {
		t.Errorf("the current version of 62 is not what readers read (%v)", err)
	}
}

func TestLease(t *testing.T) {
	b := newBench(t)
	until := b.now.Add(time.Hour)
	release, err := b.store().Lease(t.Context(), until)
	b.check(err)
	if _, err := b.store().Lease(t.Context(), until); !errors.Is(err, rotation.ErrBusy) {
		t.Errorf("a second lease: %v", err)
	}
	b.check(release(t.Context()))
	_, err = b.store().Lease(t.Context(), until)
	b.check(err) // and its rotator is killed
	b.now = until
	_, err = b.store().Lease(t.Context(), until.Add(time.Hour))
	b.check(err)
	if n := len(b.vault.Versions(companion)); n != 1 {
		t.Errorf("leases made %d versions", n-1)
	}
}

// late lets a time pass between a request's effect and its answer, where it writes.
type late struct {
	*bench
	by time.Duration
}

func (l late) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPatch {
		l.now = l.now.Add(l.by)
	}
	return l.bench.Do(r)
}

// A lease that is written long after it was read may replace one that another has by now.
func TestLateLease(t *testing.T) {
	for by, busy := range map[time.Duration]bool{2 * time.Second: false, 3 * time.Second: true} {
		b := newBench(t)
		s := b.store()
		s.Client = keyvaulttest.Client(late{b, by})
		_, err := s.Lease(t.Context(), b.now.Add(time.Hour))
		if errors.Is(err, rotation.ErrBusy) != busy || err != nil && !busy {
			t.Errorf("written after %s: %v", by, err)
		}
		// It is not taken back: another may be at work that took this one's place for its own.
		if _, err := b.store().Lease(t.Context(), b.now.Add(time.Hour)); !errors.Is(err, rotation.ErrBusy) {
			t.Errorf("after it was written after %s, the next one: %v", by, err)
		}
	}
}

// lost answers a request with an error, as the service or the network does.
type lost struct {
	status int
	body   string
	err    error
}

func (l lost) Do(r *http.Request) (*http.Response, error) {
	if l.err != nil {
		return nil, l.err
	}
	return &http.Response{
		StatusCode: l.status, Status: http.StatusText(l.status), Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(l.body)),
	}, nil
}

func TestErrors(t *testing.T) {
	forbidden := func(inner string) lost {
		return lost{status: http.StatusForbidden, body: `{"error": {"code": "Forbidden",
			"message": "Caller is not authorized to perform action on resource.\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'",
			"innererror": {"code": "` + inner + `"}}}`}
	}
	for _, test := range []struct {
		transport policy.Transporter
		class     rotation.Class
		want      string
	}{
		{forbidden("ForbiddenByRbac"), rotation.Refused, "give whoever runs this the rotator's role"},
		{forbidden("ForbiddenByRbac"), rotation.Refused, "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'"},
		{forbidden("ForbiddenByFirewall"), rotation.Refused, "networkAcls"},
		{forbidden("ForbiddenByConnection"), rotation.Refused, "private endpoint"},
		{forbidden("AccessDenied"), rotation.Refused, "enableRbacAuthorization"},
		{lost{status: http.StatusForbidden, body: "<html>"}, rotation.Refused, "the roles of whoever runs this"},
		{lost{status: http.StatusTooManyRequests}, rotation.Throttled, "spread the secrets"},
		{lost{status: http.StatusNotFound}, rotation.Invalid, "deploy the stack"},
		{lost{status: http.StatusServiceUnavailable}, rotation.Unreachable, "when Key Vault is back"},
		{lost{status: http.StatusBadRequest, body: `{"error": {"code": "BadParameter", "message": "canary"}}`}, rotation.Invalid, "25 KB"},
		{lost{err: &timeout{}}, rotation.Unreachable, "the vault's address"},
		{lost{err: context.DeadlineExceeded}, rotation.Deadline, "deadline"},
	} {
		_, err := azurestore.Read(t.Context(), keyvaulttest.Client(test.transport), name)
		if rotation.ClassOf(err) != test.class || !strings.Contains(err.Error(), test.want) ||
			!strings.HasPrefix(err.Error(), "read the value of the Key Vault secret orders-db: ") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", rotation.ClassOf(err), err)
		}
	}
}

type timeout struct{}

func (*timeout) Error() string   { return "dial tcp: i/o timeout" }
func (*timeout) Timeout() bool   { return true }
func (*timeout) Temporary() bool { return true }
