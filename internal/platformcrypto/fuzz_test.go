package platformcrypto

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzDecrypt(f *testing.F) {
	v := readVectors(f)
	f.Add(v.WeChat.EncryptedData, v.WeChat.SessionKey, v.WeChat.IV, v.WeChat.AppID)
	f.Add(v.WeChat.EncryptedData, NewKey(), v.WeChat.IV, "") // an outdated key
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 17)), v.WeChat.SessionKey, v.WeChat.IV, "")
	f.Add(v.WeChat.EncryptedData, v.WeChat.SessionKey, "AAAA", "")
	f.Add(encryptRaw(f, []byte(strings.Repeat(" ", 32)), v.WeChat.SessionKey, keySize, v.WeChat.IV), v.WeChat.SessionKey, v.WeChat.IV, "")
	f.Fuzz(func(t *testing.T, data, key, iv, app string) {
		plain, err := Decrypt(data, key, iv, app)
		checkDecrypted(t, plain, err)
	})
}

func FuzzDecryptBaidu(f *testing.F) {
	v := readVectors(f)
	f.Add(v.Baidu.Data, v.Baidu.SessionKey, v.Baidu.IV, v.Baidu.AppKey)
	f.Add(v.Baidu.Data, NewBaiduKey(), v.Baidu.IV, "") // an outdated key
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 17)), v.Baidu.SessionKey, v.Baidu.IV, "")
	f.Add(v.Baidu.Data, v.Baidu.SessionKey, "1df09d0a1677dd72b8325", "")
	f.Add(encryptRaw(f, []byte(strings.Repeat(" ", 64)), v.Baidu.SessionKey, baiduKeySize, v.Baidu.IV), v.Baidu.SessionKey, v.Baidu.IV, "")
	f.Fuzz(func(t *testing.T, data, key, iv, app string) {
		plain, err := DecryptBaidu(data, key, iv, app)
		checkDecrypted(t, plain, err)
	})
}

// checkDecrypted asserts that the result is an error or a JSON object.
func checkDecrypted(t *testing.T, plain []byte, err error) {
	t.Helper()
	if err != nil {
		require.Nil(t, plain)
		return
	}
	var object map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(plain, &object))
}
