// Package oneline puts a text from outside on one line, for errors and logs.
package oneline

import (
	"strings"
	"unicode"
)

// MaxText bounds the length of a text, in bytes.
const MaxText = 512

// Of returns text on one line, as UTF-8, without control characters, and of at most
// [MaxText] bytes.
func Of(text string) string {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	text = strings.ToValidUTF8(text, "")
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) { // controls and line ends
			return ' '
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}
