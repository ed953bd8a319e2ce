package baastest

import (
	"encoding/json"
	"net/http"

	"github.com/hydrogen-go/baas/internal/platformcrypto"
)

// baidu encrypts in its own scheme and signs nothing. A login posts the encrypted
// data as data, a link as encryptedData.
var baidu = &idp{
	name:       Baidu,
	header:     "BAIDU",
	scheme:     baiduScheme{},
	infoFields: []field{{name: "data"}, {name: "iv"}},
	linkInfoFields: []field{
		{name: "encryptedData"}, {name: "iv"},
		{name: "rawData", optional: true}, {name: "signature", optional: true},
	},
	readInfo:   readBaiduInfo,
	linkMethod: http.MethodPost,
	linkPath:   "v2.1/idp/baidu/user-association/",
	key:        fixedKey("baidu_miniapp"),
	provider:   commonProvider,
	unionIDs:   true,
}

type baiduScheme struct{}

func (baiduScheme) newKey() string { return platformcrypto.NewBaiduKey() }

// keyStays: the vendor's client gets the code after the data, so a code must yield
// the key that was there before it.
func (baiduScheme) keyStays() bool { return true }

func (baiduScheme) encrypt(plain []byte, key, iv, app string) (string, error) {
	return platformcrypto.EncryptBaidu(plain, key, iv, app)
}

func (baiduScheme) decrypt(data, key, iv, app string) ([]byte, error) {
	return platformcrypto.DecryptBaidu(data, key, iv, app)
}

// baiduInfo is the user info as Baidu encrypts it.
type baiduInfo struct {
	OpenID    string `json:"openid"`
	NickName  string `json:"nickname"`
	AvatarURL string `json:"headimgurl"`
	Sex       int    `json:"sex"`
}

func (baiduScheme) info(p *Phone) any {
	return baiduInfo{OpenID: p.openid, NickName: p.profile.NickName, AvatarURL: p.profile.AvatarURL, Sex: p.profile.Gender}
}

func readBaiduInfo(b body, p *Phone) (Profile, error) {
	data := b.text("data")
	if data == "" {
		data = b.text("encryptedData")
	}
	if b.has("signature") && !platformcrypto.Verify(b.text("rawData"), p.learned, b.text("signature")) {
		return Profile{}, errSignature
	}
	var info baiduInfo
	plain, err := p.decrypt(data, b.text("iv"))
	if err != nil || json.Unmarshal(plain, &info) != nil || info.OpenID != p.openid {
		return Profile{}, errDecrypt
	}
	return Profile{NickName: info.NickName, AvatarURL: info.AvatarURL, Gender: info.Sex}, nil
}
