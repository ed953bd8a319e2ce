package session

import (
	"encoding/binary"
	"math/bits"
)

// packing is how a text is stored. Most tokens and ids are written with few different
// letters. These are the digits of a number: packing p stores each p+2 letters in p+1
// bytes, and the letters that are left over as they are.
type packing byte

const (
	base16 packing = iota // 0-9 a-f
	base36                // 0-9 a-z
	base64                // 0-9 a-z A-Z - _
	plain                 // any letters, and all of them are left over
)

// letters has the digits of each base in their order.
const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

// digitOf has the digit that a byte is. packingsOf has the packings that can store it,
// as a set of bits.
var digitOf, packingsOf = func() (digit, packings [256]byte) {
	for c := range packings {
		packings[c] = 1 << plain
	}
	for p, base := range [...]int{base16: 16, base36: 36, base64: 64} {
		for i := range base {
			digit[letters[i]] = byte(i)
			packings[letters[i]] |= 1 << p
		}
	}
	return digit, packings
}()

// packingOf returns the shortest packing of text.
func packingOf(text string) packing {
	all := byte(0xff)
	for i := range len(text) {
		all &= packingsOf[text[i]]
	}
	return packing(bits.TrailingZeros8(all))
}

// The head of a stored text is a byte that has its packing in the upper two bits and its
// length in the others. A length from longText on is longText there, and the rest of
// it follows.
const longText = 1<<6 - 1

func appendHead(b []byte, kind byte, size int) []byte {
	b = append(b, kind<<6|byte(min(size, longText)))
	if size >= longText {
		b = binary.AppendUvarint(b, uint64(size-longText))
	}
	return b
}

// head returns what appendHead appended.
func (d *decoder) head() (kind byte, size int) {
	head := d.byte()
	kind, size = head>>6, int(head&longText)
	if size == longText {
		size += int(d.uvarint())
	}
	return kind, size
}

// appendText appends text as [decoder.appendText] reads it: its head, with its packing,
// and its digits.
func appendText(b []byte, text string) []byte {
	p := packingOf(text)
	b = appendHead(b, byte(p), len(text))
	t := text
	switch p {
	case base16:
		for ; len(t) >= 2; t = t[2:] {
			b = append(b, digitOf[t[0]]<<4|digitOf[t[1]])
		}
	case base36:
		for ; len(t) >= 3; t = t[3:] {
			n := (uint(digitOf[t[0]])*36+uint(digitOf[t[1]]))*36 + uint(digitOf[t[2]])
			b = append(b, byte(n>>8), byte(n))
		}
	case base64:
		for ; len(t) >= 4; t = t[4:] {
			n := uint(digitOf[t[0]])<<18 | uint(digitOf[t[1]])<<12 | uint(digitOf[t[2]])<<6 | uint(digitOf[t[3]])
			b = append(b, byte(n>>16), byte(n>>8), byte(n))
		}
	}
	return append(b, t...)
}

// appendText appends the text that the function appendText stored.
func (d *decoder) appendText(b []byte) []byte {
	p, size := d.head()
	s, at := d.rest, 0
	switch packing(p) {
	case base16:
		for ; size >= 2; size, at = size-2, at+1 {
			b = append(b, letters[s[at]>>4], letters[s[at]&15])
		}
	case base36:
		for ; size >= 3; size, at = size-3, at+2 {
			n := uint(s[at])<<8 | uint(s[at+1])
			b = append(b, letters[n/36/36], letters[n/36%36], letters[n%36])
		}
	case base64:
		for ; size >= 4; size, at = size-4, at+3 {
			n := uint(s[at])<<16 | uint(s[at+1])<<8 | uint(s[at+2])
			b = append(b, letters[n>>18], letters[n>>12&63], letters[n>>6&63], letters[n&63])
		}
	}
	d.rest = d.rest[at:]
	return append(b, d.take(uint64(size))...)
}
