package platformcrypto

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
)

// Sign returns the platform's signature of rawData: the lower-case hex SHA-1
// of rawData followed by the session key as its base64 text, not decoded.
func Sign(rawData, sessionKey string) string {
	h := sha1.New()
	h.Write([]byte(rawData))
	h.Write([]byte(sessionKey))
	return hex.EncodeToString(h.Sum(nil))
}

// Verify reports whether signature is the signature of rawData under
// sessionKey. It takes the same time wherever the two differ. An empty
// session key verifies nothing.
func Verify(rawData, sessionKey, signature string) bool {
	if sessionKey == "" {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(Sign(rawData, sessionKey)), []byte(signature)) == 1
}
