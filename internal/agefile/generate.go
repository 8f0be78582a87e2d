package agefile

import "crypto/rand"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Generate makes a value of 32 letters and digits, each equally likely (190 bits).
func Generate() []byte {
	value := make([]byte, 0, 32)
	var b [1]byte
	for len(value) < cap(value) {
		rand.Read(b[:]) // never fails, says its documentation
		// The rest of 256 would favour the first letters: draw again.
		if i := int(b[0]); i < 256-256%len(alphabet) {
			value = append(value, alphabet[i%len(alphabet)])
		}
	}
	return value
}
