// Package platformcrypto signs, verifies, encrypts and decrypts the data that a
// mini-program platform gives to a phone: rawData with its signature, and
// encryptedData with its iv.
//
// WeChat, QQ, ByteDance, Kuaishou and JD use one scheme, the common scheme
// ([Encrypt], [Decrypt]): AES-128-CBC with PKCS#7 padding, key and iv in base64. The
// plaintext is a JSON object with the app id in its watermark. Baidu has its own
// scheme ([EncryptBaidu], [DecryptBaidu]): AES-192-CBC, padded to 32-byte blocks.
// The plaintext is random bytes, the length of the JSON object, the JSON object and
// the app key.
//
// Decryption never panics. It returns a JSON object or an error: an outdated session
// key gives an error, not random bytes. But the platforms do not authenticate what
// they encrypt. In the common scheme, a phone that changes the iv changes characters
// in the first 16 bytes of the object, for example in the openid, and this cannot be
// detected. So take the user's identity from the login code, never from this data.
//
// No error contains the session key or the data.
package platformcrypto

import "errors"

// Errors of this package, for [errors.Is].
var (
	// ErrKey means that the session key is not base64 or has the wrong length.
	ErrKey = errors.New("platformcrypto: malformed session key")
	// ErrIV means that the iv is not base64 or is not 16 bytes long.
	ErrIV = errors.New("platformcrypto: malformed iv")
	// ErrData means that the encrypted data is not base64 or not a multiple of the
	// block size.
	ErrData = errors.New("platformcrypto: malformed encrypted data")
	// ErrPlain means that the plaintext is not a padded JSON object. The usual cause
	// is a session key that a later login has replaced.
	ErrPlain = errors.New("platformcrypto: data does not decrypt with this session key")
	// ErrApp means that the data was encrypted for another app.
	ErrApp = errors.New("platformcrypto: data was encrypted for another app")
)
