package platformcrypto

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

const keySize = 16 // AES-128

// NewKey returns a random session key of the common scheme.
func NewKey() string { return randomBase64(keySize) }

// NewIV returns a random iv for either scheme.
func NewIV() string { return randomBase64(aes.BlockSize) }

// Encrypt encrypts a JSON object with a session key and an iv, both in base64, and
// returns base64.
func Encrypt(plain []byte, sessionKey, iv string) (string, error) {
	mode, err := newCBC(sessionKey, keySize, iv)
	if err != nil {
		return "", err
	}
	return encryptBlocks(cipher.NewCBCEncrypter(mode.block, mode.iv), pad(plain, aes.BlockSize)), nil
}

// Decrypt decrypts encryptedData and returns the JSON object in it. If appID is not
// empty, the object's watermark.appid must be equal to it.
func Decrypt(encryptedData, sessionKey, iv, appID string) ([]byte, error) {
	plain, err := decryptPadded(encryptedData, sessionKey, keySize, iv, aes.BlockSize)
	if err != nil {
		return nil, err
	}
	if !isObject(plain) {
		return nil, ErrPlain
	}
	if appID == "" {
		return plain, nil
	}
	// Names are compared exactly: encoding/json would take "AppID" for "appid" in a struct.
	var object, watermark map[string]json.RawMessage
	var id string
	if json.Unmarshal(plain, &object) != nil || json.Unmarshal(object["watermark"], &watermark) != nil ||
		json.Unmarshal(watermark["appid"], &id) != nil || id != appID {
		return nil, ErrApp
	}
	return plain, nil
}

// cbc has what encryption and decryption in CBC mode need.
type cbc struct {
	block cipher.Block
	iv    []byte
}

// newCBC decodes a key of size bytes and an iv.
func newCBC(sessionKey string, size int, iv string) (cbc, error) {
	key, ok := decodeBase64(sessionKey)
	if !ok || len(key) != size {
		return cbc{}, ErrKey
	}
	vector, ok := decodeBase64(iv)
	if !ok || len(vector) != aes.BlockSize {
		return cbc{}, ErrIV
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return cbc{}, ErrKey
	}
	return cbc{block: block, iv: vector}, nil
}

func encryptBlocks(enc cipher.BlockMode, padded []byte) string {
	enc.CryptBlocks(padded, padded)
	return base64.StdEncoding.EncodeToString(padded)
}

// decryptPadded decodes, decrypts and removes the padding.
func decryptPadded(data, sessionKey string, size int, iv string, blockSize int) ([]byte, error) {
	mode, err := newCBC(sessionKey, size, iv)
	if err != nil {
		return nil, err
	}
	buf, ok := decodeBase64(data)
	if !ok || len(buf) == 0 || len(buf)%blockSize != 0 {
		return nil, ErrData
	}
	cipher.NewCBCDecrypter(mode.block, mode.iv).CryptBlocks(buf, buf)
	plain, ok := unpad(buf, blockSize)
	if !ok {
		return nil, ErrPlain
	}
	return plain, nil
}

// pad returns a padded copy of plain. blockSize must be less than 256.
func pad(plain []byte, blockSize int) []byte {
	n := blockSize - len(plain)%blockSize
	out := make([]byte, 0, len(plain)+n)
	out = append(out, plain...)
	return append(out, bytes.Repeat([]byte{byte(n)}, n)...)
}

func unpad(buf []byte, blockSize int) ([]byte, bool) {
	n := int(buf[len(buf)-1])
	if n < 1 || n > blockSize {
		return nil, false
	}
	for _, b := range buf[len(buf)-n:] {
		if int(b) != n {
			return nil, false
		}
	}
	return buf[:len(buf)-n], true
}

func isObject(plain []byte) bool {
	text := bytes.TrimLeft(plain, " \t\r\n")
	return len(text) > 0 && text[0] == '{' && utf8.Valid(text) && json.Valid(text)
}

// decodeBase64 accepts standard base64 with or without the trailing "=", because
// platforms differ in that.
func decodeBase64(s string) ([]byte, bool) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	return b, err == nil
}

func randomBase64(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never returns an error
	return base64.StdEncoding.EncodeToString(b)
}
