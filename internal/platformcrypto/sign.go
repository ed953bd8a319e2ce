package platformcrypto

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
)

// Sign returns a platform's signature of rawData: the SHA-1 of rawData followed by
// the base64 text of the session key, in lower-case hexadecimal.
func Sign(rawData, sessionKey string) string {
	h := sha1.New()
	h.Write([]byte(rawData))
	h.Write([]byte(sessionKey))
	return hex.EncodeToString(h.Sum(nil))
}

// Verify reports whether signature is the signature of rawData with sessionKey. It
// compares in constant time. With an empty session key it returns false.
func Verify(rawData, sessionKey, signature string) bool {
	if sessionKey == "" {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(Sign(rawData, sessionKey)), []byte(signature)) == 1
}
