package baastest

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hydrogen-go/baas/internal/platformcrypto"
)

// scheme is how a platform encrypts what its phones hand out.
type scheme interface {
	newKey() string
	keyStays() bool // over logins
	encrypt(plain []byte, key, iv, app string) (string, error)
	decrypt(data, key, iv, app string) ([]byte, error)
	info(*Phone) any // the user info that is encrypted
}

// commonScheme is that of all but Baidu and Alipay.
type commonScheme struct{}

func (commonScheme) newKey() string { return platformcrypto.NewKey() }
func (commonScheme) keyStays() bool { return false }

func (commonScheme) encrypt(plain []byte, key, iv, _ string) (string, error) {
	return platformcrypto.Encrypt(plain, key, iv)
}

func (commonScheme) decrypt(data, key, iv, app string) ([]byte, error) {
	return platformcrypto.Decrypt(data, key, iv, app)
}

// watermark is the last member of encrypted data.
type watermark struct {
	AppID     string `json:"appid"`
	Timestamp int64  `json:"timestamp"`
}

// commonInfo is user info before encryption: the profile and whose it is.
type commonInfo struct {
	OpenID string `json:"openId"`
	Profile
	UnionID   string    `json:"unionId,omitempty"`
	Watermark watermark `json:"watermark"`
}

func (commonScheme) info(p *Phone) any {
	return commonInfo{OpenID: p.openid, Profile: p.profile, UnionID: p.unionid, Watermark: p.watermark()}
}

// noScheme is that of a platform whose phones hand out no encrypted data.
type noScheme struct{}

var errNoScheme = errors.New("baastest: this platform encrypts nothing")

func (noScheme) newKey() string                                         { return "" }
func (noScheme) keyStays() bool                                         { return false }
func (noScheme) encrypt([]byte, string, string, string) (string, error) { return "", errNoScheme }
func (noScheme) decrypt(string, string, string, string) ([]byte, error) { return nil, errNoScheme }
func (noScheme) info(p *Phone) any                                      { return p.profile }

// readSignedInfo checks the signature, decrypts the data and checks whose it is.
func readSignedInfo(b body, p *Phone) (Profile, error) {
	if !platformcrypto.Verify(b.text("rawData"), p.learned, b.text("signature")) {
		return Profile{}, errSignature
	}
	return readCommon(p, b.text("encryptedData"), b.text("iv"))
}

func readCommon(p *Phone, data, iv string) (Profile, error) {
	var info commonInfo
	plain, err := p.decrypt(data, iv)
	if err != nil || json.Unmarshal(plain, &info) != nil {
		return Profile{}, errDecrypt
	}
	if info.OpenID != p.openid {
		return Profile{}, refuse(http.StatusBadRequest, "encrypted data is of another person")
	}
	return info.Profile, nil
}

// phoneNumber is a phone number before encryption.
type phoneNumber struct {
	Number      string    `json:"phoneNumber"`
	Pure        string    `json:"purePhoneNumber"`
	CountryCode string    `json:"countryCode"`
	Watermark   watermark `json:"watermark"`
}

// readPhone decrypts a phone number.
func readPhone(p *Phone, data, iv string) (string, error) {
	var number phoneNumber
	plain, err := p.decrypt(data, iv)
	if err != nil || json.Unmarshal(plain, &number) != nil || number.Pure == "" {
		return "", errDecrypt
	}
	return number.Pure, nil
}

// readNativeInfo returns what a provider tells about the owner of its token.
func readNativeInfo(_ body, p *Phone) (Profile, error) { return p.profile, nil }

// readAppleInfo returns the nickname that the app posts: Apple's token has no
// profile.
func readAppleInfo(b body, _ *Phone) (Profile, error) {
	return Profile{NickName: b.text("nickname")}, nil
}
