package platform

import (
	"encoding/json"
	"errors"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/platformcrypto"
)

// signing is what the platforms have in common that sign user info and encrypt
// with AES-128: Kuaishou, ByteDance, WeChat and QQ.
type signing struct{}

// VerifySignature checks that data's rawData was signed under the session key,
// as the platform's code2session gives it, in base64: the lower-case hexadecimal
// SHA-1 of rawData and the key's text. It makes no request.
//
// Errors: 605 data has no rawData or signature, or the signature is another.
func (signing) VerifySignature(data *AuthData, sessionKey string) error {
	switch {
	case data.Empty():
		return check.Invalid("event data is missing")
	case data.RawData == "":
		return check.Invalid("event data without rawData")
	case data.Signature == "":
		return check.Invalid("event data without signature")
	}
	if !platformcrypto.Verify(data.RawData, sessionKey, data.Signature) {
		return check.Invalid("the signature does not fit the raw data under this session key")
	}
	return nil
}

// Decrypt returns the JSON object in data's encryptedData: user info, or a phone
// number (phoneNumber, purePhoneNumber, countryCode). SessionKey is the platform's
// for the login code that is older than the data; appID is the mini-program's,
// which the object's watermark must name. It makes no request.
//
// The platforms encrypt but do not authenticate: whoever hands over the data can
// change its first 16 bytes by way of the iv. So take the user's openid from the
// login code, not from the object, and use VerifySignature for user info.
//
// Errors: 605 data has no encryptedData or iv, they or the key are malformed, the
// data was encrypted under another key, or for another app.
func (signing) Decrypt(data *AuthData, sessionKey, appID string) (json.RawMessage, error) {
	return decrypt(platformcrypto.Decrypt, data, sessionKey, appID)
}

// Decrypt returns the JSON object in data's encryptedData, which Baidu calls data:
// AES-192 in a frame of its own. SessionKey is the platform's for the login code
// that is older than the data; appKey is the program's, which the data must end
// in. It makes no request. Nothing authenticates the data, see [WeChat.Decrypt].
//
// Errors: 605 data has no encryptedData or iv, they or the key are malformed, the
// data was encrypted under another key, or for another program.
func (Baidu) Decrypt(data *AuthData, sessionKey, appKey string) (json.RawMessage, error) {
	return decrypt(platformcrypto.DecryptBaidu, data, sessionKey, appKey)
}

func decrypt(open func(data, key, iv, app string) ([]byte, error), data *AuthData, sessionKey, app string) (json.RawMessage, error) {
	switch {
	case data.Empty():
		return nil, check.Invalid("event data is missing")
	case data.EncryptedData == "":
		return nil, check.Invalid("event data without encryptedData")
	case data.IV == "":
		return nil, check.Invalid("event data without iv")
	case app == "":
		return nil, check.Invalid("no app id to check the data against")
	}
	plain, err := open(data.EncryptedData, sessionKey, data.IV, app)
	switch {
	case err == nil:
		return plain, nil
	case errors.Is(err, platformcrypto.ErrKey):
		return nil, check.Invalid("malformed session key").WithCause(err)
	case errors.Is(err, platformcrypto.ErrIV):
		return nil, check.Invalid("malformed iv").WithCause(err)
	case errors.Is(err, platformcrypto.ErrData):
		return nil, check.Invalid("malformed encrypted data").WithCause(err)
	case errors.Is(err, platformcrypto.ErrApp):
		return nil, check.Invalid("the data was encrypted for another app").WithCause(err)
	}
	return nil, check.Invalid("the data was not encrypted under this session key").WithCause(err)
}
