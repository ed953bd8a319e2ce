package session

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
)

// infoKeys has the documented keys of user info, as compact JSON has them, in the order
// in which they are usual. A record has their numbers in their place; 0 is no key.
var infoKeys = [...]string{
	"", `"nickName":`, `"avatarUrl":`, `"gender":`, `"city":`, `"province":`, `"country":`, `"language":`,
	`"openId":`, `"unionId":`, `"watermark":`, `"appid":`, `"timestamp":`,
}

// Stored user info is its length and a sequence of parts, each of them a key and the
// text up to the next one. A part begins with a byte that has the number of the key in
// the upper four bits and the length of the text in the others. A length from longPart
// on is longPart there, and the rest of it follows. The text is any bytes, so that all
// user info is kept to the byte.
const longPart = 1<<4 - 1

// appendInfo appends info as [decoder.info] reads it.
func appendInfo(b, info []byte) []byte {
	if len(info) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(info)))
	key, end := 0, 0
	for {
		colon := bytes.IndexByte(info[end:], ':')
		if colon < 0 {
			return appendPart(b, key, info)
		}
		end += colon + 1
		if next := lastKey(info[:end], key); next > 0 {
			b = appendPart(b, key, info[:end-len(infoKeys[next])])
			key, info, end = next, info[end:], 0
		}
	}
}

func appendPart(b []byte, key int, text []byte) []byte {
	b = append(b, byte(key<<4|min(len(text), longPart)))
	if len(text) >= longPart {
		b = binary.AppendUvarint(b, uint64(len(text)-longPart))
	}
	return append(b, text...)
}

// lastKey returns the number of the key that text, up to a colon, ends with, or 0. It
// tries the key after previous first.
func lastKey(text []byte, previous int) int {
	if len(text) < 2 || text[len(text)-2] != '"' {
		return 0
	}
	key := previous
	for range infoKeys {
		if key++; key == len(infoKeys) {
			key = 1
		}
		if start := len(text) - len(infoKeys[key]); start >= 0 && string(text[start:]) == infoKeys[key] {
			return key
		}
	}
	return 0
}

// info returns what appendInfo appended.
func (d *decoder) info() json.RawMessage {
	if len(d.rest) == 0 {
		return nil
	}
	info := make([]byte, 0, d.uvarint())
	for len(d.rest) > 0 {
		part := d.byte()
		size := uint64(part & longPart)
		if size == longPart {
			size += d.uvarint()
		}
		info = append(info, infoKeys[part>>4]...)
		info = append(info, d.take(size)...)
	}
	return info
}
