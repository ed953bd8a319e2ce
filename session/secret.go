package session

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a secret prints as.
const redacted = "[redacted]"

// Secret is a text that fmt, log, log/slog and encoding/json do not show: they
// give "[redacted]", or nothing if the Secret is empty. In an unexported field of
// another struct, fmt cannot call the methods of a Secret and prints the memory
// address of the text, and encoding/json leaves the field out. Tools that read
// memory directly do show the text: debuggers, and printers such as go-spew, which
// testify uses to print a difference. The zero Secret is empty.
type Secret struct {
	// A pointer, because fmt does not call the methods of a value in an unexported
	// field but prints its fields. It does not follow a pointer there.
	text *string
}

// NewSecret returns text as a Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal returns the text itself. Do not print or log it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal reports whether both secrets hold the same text.
func (s Secret) Equal(other Secret) bool { return s.Reveal() == other.Reveal() }

// String returns "[redacted]", or "" if the secret is empty.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format prints what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String returns.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
