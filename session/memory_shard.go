package session

import (
	"hash/maphash"
	"math"
	"sync"
)

const (
	minChunk = 2 << 10  // bytes; a larger record has a chunk of its own
	maxChunk = 16 << 10 // bytes, except for a chunk with one large record

	maxSweep = 4 // chunks that one write examines
	maxSkip  = 8 // chunks with only recent logouts that evict passes over

	// A chunk is swept at most once in this many milliseconds. Otherwise a chunk whose
	// records expire one by one would be read for each of them.
	sweepPause = 5 * 60 * 1000
)

// shard is a log of records with a hash table as its index. New records are
// appended to the open chunk. A removed record leaves a gap. When less than half of
// a chunk is in use, its other records are moved to the open chunk and it is freed.
// Records that were written together mostly expire together, so most chunks are
// freed without moving a record.
type shard struct {
	seed   maphash.Seed
	mu     sync.RWMutex
	index  index
	count  int // records in the index
	live   int // bytes of those
	chunks []chunk
	freed  []int // chunks that can be used again
	open   int   // the chunk that is written to
	swept  int   // the chunk that was swept last
	due    int64 // no chunk is due before, in milliseconds since 1970
	victim int   // the chunk to evict from
}

// find returns the position of the record with this id in the index, and the
// record, or nil if there is none.
func (sh *shard) find(id recordID, hash uint64) (int, record) {
	if len(sh.index) == 0 {
		return 0, nil
	}
	for i := sh.index.home(hash); ; i++ {
		s := sh.index[i]
		if s == 0 || s.hash() > hash {
			return 0, nil
		}
		if s.hash() == hash {
			if r := sh.chunks[s.chunk()].at(s.offset()); r.id() == id {
				return i, r
			}
		}
	}
}

// put stores r. It replaces current, the record with the same id at position i of
// the index, if that is not nil.
func (sh *shard) put(r record, i int, current record) {
	if current != nil && len(current) == len(r) {
		copy(current, r)
		sh.schedule(r, sh.index[i].chunk())
		return
	}
	if current != nil {
		sh.remove(i)
	}
	if sh.index == nil {
		sh.index, sh.chunks = make(index, 16+tail), make([]chunk, 1)
	}
	sh.count++
	sh.live += len(r)
	sh.link(sh.write(r).withHash(sh.hash(r)))
}

// write appends r to the open chunk and returns its slot, without the hash.
func (sh *shard) write(r record) slot {
	var n int
	if r.alone() {
		n = sh.newChunk(len(r))
	} else {
		n = sh.openFor(len(r))
	}
	c := &sh.chunks[n]
	offset := len(c.data)
	c.data = append(c.data, r...)
	c.live += len(r)
	sh.schedule(r, n)
	return slot(n)<<offsetBits | slot(offset)
}

// schedule notes when r, which is in chunk n, may be removed.
func (sh *shard) schedule(r record, n int) {
	c := &sh.chunks[n]
	c.due = min(c.due, r.end())
	sh.due = min(sh.due, c.due)
}

// openFor returns the open chunk. If that has no room for size bytes, it opens a
// new one.
func (sh *shard) openFor(size int) int {
	for {
		n := sh.open
		if c := &sh.chunks[n]; cap(c.data)-len(c.data) >= size {
			return n
		}
		sh.open = sh.newChunk(min(max(sh.live, minChunk), maxChunk))
		sh.compact(n) // writes to the new chunk, so check its room again
	}
}

func (sh *shard) newChunk(size int) int {
	n := len(sh.chunks)
	if last := len(sh.freed) - 1; last >= 0 {
		n, sh.freed = sh.freed[last], sh.freed[:last]
	} else {
		sh.chunks = append(sh.chunks, chunk{})
	}
	sh.chunks[n] = chunk{data: make([]byte, 0, size), due: math.MaxInt64}
	return n
}

// remove removes the record at position i of the index, and compacts its chunk.
func (sh *shard) remove(i int) {
	n := sh.index[i].chunk()
	sh.erase(i)
	sh.compact(n)
}

func (sh *shard) erase(i int) {
	s := sh.index[i]
	c := &sh.chunks[s.chunk()]
	r := c.at(s.offset())
	c.live -= len(r)
	sh.live -= len(r)
	sh.count--
	r.erase()
	c.skipRemoved()
	sh.index.remove(i)
}

// compact frees chunk n if less than half of it is in use and it is not open.
func (sh *shard) compact(n int) {
	c := sh.chunks[n]
	if n == sh.open || 2*c.live >= len(c.data) {
		return
	}
	for _, r := range c.all { // c is a copy, because write may reallocate sh.chunks
		s, i := sh.write(r), sh.indexOf(r)
		sh.index[i] = s.withHash(sh.index[i].hash())
	}
	clear(c.data)
	sh.chunks[n] = chunk{}
	sh.freed = append(sh.freed, n)
}

// hash returns the same hash as Memory.locate.
func (sh *shard) hash(r record) uint64 { return hashOf(sh.seed, r.id()) >> (64 - hashBits) }

func (sh *shard) indexOf(r record) int {
	i, _ := sh.find(r.id(), sh.hash(r))
	return i
}

// sweep examines a few chunks, until it has removed from one of them the records
// that may be removed.
func (sh *shard) sweep(now int64) {
	if now < sh.due {
		return
	}
	for range maxSweep {
		if sh.swept++; sh.swept == len(sh.chunks) {
			sh.swept, sh.due = 0, sh.nextDue()
			return
		}
		c := &sh.chunks[sh.swept]
		if c.live == 0 || now < c.due {
			continue
		}
		c.due = math.MaxInt64
		for _, r := range c.all {
			if r.end() > now {
				c.due = min(c.due, r.end())
				continue
			}
			sh.erase(sh.indexOf(r))
		}
		c.due = max(c.due, now+sweepPause)
		sh.compact(sh.swept)
		return
	}
}

// nextDue returns when the next chunk is due.
func (sh *shard) nextDue() int64 {
	due := int64(math.MaxInt64)
	for i := range sh.chunks {
		if c := &sh.chunks[i]; c.live > 0 {
			due = min(due, c.due)
		}
	}
	return due
}

// evict removes one record of a shard that is not empty. It goes from chunk to
// chunk, so the record is one of the oldest. It passes over recent logouts, but
// only in maxSkip chunks.
func (sh *shard) evict(now int64) {
	for examined := 0; ; sh.victim = (sh.victim + 1) % len(sh.chunks) {
		c := &sh.chunks[sh.victim]
		if c.live == 0 {
			continue
		}
		var r record
		for _, r = range c.all {
			if !r.recentLogout(now) {
				break
			}
		}
		if examined++; !r.recentLogout(now) || examined > maxSkip {
			sh.remove(sh.indexOf(r))
			return
		}
	}
}

// owned appends the keys of the records with that tag that have not ended.
func (sh *shard) owned(keys []Key, tag ownerTag, now int64) []Key {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	for i := range sh.chunks {
		for _, r := range sh.chunks[i].all {
			if r.tag() == tag && r.end() > now {
				keys = append(keys, r.key())
			}
		}
	}
	return keys
}

// link adds a slot to the index. Before, it grows the index if it would be almost full,
// and shrinks it if it is far too large.
func (sh *shard) link(s slot) {
	switch homes := len(sh.index) - tail; {
	case sh.count*10 > homes*9:
		sh.index = sh.index.resized(homes + homes/8)
	case homes > 32 && sh.count*2 < homes:
		sh.index = sh.index.resized(homes * 5 / 8)
	}
	for !sh.index.add(s) {
		homes := len(sh.index) - tail
		sh.index = sh.index.resized(homes + homes/8)
	}
}
