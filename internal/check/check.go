// Package check refuses arguments that cannot be sent, before anything is sent.
package check

import (
	"strconv"
	"unicode/utf8"

	"github.com/hydrogen-go/baas/herror"
)

// The longest texts that are sent, in bytes.
const (
	MaxIdentifier = 256
	MaxCode       = 1 << 10
	MaxPassword   = 1 << 10
	MaxVisitorKey = 1 << 10
	MaxData       = 64 << 10
)

// Text returns an error if text is longer than longest bytes, is not UTF-8, or has
// control characters. An empty text passes. Name says in the error what it is.
func Text(name, text string, longest int) error {
	if len(text) > longest {
		return Invalid(name + " is longer than " + strconv.Itoa(longest) + " bytes")
	}
	for _, r := range text {
		if r < ' ' || r == 0x7f {
			return Invalid(name + " has control characters")
		}
	}
	if !utf8.ValidString(text) {
		return Invalid(name + " is not UTF-8")
	}
	return nil
}

// Required is [Text] for a text that must not be empty.
func Required(name, text string, longest int) error {
	if text == "" {
		return Invalid(name + " is empty")
	}
	return Text(name, text, longest)
}

// Invalid returns the error for a bad argument.
func Invalid(detail string) *herror.HError { return herror.New(herror.InvalidParameter, detail) }
