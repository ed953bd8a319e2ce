// Package platformcrypto signs, checks, encrypts and decrypts the data that a
// mini-program platform hands to its phones: rawData with its signature, and
// encryptedData with its iv.
//
// WeChat, QQ, ByteDance, Kuaishou and JD share one scheme ([Encrypt],
// [Decrypt]): AES-128-CBC with PKCS#7, key and iv in base64, a JSON object
// inside whose watermark names the app. Baidu has its own ([EncryptBaidu],
// [DecryptBaidu]): AES-192-CBC over 32-byte blocks, the JSON object wrapped
// between random bytes, its length and the app key.
//
// Decrypting never panics and returns a JSON object or an error, never garbage: a
// stale key fails. But the platforms authenticate nothing of what they encrypt: in
// the common scheme a phone that changes the iv it posts changes characters among
// the first 16 of the object, the openid's perhaps, and nobody can tell. Whom data
// is about must come from the login code. Errors carry nothing of the key or the data.
package platformcrypto

import "errors"

// Errors of this package, for [errors.Is].
var (
	// ErrKey: the session key is not base64 or has the wrong length.
	ErrKey = errors.New("sealed: malformed session key")
	// ErrIV: the iv is not base64 or is not 16 bytes long.
	ErrIV = errors.New("sealed: malformed iv")
	// ErrData: the encrypted data is not base64 or is not whole blocks.
	ErrData = errors.New("sealed: malformed encrypted data")
	// ErrPlain: what came out is not the padded JSON object it must be. The
	// usual cause is a session key that a later login has replaced.
	ErrPlain = errors.New("sealed: data does not decrypt under this session key")
	// ErrApp: the data decrypts, but was made for another app.
	ErrApp = errors.New("sealed: data was made for another app")
)
