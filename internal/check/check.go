// Package check validates arguments before a request is sent.
package check

import (
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/hydrogen-go/baas/herror"
)

// The maximum lengths of arguments, in bytes.
const (
	MaxIdentifier = 256
	MaxCode       = 1 << 10
	MaxPassword   = 1 << 10
	MaxVisitorKey = 1 << 10
	MaxURL        = 8 << 10
	MaxData       = 64 << 10
)

// Text returns an error with code 605 if text is longer than maxBytes, is not UTF-8, or has
// control characters. An empty text is valid. The error contains name, not text.
func Text(name, text string, maxBytes int) error { return TextOf(name, name, text, maxBytes) }

// TextOf is [Text] where the text of the error says name, and the argument is field.
func TextOf(field, name, text string, maxBytes int) error {
	if len(text) > maxBytes {
		return InvalidField(field, name+" is longer than "+strconv.Itoa(maxBytes)+" bytes")
	}
	for _, r := range text {
		if r < ' ' || r == 0x7f {
			return InvalidField(field, name+" has control characters")
		}
	}
	if !utf8.ValidString(text) {
		return InvalidField(field, name+" is not UTF-8")
	}
	return nil
}

// Required is like [Text], but an empty text is an error too.
func Required(name, text string, maxBytes int) error {
	if text == "" {
		return InvalidField(name, name+" is empty")
	}
	return Text(name, text, maxBytes)
}

// WebURL returns an error with code 605 unless text is an absolute http or https URL with
// a host and without a user. The error contains name, not text.
func WebURL(name, text string) (*url.URL, error) {
	if err := Required(name, text, MaxURL); err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, Invalid(name + " is not an absolute http or https URL")
	}
	return u, nil
}

// Invalid returns the error for a bad argument, with code 605. Detail must contain no
// secret.
func Invalid(detail string) *herror.HError { return herror.New(herror.InvalidParameter, detail) }

// InvalidField is [Invalid] for the argument with that name.
func InvalidField(name, detail string) *herror.HError { return Invalid(detail).WithField(name) }
