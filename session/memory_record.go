package session

import (
	"encoding/binary"
	"hash/maphash"
)

// recordID is what a record keeps of its Key: 16 bytes of a SHA-256 are enough,
// for to meet another user's among a million takes some 2^108 tries.
type recordID [16]byte

func idOf(key Key) recordID { return recordID(key[:]) }

// hashOf is seeded, so that nobody can choose visitor keys that crowd one place.
func hashOf(seed maphash.Seed, id recordID) uint64 { return maphash.Bytes(seed, id[:]) }

// record is an encoded session with a head before it: its length (4 bytes), id
// (16), revision (8) and, in milliseconds since 1970, when it may be forgotten (8).
// Of a dead record all but the length is zero. The nil record has revision 0.
type record []byte

const recordHead = 4 + 16 + 8 + 8

func (r record) setHead(id recordID, rev Revision, end int64) {
	binary.LittleEndian.PutUint32(r, uint32(len(r)))
	copy(r[4:], id[:])
	binary.LittleEndian.PutUint64(r[20:], uint64(rev))
	binary.LittleEndian.PutUint64(r[28:], uint64(end))
}

func (r record) id() recordID { return recordID(r[4:]) }
func (r record) end() int64   { return int64(binary.LittleEndian.Uint64(r[28:])) }

func (r record) revision() Revision {
	if r == nil {
		return 0
	}
	return Revision(binary.LittleEndian.Uint64(r[20:]))
}

func (r record) dead() bool { return r.revision() == 0 }

// recentLogout reports whether r keeps a logout that may not be forgotten yet.
func (r record) recentLogout(now int64) bool {
	return r[recordHead+1]&flagLoggedOut != 0 && now < r.end()
}

// kill overwrites the record, a token among it.
func (r record) kill() { clear(r[4:]) }

// slot says where a record is: bits of its hash, its chunk, its offset there. The
// hash is enough to build the index anew without a look at the records. The zero
// slot is empty: no record is in chunk 0.
type slot uint64

const (
	hashBits   = 24
	chunkBits  = 24
	offsetBits = 16
)

func (s slot) withHash(hash uint64) slot {
	return s&(1<<(chunkBits+offsetBits)-1) | slot(hash<<(chunkBits+offsetBits))
}

func (s slot) hash() uint64 { return uint64(s >> (chunkBits + offsetBits)) }
func (s slot) chunk() int   { return int(s >> offsetBits & (1<<chunkBits - 1)) }
func (s slot) offset() int  { return int(s & (1<<offsetBits - 1)) }

// chunk is a run of records, one after the other. The bytes hold no pointer, so
// the garbage collector has one to follow for all of them.
type chunk struct {
	data []byte
	live int   // bytes of records that are not dead
	due  int64 // no record may be forgotten before, in milliseconds since 1970
}

// at returns the record that begins at offset.
func (c *chunk) at(offset int) record {
	r := c.data[offset:]
	return record(r[:binary.LittleEndian.Uint32(r)])
}

// all calls yield with each record that is not dead, and its offset.
func (c *chunk) all(yield func(int, record) bool) {
	for offset := 0; offset < len(c.data); {
		r := c.at(offset)
		if !r.dead() && !yield(offset, r) {
			return
		}
		offset += len(r)
	}
}
