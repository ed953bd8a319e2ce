package session

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// encodingVersion is the first byte of an encoded session.
const encodingVersion = 1

const (
	flagAnonymous = 1 << iota
	flagLoggedOut
	flagSealed

	// flagValues is for a session with values. Only then does the encoding have their text,
	// so an encoding without them is as it was before there were any.
	flagValues = 1 << 7

	encodedFlags = flagAnonymous | flagLoggedOut | flagSealed | flagValues
)

// ErrUnreadable is what [ErrEncoding] and [ErrSealed] wrap: a record is stored, and it
// cannot be read. It is a plain error.
var ErrUnreadable = errors.New("session: a stored session cannot be read")

// ErrEncoding is the error for bytes that [Session.MarshalBinary] did not write, or
// that a later version of it wrote. It is a plain error and wraps [ErrUnreadable].
var ErrEncoding = fmt.Errorf("%w: not an encoded session", ErrUnreadable)

// MarshalBinary encodes the whole session, including the token, in a compact form
// that later versions of this package can still decode. Times are truncated to
// milliseconds. The error is always nil.
func (s Session) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// AppendBinary appends to b what [Session.MarshalBinary] returns.
func (s Session) AppendBinary(b []byte) ([]byte, error) {
	token := s.Token.Reveal()
	if b == nil {
		b = make([]byte, 0, 32+len(token)+len(s.OpenID)+len(s.UnionID)+len(s.Platform)+len(s.Values)+len(s.UserInfo))
	}
	b = append(b, encodingVersion)
	var flags byte
	if s.Anonymous {
		flags |= flagAnonymous
	}
	if s.LoggedOut {
		flags |= flagLoggedOut
	}
	if s.Sealed {
		flags |= flagSealed
	}
	if s.Values != "" {
		flags |= flagValues
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, s.UserID)
	b = binary.AppendVarint(b, millis(s.LoggedInAt))
	b = binary.AppendVarint(b, millis(s.SeenAt))
	b = binary.AppendVarint(b, millis(s.ExpiresAt))
	for _, text := range [...]string{token, s.OpenID, s.UnionID, s.Platform} {
		b = appendString(b, text)
	}
	if s.Values != "" {
		b = appendString(b, s.Values)
	}
	return append(b, s.UserInfo...), nil // the rest: no length needed
}

// appendString appends the length of text and text.
func appendString(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// UnmarshalBinary decodes what [Session.MarshalBinary] wrote. For any other bytes
// it returns [ErrEncoding], a plain error, and does not change s.
func (s *Session) UnmarshalBinary(data []byte) error {
	decoded, err := decode(data)
	if err != nil {
		return err
	}
	if len(decoded.UserInfo) > 0 && !json.Valid(decoded.UserInfo) || decoded.Values != "" && !json.Valid([]byte(decoded.Values)) {
		return ErrEncoding
	}
	*s = decoded
	return nil
}

// decode decodes what AppendBinary wrote. It does not check the user info.
func decode(data []byte) (Session, error) {
	d := decoder{rest: data}
	if d.byte() != encodingVersion {
		return Session{}, ErrEncoding
	}
	flags := d.byte()
	decoded := Session{
		Anonymous:  flags&flagAnonymous != 0,
		LoggedOut:  flags&flagLoggedOut != 0,
		Sealed:     flags&flagSealed != 0,
		UserID:     d.varint(),
		LoggedInAt: fromMillis(d.varint()),
		SeenAt:     fromMillis(d.varint()),
		ExpiresAt:  fromMillis(d.varint()),
		Token:      NewSecret(d.text()),
		OpenID:     d.text(),
		UnionID:    d.text(),
		Platform:   d.text(),
	}
	if flags&flagValues != 0 {
		decoded.Values = d.text()
		d.failed = d.failed || decoded.Values == ""
	}
	if d.failed || flags&^encodedFlags != 0 {
		return Session{}, ErrEncoding
	}
	if len(d.rest) > 0 {
		decoded.UserInfo = append(json.RawMessage(nil), d.rest...)
	}
	return decoded, nil
}

// decoder reads an encoded session. After a failure it returns zero values.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.failed = true
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.failed, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) text() string {
	size, n := binary.Uvarint(d.rest)
	if n <= 0 || size > uint64(len(d.rest)-n) {
		d.failed, d.rest = true, nil
		return ""
	}
	text := string(d.rest[n : n+int(size)])
	d.rest = d.rest[n+int(size):]
	return text
}

// millis returns t in milliseconds since 1970, and 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
