package session

import (
	"encoding/binary"
	"hash/maphash"
	"time"
)

// recordID is the part of a Key that a record keeps. 16 bytes of a SHA-256 are
// enough: among a million users, somebody who looks for a collision needs about
// 2^108 attempts.
type recordID [16]byte

func idOf(key Key) recordID { return recordID(key[:]) }

// hashOf is seeded, so that nobody can choose visitor keys that collide.
func hashOf(seed maphash.Seed, id recordID) uint64 { return maphash.Bytes(seed, id[:]) }

// ownerTag is the part of an Owner that a record keeps; 0 is no owner. Two owners have
// the same tag with a probability of 2^-32. Then [Memory.Owned] returns the sessions of
// both, and the client tells them apart by their user ids: only the users of two apps
// who have the same id as well are mistaken for each other.
type ownerTag uint32

func tagOf(owner Owner) ownerTag { return max(1, ownerTag(binary.LittleEndian.Uint32(owner[:]))) }

// record is a header and a body. The header is the record's length (2 bytes; 0 if it
// has a chunk of its own), id (16), revision (6), the time from which it may be removed
// (its end: 6, in milliseconds since 1970), and the tag of its owner (4). The body is
// an encoded session. That of a sealed one is followed by the rest of its Key, because
// [Sealed] needs the whole Key to decrypt it. In a removed record everything but the
// length is zero. The nil record has revision 0.
type record []byte

const (
	recordHead = 2 + 16 + 6 + 6 + 4

	max48 = 1<<48 - 1 // the largest revision, and the latest end
)

// endOf returns the end of the record of a session that is stored now and expires then.
func endOf(now int64, expires time.Time) int64 {
	return min(max(now+Grace.Milliseconds(), expires.UnixMilli(), 0), max48)
}

func (r record) setHead(id recordID, rev Revision, end int64, tag ownerTag) {
	size := len(r)
	if r.alone() {
		size = 0
	}
	binary.LittleEndian.PutUint16(r, uint16(size))
	copy(r[2:], id[:])
	binary.LittleEndian.PutUint64(r[18:], uint64(rev)) // whose upper two bytes are zero
	binary.LittleEndian.PutUint32(r[24:], uint32(end))
	binary.LittleEndian.PutUint16(r[28:], uint16(end>>32))
	r.setTag(tag)
}

// alone reports whether r has a chunk of its own.
func (r record) alone() bool { return len(r) > minChunk }

func (r record) setTag(tag ownerTag) { binary.LittleEndian.PutUint32(r[30:], uint32(tag)) }
func (r record) tag() ownerTag       { return ownerTag(binary.LittleEndian.Uint32(r[30:])) }
func (r record) id() recordID        { return recordID(r[2:]) }
func (r record) end() int64          { return int64(binary.LittleEndian.Uint64(r[22:]) >> 16) }

func (r record) revision() Revision {
	if r == nil {
		return 0
	}
	return Revision(binary.LittleEndian.Uint64(r[18:]) & max48)
}

func (r record) sealed() bool { return r[recordHead]&flagSealed != 0 }

// body returns the session as [Session.appendBody] encoded it.
func (r record) body() []byte {
	if r.sealed() {
		return r[recordHead : len(r)-keyRest]
	}
	return r[recordHead:]
}

// keyRest is the length of what a Key has after the id of its record.
const keyRest = len(Key{}) - len(recordID{})

// key returns the Key of the record: the whole Key of a sealed session, and else one
// that has the same id.
func (r record) key() Key {
	var key Key
	copy(key[:], r[2:18])
	if r.sealed() {
		copy(key[len(recordID{}):], r[len(r)-keyRest:])
	}
	return key
}

func (r record) removed() bool { return r.revision() == 0 }

// recentLogout reports whether r is a logout that may not be removed yet.
func (r record) recentLogout(now int64) bool {
	return r[recordHead]&flagLoggedOut != 0 && now < r.end()
}

// erase overwrites the record, because it holds a token.
func (r record) erase() { clear(r[2:]) }

// chunk is a sequence of records. The bytes hold no pointers, so the garbage
// collector has one object to scan for many records.
type chunk struct {
	data []byte
	live int   // bytes of records that are not removed
	gone int   // the offset of the first record that is not removed
	due  int64 // no record may be removed before, in milliseconds since 1970
}

// at returns the record at offset.
func (c *chunk) at(offset int) record {
	r := record(c.data[offset:])
	if n := binary.LittleEndian.Uint16(r); n > 0 {
		return r[:n]
	}
	return r
}

// skipRemoved moves gone past the records that are removed.
func (c *chunk) skipRemoved() {
	for c.gone < len(c.data) {
		r := c.at(c.gone)
		if !r.removed() {
			return
		}
		c.gone += len(r)
	}
}

// all calls yield with the offset of each record that is not removed, and the record.
func (c *chunk) all(yield func(int, record) bool) {
	for offset := c.gone; offset < len(c.data); {
		r := c.at(offset)
		if !r.removed() && !yield(offset, r) {
			return
		}
		offset += len(r)
	}
}
