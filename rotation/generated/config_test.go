package generated_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/secretstack/secretstack/rotation/generated"
)

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digit  = "0123456789"
	symbol = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		config generated.Config
		want   string // the error's beginning
	}{
		{generated.Config{}, ""},
		{generated.Config{Kind: "password", Length: 8}, ""},
		{generated.Config{Length: 256, Alphabet: lower + upper + digit + symbol, Require: []string{"lower", "upper", "digit", "symbol"}}, ""},
		{generated.Config{Alphabet: digit}, ""},
		{generated.Config{Require: []string{"digit"}}, ""},
		{generated.Config{Kind: "uuid"}, ""},
		{generated.Config{Kind: "hex", Length: 16}, ""},
		{generated.Config{Kind: "base64", Length: 1024}, ""},

		{generated.Config{Kind: "UUID"}, "kind: "},
		{generated.Config{Length: 7}, "length: must be 8 to 256 characters"},
		{generated.Config{Length: 257}, "length: "},
		{generated.Config{Length: -1}, "length: "},
		{generated.Config{Kind: "hex", Length: 15}, "length: must be 16 to 1024 bytes"},
		{generated.Config{Kind: "base64", Length: 1025}, "length: "},
		{generated.Config{Kind: "uuid", Length: 16}, "length: "},
		{generated.Config{Kind: "hex", Alphabet: lower}, "alphabet: "},
		{generated.Config{Kind: "uuid", Require: []string{"digit"}}, "require: "},
		{generated.Config{Alphabet: "abcdefghi"}, "alphabet: has 9 characters"},
		{generated.Config{Alphabet: lower + "a"}, "alphabet: has a character twice"},
		{generated.Config{Alphabet: lower + " "}, "alphabet: "},
		{generated.Config{Alphabet: lower + "\x7f"}, "alphabet: "},
		{generated.Config{Alphabet: lower + "é"}, "alphabet: "},
		{generated.Config{Require: []string{"symbol"}}, "require[0]: the alphabet has no symbol"},
		{generated.Config{Require: []string{"vowel"}}, "require[0]: is no class"},
	} {
		err := tt.config.Check()
		if got := text(err); (got == "") != (tt.want == "") || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%+v: the error is %q, want %q", tt.config, got, tt.want)
		}
		if target, err := generated.New(tt.config); (err == nil) != (tt.want == "") || (target == nil) != (err != nil) {
			t.Errorf("%+v: New gives %v, %v", tt.config, target, err)
		}
		if password, err := generated.Password(tt.config); err != nil && password != "" {
			t.Errorf("%+v: a password beside the error %v", tt.config, err)
		}
	}
}

func TestPassword(t *testing.T) {
	for name, tt := range map[string]struct {
		config   generated.Config
		length   int
		alphabet string
		classes  []string
	}{
		"zero":            {generated.Config{}, 32, lower + upper + digit, []string{lower, upper, digit}},
		"short":           {generated.Config{Length: 8}, 8, lower + upper + digit, []string{lower, upper, digit}},
		"no upper":        {generated.Config{Alphabet: lower + digit}, 32, lower + digit, []string{lower, digit}},
		"required symbol": {generated.Config{Length: 8, Alphabet: lower + upper + symbol, Require: []string{"symbol"}}, 8, lower + upper + symbol, []string{symbol}},
		"hardest": {
			generated.Config{Length: 8, Alphabet: "aA0" + symbol, Require: []string{"lower", "upper", "digit", "symbol"}},
			8, "aA0" + symbol,
			[]string{lower, upper, digit, symbol},
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for range 500 {
				password, err := generated.Password(tt.config)
				if err != nil {
					t.Fatal(err)
				}
				if len(password) != tt.length || strings.Trim(password, tt.alphabet) != "" {
					t.Fatalf("%q is not of %d characters of the alphabet", password, tt.length)
				}
				for _, class := range tt.classes {
					if !strings.ContainsAny(password, class) {
						t.Fatalf("%q has none of %q", password, class)
					}
				}
				if seen[password] {
					t.Fatalf("%q came twice", password)
				}
				seen[password] = true
			}
		})
	}
	if _, err := generated.Password(generated.Config{Kind: "hex"}); err == nil {
		t.Error("hex is no password, but there is one")
	}
}

// TestDistribution bounds the chi-square statistic of the characters, at each position. With k-1 degrees of freedom
// its mean is k-1 and its variance 2(k-1): six standard deviations above happen once in millions of runs. The 62
// characters do not divide 256, so that a byte modulo 62 would fail by far.
func TestDistribution(t *testing.T) {
	const alphabet, draws, length = lower + upper + digit, 20_000, 8
	// Of one class, so that the requirement rejects nothing.
	for name, config := range map[string]generated.Config{
		"digits": {Length: length, Alphabet: digit},
		"lower":  {Length: length, Alphabet: lower},
	} {
		chi(t, name, config, draws)
	}
	// With classes, drawing again leaves each character of a class equally likely among its class.
	counts := map[byte]int{}
	for range draws {
		password, err := generated.Password(generated.Config{Length: length})
		if err != nil {
			t.Fatal(err)
		}
		for i := range length {
			counts[password[i]]++
		}
	}
	for _, class := range []string{lower, upper, digit} {
		total := 0
		for i := range len(class) {
			total += counts[class[i]]
		}
		bound(t, "class "+class[:1], counts, class, total)
	}
	if len(counts) != len(alphabet) {
		t.Errorf("only %d of %d characters came", len(counts), len(alphabet))
	}
}

func chi(t *testing.T, name string, config generated.Config, draws int) {
	t.Helper()
	counts := make([]map[byte]int, config.Length)
	for i := range counts {
		counts[i] = map[byte]int{}
	}
	for range draws {
		password, err := generated.Password(config)
		if err != nil {
			t.Fatal(err)
		}
		for i := range counts {
			counts[i][password[i]]++
		}
	}
	for _, at := range counts {
		bound(t, name, at, config.Alphabet, draws)
	}
}

func bound(t *testing.T, name string, counts map[byte]int, alphabet string, total int) {
	t.Helper()
	expected := float64(total) / float64(len(alphabet))
	statistic := 0.0
	for i := range len(alphabet) {
		d := float64(counts[alphabet[i]]) - expected
		statistic += d * d / expected
	}
	freedom := float64(len(alphabet) - 1)
	if excess := statistic - freedom; excess*excess > 36*2*freedom && excess > 0 {
		t.Errorf("%s: chi-square is %.0f with %.0f degrees of freedom", name, statistic, freedom)
	}
}

func TestKinds(t *testing.T) {
	mint := func(config generated.Config) string {
		t.Helper()
		target, err := generated.New(config)
		if err != nil {
			t.Fatal(err)
		}
		first, err := target.Mint(t.Context(), "a token", none)
		if err != nil {
			t.Fatal(err)
		}
		second, err := target.Mint(t.Context(), "a token", first)
		if err != nil || first == second {
			t.Fatalf("%+v: twice the same, or %v", config, err)
		}
		return first.Reveal()
	}
	if id, err := uuid.Parse(mint(generated.Config{Kind: "uuid"})); err != nil || id.Version() != 4 || id.Variant() != uuid.RFC4122 {
		t.Error(id, err)
	}
	for length, want := range map[int]int{0: 32, 16: 16, 33: 33, 1024: 1024} {
		if b, err := hex.DecodeString(mint(generated.Config{Kind: "hex", Length: length})); err != nil || len(b) != want {
			t.Errorf("hex of length %d: %d bytes, %v", length, len(b), err)
		}
		if b, err := base64.StdEncoding.DecodeString(mint(generated.Config{Kind: "base64", Length: length})); err != nil || len(b) != want {
			t.Errorf("base64 of length %d: %d bytes, %v", length, len(b), err)
		}
	}
	if password := mint(generated.Config{}); len(password) != 32 {
		t.Errorf("a password of %d characters", len(password))
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
