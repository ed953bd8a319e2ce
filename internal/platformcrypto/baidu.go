package platformcrypto

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
)

const (
	baiduKeySize   = 24 // AES-192
	baiduBlockSize = 32 // padding unit, twice the AES block
	baiduRandom    = 16 // random bytes in front
	baiduHead      = baiduRandom + 4
)

// NewBaiduKey returns a random session key for Baidu's scheme.
func NewBaiduKey() string { return randomBase64(baiduKeySize) }

// EncryptBaidu encrypts a JSON object in Baidu's scheme. The plaintext is 16 random
// bytes, the length of the object as 4 big-endian bytes, the object, and the app
// key, padded to 32-byte blocks.
func EncryptBaidu(plain []byte, sessionKey, iv, appKey string) (string, error) {
	mode, err := newCBC(sessionKey, baiduKeySize, iv)
	if err != nil {
		return "", err
	}
	buf := make([]byte, baiduHead, baiduHead+len(plain)+len(appKey))
	rand.Read(buf[:baiduRandom]) // never returns an error
	binary.BigEndian.PutUint32(buf[baiduRandom:], uint32(len(plain)))
	buf = append(append(buf, plain...), appKey...)
	return encryptBlocks(cipher.NewCBCEncrypter(mode.block, mode.iv), pad(buf, baiduBlockSize)), nil
}

// DecryptBaidu decrypts data in Baidu's scheme and returns the JSON object in it. If
// appKey is not empty, the plaintext must end with it.
func DecryptBaidu(data, sessionKey, iv, appKey string) ([]byte, error) {
	buf, err := decryptPadded(data, sessionKey, baiduKeySize, iv, baiduBlockSize)
	if err != nil {
		return nil, err
	}
	if len(buf) < baiduHead {
		return nil, ErrPlain
	}
	size := uint64(binary.BigEndian.Uint32(buf[baiduRandom:baiduHead]))
	rest := buf[baiduHead:]
	if size > uint64(len(rest)) {
		return nil, ErrPlain
	}
	plain, tail := rest[:size], string(rest[size:])
	if !isObject(plain) {
		return nil, ErrPlain
	}
	if appKey != "" && tail != appKey {
		return nil, ErrApp
	}
	return plain, nil
}
