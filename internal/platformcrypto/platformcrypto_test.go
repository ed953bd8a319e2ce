package platformcrypto

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vectors has the platforms' published samples.
type vectors struct {
	WeChat struct {
		AppID         string `json:"appid"`
		SessionKey    string `json:"session_key"`
		IV            string `json:"iv"`
		EncryptedData string `json:"encryptedData"`
		Plaintext     string `json:"plaintext"`
	} `json:"wechat_decrypt"`
	Signature struct {
		SessionKey string `json:"session_key"`
		RawData    string `json:"rawData"`
		Signature  string `json:"signature"`
	} `json:"wechat_signature"`
	Baidu struct {
		AppKey     string `json:"app_key"`
		SessionKey string `json:"session_key"`
		IV         string `json:"iv"`
		Data       string `json:"data"`
		Plaintext  string `json:"plaintext"`
	} `json:"baidu_decrypt"`
}

func readVectors(tb testing.TB) vectors {
	tb.Helper()
	file, err := os.ReadFile("testdata/vectors.json")
	require.NoError(tb, err)
	var v vectors
	require.NoError(tb, json.Unmarshal(file, &v))
	return v
}

// encryptRaw encrypts bytes without padding them.
func encryptRaw(tb testing.TB, padded []byte, sessionKey string, keyLen int, iv string) string {
	tb.Helper()
	mode, err := newCBC(sessionKey, keyLen, iv)
	require.NoError(tb, err)
	return encryptBlocks(cipher.NewCBCEncrypter(mode.block, mode.iv), append([]byte(nil), padded...))
}

func TestPublishedVectors(t *testing.T) {
	v := readVectors(t)

	t.Run("wechat decrypts", func(t *testing.T) {
		plain, err := Decrypt(v.WeChat.EncryptedData, v.WeChat.SessionKey, v.WeChat.IV, v.WeChat.AppID)
		require.NoError(t, err)
		require.JSONEq(t, v.WeChat.Plaintext, string(plain))
	})
	t.Run("wechat encrypts to the same bytes", func(t *testing.T) {
		plain, err := Decrypt(v.WeChat.EncryptedData, v.WeChat.SessionKey, v.WeChat.IV, "")
		require.NoError(t, err)
		data, err := Encrypt(plain, v.WeChat.SessionKey, v.WeChat.IV)
		require.NoError(t, err)
		require.Equal(t, v.WeChat.EncryptedData, data)
	})
	t.Run("wechat signs", func(t *testing.T) {
		require.Equal(t, v.Signature.Signature, Sign(v.Signature.RawData, v.Signature.SessionKey))
		require.True(t, Verify(v.Signature.RawData, v.Signature.SessionKey, v.Signature.Signature))
	})
	t.Run("baidu decrypts", func(t *testing.T) {
		plain, err := DecryptBaidu(v.Baidu.Data, v.Baidu.SessionKey, v.Baidu.IV, v.Baidu.AppKey)
		require.NoError(t, err)
		require.JSONEq(t, v.Baidu.Plaintext, string(plain))
	})
}

func TestVerifyRefuses(t *testing.T) {
	key := NewKey()
	good := Sign("raw", key)
	require.True(t, Verify("raw", key, good))
	for name, args := range map[string][3]string{
		"other data":      {"raw2", key, good},
		"other key":       {"raw", NewKey(), good},
		"empty signature": {"raw", key, ""},
		"cut signature":   {"raw", key, good[:39]},
		"upper case":      {"raw", key, strings.ToUpper(good)},
		"empty key":       {"raw", "", Sign("raw", "")},
	} {
		require.False(t, Verify(args[0], args[1], args[2]), name)
	}
}

func TestRoundTrip(t *testing.T) {
	for size := range 70 {
		plain := []byte(fmt.Sprintf(`{"n":%q,"watermark":{"appid":"app","timestamp":1}}`, strings.Repeat("x", size)))

		key, iv := NewKey(), NewIV()
		data, err := Encrypt(plain, key, iv)
		require.NoError(t, err)
		got, err := Decrypt(data, key, iv, "app")
		require.NoError(t, err)
		require.Equal(t, plain, got)

		key = NewBaiduKey()
		data, err = EncryptBaidu(plain, key, iv, "app-key")
		require.NoError(t, err)
		got, err = DecryptBaidu(data, key, iv, "app-key")
		require.NoError(t, err)
		require.Equal(t, plain, got)
	}
}

func TestDecryptRefuses(t *testing.T) {
	const object = `{"a":1,"watermark":{"appid":"app"}}`
	key, iv := NewKey(), NewIV()
	good, err := Encrypt([]byte(object), key, iv)
	require.NoError(t, err)
	block32 := append([]byte(`{"a":1,"padded":"to-32-bytes"}  `), make([]byte, 32)...)
	for i := 32; i < 64; i++ {
		block32[i] = 32
	}
	encrypt := func(plain string) string {
		data, err := Encrypt([]byte(plain), key, iv)
		require.NoError(t, err)
		return data
	}
	tests := map[string]struct {
		data, key, iv, app string
		want               error
	}{
		"key not base64":        {good, "?", iv, "", ErrKey},
		"key empty":             {good, "", iv, "", ErrKey},
		"key of 24 bytes":       {good, NewBaiduKey(), iv, "", ErrKey},
		"iv not base64":         {good, key, "?", "", ErrIV},
		"iv short":              {good, key, base64.StdEncoding.EncodeToString(make([]byte, 15)), "", ErrIV},
		"iv empty":              {good, key, "", "", ErrIV},
		"data not base64":       {"?", key, iv, "", ErrData},
		"data empty":            {"", key, iv, "", ErrData},
		"data of 17 bytes":      {base64.StdEncoding.EncodeToString(make([]byte, 17)), key, iv, "", ErrData},
		"padding byte 32":       {encryptRaw(t, block32, key, keySize, iv), key, iv, "", ErrPlain},
		"padding byte 0":        {encryptRaw(t, make([]byte, 16), key, keySize, iv), key, iv, "", ErrPlain},
		"uneven padding":        {encryptRaw(t, []byte("{\"a\":1}......\x02\x03\x03"), key, keySize, iv), key, iv, "", ErrPlain},
		"nothing but padding":   {encrypt(""), key, iv, "", ErrPlain},
		"an array":              {encrypt(`[1]`), key, iv, "", ErrPlain},
		"cut JSON":              {encrypt(`{"a":1`), key, iv, "", ErrPlain},
		"two objects":           {encrypt(`{}{}`), key, iv, "", ErrPlain},
		"not UTF-8":             {encrypt("{\"a\":\"\xff\"}"), key, iv, "", ErrPlain},
		"another app":           {good, key, iv, "other", ErrApp},
		"no watermark":          {encrypt(`{"a":1}`), key, iv, "app", ErrApp},
		"a name in capitals":    {encrypt(`{"Watermark":{"AppID":"app"}}`), key, iv, "app", ErrApp},
		"an app id in capitals": {encrypt(`{"watermark":{"APPID":"app"}}`), key, iv, "app", ErrApp},
		"another app beside it": {encrypt(`{"watermark":{"appid":"other","appID":"app"}}`), key, iv, "app", ErrApp},
		"a strange watermark":   {encrypt(`{"watermark":[]}`), key, iv, "app", ErrApp},
		"the app it is":         {good, key, iv, "app", nil},
		"any app":               {good, key, iv, "", nil},
		"base64 without its =s": {strings.TrimRight(good, "="), strings.TrimRight(key, "="), strings.TrimRight(iv, "="), "app", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plain, err := Decrypt(tt.data, tt.key, tt.iv, tt.app)
			require.ErrorIs(t, err, tt.want)
			if tt.want == nil {
				require.JSONEq(t, object, string(plain))
				return
			}
			require.Nil(t, plain)
		})
	}
}

func TestDecryptBaiduRefuses(t *testing.T) {
	const object = `{"openid":"o"}`
	key, iv := NewBaiduKey(), NewIV()
	good, err := EncryptBaidu([]byte(object), key, iv, "app-key")
	require.NoError(t, err)
	raw := func(content string) string {
		return encryptRaw(t, pad([]byte(content), baiduBlockSize), key, baiduKeySize, iv)
	}
	sixteen := strings.Repeat("r", baiduRandom)
	tests := map[string]struct {
		data, key, iv, app string
		want               error
	}{
		"key of 16 bytes":     {good, NewKey(), iv, "", ErrKey},
		"iv short":            {good, key, "AAAA", "", ErrIV},
		"half a block":        {base64.StdEncoding.EncodeToString(make([]byte, 16)), key, iv, "", ErrData},
		"shorter than a head": {raw("short"), key, iv, "", ErrPlain},
		"length too great":    {raw(sixteen + "\x00\x00\x01\x00{}"), key, iv, "", ErrPlain},
		"length near 4 GiB":   {raw(sixteen + "\xff\xff\xff\xff{}"), key, iv, "", ErrPlain},
		"length too small":    {raw(sixteen + "\x00\x00\x00\x01{}"), key, iv, "", ErrPlain},
		"another app":         {good, key, iv, "other", ErrApp},
		"no app key in it":    {raw(sixteen + "\x00\x00\x00\x02{}"), key, iv, "app-key", ErrApp},
		"the app it is":       {good, key, iv, "app-key", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plain, err := DecryptBaidu(tt.data, tt.key, tt.iv, tt.app)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.want == nil, plain != nil)
		})
	}
}

func TestOutdatedKeyIsAnError(t *testing.T) {
	iv := NewIV()
	data, err := Encrypt([]byte(`{"phoneNumber":"13800138000"}`), NewKey(), iv)
	require.NoError(t, err)
	baidu, err := EncryptBaidu([]byte(`{"openid":"o"}`), NewBaiduKey(), iv, "k")
	require.NoError(t, err)
	for range 5000 {
		_, err := Decrypt(data, NewKey(), iv, "")
		require.ErrorIs(t, err, ErrPlain)
		_, err = DecryptBaidu(baidu, NewBaiduKey(), iv, "")
		require.ErrorIs(t, err, ErrPlain)
	}
}

func TestEncryptRefuses(t *testing.T) {
	_, err := Encrypt([]byte("{}"), "short", NewIV())
	require.ErrorIs(t, err, ErrKey)
	_, err = EncryptBaidu([]byte("{}"), NewBaiduKey(), "short", "")
	require.ErrorIs(t, err, ErrIV)
	require.Len(t, mustDecode(t, NewIV()), aes.BlockSize)
}

func mustDecode(t *testing.T, s string) []byte {
	t.Helper()
	b, ok := decodeBase64(s)
	require.True(t, ok)
	return b
}
