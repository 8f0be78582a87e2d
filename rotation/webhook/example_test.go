package webhook_test

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/secretstack/secretstack/rotation/webhook/signature"
)

// Issuer gives out API keys. It keeps them in memory; a real one needs a database, with a unique index on secret and token.
type Issuer struct {
	Keys []signature.Key // that requests may be signed with: two while one replaces the other

	mu     sync.Mutex
	minted map[[2]string]string // by secret and token
	valid  map[string]string    // the secret of each API key that works
}

func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, "cannot read the body", http.StatusBadRequest)
		return
	}
	if err := signature.Verify(r.Header, body, time.Now(), i.Keys...); err != nil {
		http.Error(w, "not signed", http.StatusUnauthorized)
		return
	}
	var asked struct{ Action, Secret, Token, Credential string }
	if err := json.Unmarshal(body, &asked); err != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	var answer struct {
		Credential string `json:"credential,omitempty"`
		Valid      bool   `json:"valid"`
	}
	switch asked.Action {
	case "mint":
		answer.Credential = i.mint(asked.Secret, asked.Token)
	case "verify":
		answer.Valid = i.valid[asked.Credential] == asked.Secret
	case "revoke":
		if i.valid[asked.Credential] == asked.Secret {
			delete(i.valid, asked.Credential)
		}
	default:
		http.Error(w, "unknown action", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// mint gives the same key for the same token, so that one whose answer was lost can be asked for again.
func (i *Issuer) mint(secret, token string) string {
	id := [2]string{secret, token}
	if i.minted[id] == "" {
		if i.minted == nil {
			i.minted, i.valid = map[[2]string]string{}, map[string]string{}
		}
		i.minted[id] = "sk_" + rand.Text()
		i.valid[i.minted[id]] = secret
	}
	return i.minted[id]
}

func Example() {
	key, err := signature.ParseKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") // read from a secret
	if err != nil {
		panic(err)
	}
	http.Handle("POST /rotate", &Issuer{Keys: []signature.Key{key}})
}
