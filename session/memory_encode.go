package session

import (
	"encoding/binary"
	"slices"
)

// The body of a record is a session in an encoding that only this process reads. It is
// shorter than that of [Session.MarshalBinary]:
//
//   - the flags, a byte
//   - the number of the platform, a byte
//   - the user id
//   - ExpiresAt, if it is not the end of the record
//   - LoggedInAt, as the milliseconds from it to ExpiresAt
//   - SeenAt, if set, as the milliseconds from LoggedInAt to it
//   - the token, OpenID, UnionID if set, and the platform if it has no number; see [packing]
//   - the values, if set, with their length before them
//   - the user info, if there is any; see [appendInfo]

// The flags of a body, beside those of an encoded session.
const (
	flagExpiresApart = flagSealed << (iota + 1)
	flagSeen
	flagUnionID
)

// platformNames has the names of the platforms by their numbers.
var platformNames = [...]string{"", "kuaishou", "bytedance", "wechat", "qq", "baidu", "alipay", "jd"}

// otherPlatform is the number of a platform that is not one of platformNames.
const otherPlatform = 0xff

func platformNumber(name string) byte {
	if i := slices.Index(platformNames[:], name); i >= 0 {
		return byte(i)
	}
	return otherPlatform
}

// appendBody appends s as the body of a record with that end.
func (s *Session) appendBody(b []byte, end int64) []byte {
	login, seen, expires := millis(s.LoggedInAt), millis(s.SeenAt), millis(s.ExpiresAt)
	platform := platformNumber(s.Platform)
	flags := s.flags() |
		flagIf(flagExpiresApart, expires != end) |
		flagIf(flagSeen, seen != 0) |
		flagIf(flagUnionID, s.UnionID != "")
	b = append(b, flags, platform)
	b = binary.AppendVarint(b, s.UserID)
	if flags&flagExpiresApart != 0 {
		b = binary.AppendVarint(b, expires)
	}
	b = binary.AppendVarint(b, expires-login)
	if flags&flagSeen != 0 {
		b = binary.AppendVarint(b, seen-login)
	}
	b = appendText(b, s.Token.Reveal())
	b = appendText(b, s.OpenID)
	if flags&flagUnionID != 0 {
		b = appendText(b, s.UnionID)
	}
	if platform == otherPlatform {
		b = appendText(b, s.Platform)
	}
	if flags&flagValues != 0 {
		b = appendString(b, s.Values)
	}
	return appendInfo(b, s.UserInfo)
}

// session returns the session that the body of r is.
func (r record) session() Session {
	d := decoder{rest: r.body()}
	flags, platform := d.byte(), d.byte()
	s := sessionOf(flags)
	s.UserID = d.varint()
	expires := r.end()
	if flags&flagExpiresApart != 0 {
		expires = d.varint()
	}
	login := expires - d.varint()
	s.LoggedInAt, s.ExpiresAt = fromMillis(login), fromMillis(expires)
	if flags&flagSeen != 0 {
		s.SeenAt = fromMillis(login + d.varint())
	}

	var buf [stackBytes / 2]byte
	texts := d.appendText(buf[:0])
	token := len(texts)
	texts = d.appendText(texts)
	openID := len(texts)
	if flags&flagUnionID != 0 {
		texts = d.appendText(texts)
	}
	unionID := len(texts)
	if platform == otherPlatform {
		texts = d.appendText(texts)
	}
	all := string(texts) // one allocation for all of them
	s.Token, s.OpenID, s.UnionID = NewSecret(all[:token]), all[token:openID], all[openID:unionID]
	if platform == otherPlatform {
		s.Platform = all[unionID:]
	} else {
		s.Platform = platformNames[platform]
	}
	if flags&flagValues != 0 {
		s.Values = d.text()
	}
	s.UserInfo = d.info()
	return s
}
