package gcpstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"

	"github.com/secretstack/secretstack/rotation"
)

// StateAnnotation is the annotation of the companion that holds the state of the rotation, as JSON. Nobody
// else writes it, and it holds no value.
const StateAnnotation = "secretstack-state"

// A state is of one secret. Numbers are those of versions; 0: none.
type state struct {
	Pending  int    `json:"pending,omitempty"`  // of the companion: holds the pending value
	Promoted int    `json:"promoted,omitempty"` // of the companion: the last that was promoted
	Swept    int    `json:"swept,omitempty"`    // of the companion: all up to this one are destroyed
	Token    string `json:"token,omitempty"`    // of Pending; where there is none, of Promoted
	// Newest is the newest version when the pending value was staged; where there is none, the one that was
	// promoted.
	Newest int         `json:"newest,omitempty"`
	First  int         `json:"first,omitempty"` // all before are retired or left alone; 0: nothing was promoted yet
	Retire *retirement `json:"retire,omitempty"`
	Lease  *lease      `json:"lease,omitempty"`
}

type retirement struct {
	Version int       `json:"version"`
	After   time.Time `json:"after,omitzero"` // zero: not scheduled yet
}

type lease struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

func (l *lease) held(now time.Time) bool { return l != nil && now.Before(l.Until) }

// oldest gives the first version that is not retired once the pending value is promoted.
func (st state) oldest() int { return max(1, cmp.Or(st.First, st.Newest)) }

// staged gives the id of what is pending, or was promoted for the token, or "".
func (st state) staged(token string) string {
	switch {
	case st.Pending > 0:
		return pendingID(st.Pending)
	case st.Token == token && st.Promoted > 0:
		return strconv.Itoa(st.Newest)
	}
	return ""
}

// promoted tells whether a version was pending once.
func (st state) promoted(id string) bool {
	text, ok := strings.CutPrefix(id, pendingPrefix)
	n, err := strconv.Atoi(text)
	return ok && err == nil && n <= st.Promoted
}

// What is known of the companion.
type known struct {
	*pb.Secret
	state state
}

// load gives what is known under a lease, and otherwise what Secret Manager says.
func (s *Store) load(ctx context.Context) (*known, error) {
	if s.leased && s.known != nil {
		return s.known, nil
	}
	got, err := s.client.GetSecret(ctx, &pb.GetSecretRequest{Name: s.companion}, again)
	if err != nil {
		return nil, s.explain(ctx, "get", s.companion, err)
	}
	return s.know(got)
}

func (s *Store) know(got *pb.Secret) (*known, error) {
	c := &known{Secret: got}
	if text := got.Annotations[StateAnnotation]; text != "" {
		if err := json.Unmarshal([]byte(text), &c.state); err != nil {
			return nil, &rotation.Error{
				Class: rotation.Invalid, Op: fmt.Sprintf("read the annotation %s of %s", StateAnnotation, s.companion), Err: err,
				Do: "put back what it was, from the audit log; or remove it, so that the next rotation begins anew",
			}
		}
	}
	s.known = c
	return c, nil
}
