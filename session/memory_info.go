package session

import (
	"bytes"
	"encoding/json"
)

// nickName is how compact user info begins, and afterNickName has what follows the
// nickname: the avatar's URL, with or without empty fields before it, or the gender. A
// record has a number in place of both. More keys would make it smaller, but loads and
// swaps slower: to find two of them takes no search of the whole text.
const nickName = `{"nickName":"`

var afterNickName = [4]string{
	"", // number 0: none
	`","avatarUrl":"http`,
	`","gender":0,"language":"","city":"","province":"","country":"","avatarUrl":"http`,
	`","gender":`,
}

// appendInfo appends info as [decoder.info] reads it. Its first byte has the number of the
// separator in the upper two bits and the length of the nickname in the others. A length
// from longText on is longText there, and the rest of it follows. Then come the nickname
// and what is after the separator. Without a separator there is no nickname, and info
// follows. So all user info is kept to the byte.
func appendInfo(b, info []byte) []byte {
	if len(info) == 0 {
		return b
	}
	number, name, rest := splitInfo(info)
	b = appendHead(b, number, len(name))
	return append(append(b, name...), rest...)
}

// splitInfo returns the number of info's separator, and what is before and after it. The
// number is 0 if info has none, and then the rest is all of it.
func splitInfo(info []byte) (number byte, name, rest []byte) {
	rest, found := bytes.CutPrefix(info, []byte(nickName))
	if !found {
		return 0, nil, info
	}
	size := max(bytes.IndexByte(rest, '"'), 0)
	for i := 1; i < len(afterNickName); i++ {
		if after, found := bytes.CutPrefix(rest[size:], []byte(afterNickName[i])); found {
			return byte(i), rest[:size], after
		}
	}
	return 0, nil, info
}

// info returns what appendInfo appended.
func (d *decoder) info() json.RawMessage {
	if len(d.rest) == 0 {
		return nil
	}
	number, size := d.head()
	if number == 0 {
		return append(json.RawMessage(nil), d.rest...)
	}
	name, after := d.take(uint64(size)), afterNickName[number]
	info := make(json.RawMessage, 0, len(nickName)+len(name)+len(after)+len(d.rest))
	info = append(append(info, nickName...), name...)
	return append(append(info, after...), d.rest...)
}
