package platform_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/platformcrypto"
	"github.com/hydrogen-go/baas/platform"
)

// vectors are the samples that the platforms publish.
type vectors struct {
	WeChatDecrypt struct {
		AppID         string `json:"appid"`
		SessionKey    string `json:"session_key"`
		IV            string `json:"iv"`
		EncryptedData string `json:"encryptedData"`
		Plaintext     string `json:"plaintext"`
	} `json:"wechat_decrypt"`
	WeChatSignature struct {
		SessionKey string `json:"session_key"`
		RawData    string `json:"rawData"`
		Signature  string `json:"signature"`
	} `json:"wechat_signature"`
	BaiduDecrypt struct {
		AppKey     string `json:"app_key"`
		SessionKey string `json:"session_key"`
		IV         string `json:"iv"`
		Data       string `json:"data"`
		Plaintext  string `json:"plaintext"`
	} `json:"baidu_decrypt"`
}

func published(t testing.TB) (v vectors) {
	t.Helper()
	text, err := os.ReadFile("../internal/platformcrypto/testdata/vectors.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &v))
	return v
}

// checker is a platform that signs and encrypts.
type checker interface {
	VerifySignature(*platform.AuthData, string) error
	Decrypt(*platform.AuthData, string, string) (json.RawMessage, error)
}

func TestDecryptPublishedVectors(t *testing.T) {
	v := published(t)
	wx := v.WeChatDecrypt
	data := &platform.AuthData{EncryptedData: wx.EncryptedData, IV: wx.IV}
	for _, p := range []checker{platform.WeChat{}, platform.QQ{}, platform.ByteDance{}, platform.Kuaishou{}} {
		plain, err := p.Decrypt(data, wx.SessionKey, wx.AppID)
		require.NoError(t, err)
		require.JSONEq(t, wx.Plaintext, string(plain))
		signed := &platform.AuthData{RawData: v.WeChatSignature.RawData, Signature: v.WeChatSignature.Signature}
		require.NoError(t, p.VerifySignature(signed, v.WeChatSignature.SessionKey))
	}
	bd := v.BaiduDecrypt
	plain, err := platform.Baidu{}.Decrypt(&platform.AuthData{EncryptedData: bd.Data, IV: bd.IV}, bd.SessionKey, bd.AppKey)
	require.NoError(t, err)
	require.JSONEq(t, bd.Plaintext, string(plain))
}

func TestDecryptErrors(t *testing.T) {
	v := published(t).WeChatDecrypt
	good := platform.AuthData{EncryptedData: v.EncryptedData, IV: v.IV}
	for name, c := range map[string]struct {
		data     *platform.AuthData
		key, app string
		want     string
	}{
		"nil data":      {nil, v.SessionKey, v.AppID, "605: incorrect parameter type: event data is missing"},
		"no iv":         {&platform.AuthData{EncryptedData: v.EncryptedData}, v.SessionKey, v.AppID, "605: incorrect parameter type: event data without iv"},
		"no app id":     {&good, v.SessionKey, "", "605: incorrect parameter type: no app id to check the data against"},
		"another app":   {&good, v.SessionKey, "wx0000000000000000", "605: incorrect parameter type: the data was encrypted for another app"},
		"malformed key": {&good, "!", v.AppID, "605: incorrect parameter type: malformed session key"},
		"malformed iv":  {&platform.AuthData{EncryptedData: v.EncryptedData, IV: "AAAA"}, v.SessionKey, v.AppID, "605: incorrect parameter type: malformed iv"},
		"17 bytes":      {&platform.AuthData{EncryptedData: "AAAAAAAAAAAAAAAAAAAAAAA=", IV: v.IV}, v.SessionKey, v.AppID, "605: incorrect parameter type: malformed encrypted data"},
		"stale key":     {&good, platformcrypto.NewKey(), v.AppID, "605: incorrect parameter type: the data was not encrypted under this session key"},
	} {
		t.Run(name, func(t *testing.T) {
			plain, err := platform.WeChat{}.Decrypt(c.data, c.key, c.app)
			require.ErrorIs(t, err, herror.InvalidParameter)
			require.EqualError(t, err, c.want)
			require.Nil(t, plain)
		})
	}
}

func TestVerifySignatureErrors(t *testing.T) {
	v := published(t).WeChatSignature
	data := &platform.AuthData{RawData: v.RawData, Signature: v.Signature}
	require.ErrorIs(t, platform.WeChat{}.VerifySignature(data, platformcrypto.NewKey()), herror.InvalidParameter)
	require.ErrorIs(t, platform.WeChat{}.VerifySignature(data, ""), herror.InvalidParameter)
	require.ErrorIs(t, platform.WeChat{}.VerifySignature(&platform.AuthData{RawData: v.RawData}, v.SessionKey), herror.InvalidParameter)
	require.ErrorIs(t, platform.WeChat{}.VerifySignature(nil, v.SessionKey), herror.InvalidParameter)
}

// FuzzDecrypt looks for input that panics, or that decrypts to something else than
// a JSON object.
func FuzzDecrypt(f *testing.F) {
	v := published(f)
	f.Add(v.WeChatDecrypt.EncryptedData, v.WeChatDecrypt.IV, v.WeChatDecrypt.SessionKey, v.WeChatDecrypt.AppID)
	f.Add(v.BaiduDecrypt.Data, v.BaiduDecrypt.IV, v.BaiduDecrypt.SessionKey, v.BaiduDecrypt.AppKey)
	f.Add("AAAAAAAAAAAAAAAAAAAAAAA=", "AAAA", "", "x")
	f.Fuzz(func(t *testing.T, encrypted, iv, key, app string) {
		data := &platform.AuthData{EncryptedData: encrypted, IV: iv}
		for _, decrypt := range []func(*platform.AuthData, string, string) (json.RawMessage, error){
			platform.WeChat{}.Decrypt, platform.Baidu{}.Decrypt,
		} {
			plain, err := decrypt(data, key, app)
			var object map[string]any
			if err == nil && json.Unmarshal(plain, &object) != nil {
				t.Fatal("garbage without an error")
			}
		}
	})
}
