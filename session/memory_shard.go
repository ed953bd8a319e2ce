package session

import (
	"hash/maphash"
	"math"
	"sync"
)

const (
	smallChunk = 2 << 10  // bytes of a chunk at least; a larger record has a chunk to itself
	largeChunk = 16 << 10 // and at most, and what a shard's chunks grow to

	sweepLooks = 4 // chunks looked at by a write
	evictLooks = 8 // chunks of nothing but recent logouts passed over

	// A chunk once swept is left alone for this many milliseconds, so that one whose
	// records end one by one is not read for each of them.
	sweepPause = 5 * 60 * 1000
)

// shard is a log of records with a hash table to find them. New records go to the
// end of the open chunk; one that goes away leaves a dead record, and a chunk less
// than half alive is freed, its records moved to the open one. Records written
// together mostly expire together, so most chunks die whole.
type shard struct {
	seed   maphash.Seed
	mu     sync.RWMutex
	index  []slot // open addressing with linear probing; the length is a power of two
	count  int    // records in the index
	live   int    // bytes of those
	chunks []chunk
	holes  []int // chunks that were freed
	open   int   // the chunk written to
	hand   int   // the chunk swept last
	victim int   // the chunk to evict from
}

// find returns the record with this id and its place in the index, or else nil.
func (sh *shard) find(id recordID, hash uint64) (int, record) {
	if len(sh.index) == 0 {
		return 0, nil
	}
	mask := uint64(len(sh.index) - 1)
	for i := hash & mask; sh.index[i] != 0; i = (i + 1) & mask {
		if s := sh.index[i]; s.hash() == hash {
			if r := sh.chunks[s.chunk()].at(s.offset()); r.id() == id {
				return int(i), r
			}
		}
	}
	return 0, nil
}

// put stores r in the place of current, the record with its id at index i, or
// beside the others if that is nil.
func (sh *shard) put(r record, i int, current record) {
	if current != nil && len(current) == len(r) {
		copy(current, r)
		c := &sh.chunks[sh.index[i].chunk()]
		c.due = min(c.due, r.end())
		return
	}
	if current != nil {
		sh.drop(i)
	}
	sh.fit()
	sh.count++
	sh.live += len(r)
	place := sh.write(r)
	sh.link(place.withHash(sh.hash(r)))
}

// write appends r to the open chunk and returns where it is, the hash left out.
func (sh *shard) write(r record) slot {
	var n int
	if len(r) > smallChunk {
		n = sh.newChunk(len(r))
	} else {
		n = sh.openFor(len(r))
	}
	c := &sh.chunks[n]
	offset := len(c.data)
	c.data = append(c.data, r...)
	c.live += len(r)
	c.due = min(c.due, r.end())
	return slot(n)<<offsetBits | slot(offset)
}

// openFor returns the open chunk, a new one if that has no room for size bytes.
func (sh *shard) openFor(size int) int {
	for {
		n := sh.open
		if c := &sh.chunks[n]; cap(c.data)-len(c.data) >= size {
			return n
		}
		sh.open = sh.newChunk(min(max(sh.live, smallChunk), largeChunk))
		sh.squeeze(n) // writes to the new one, so look again
	}
}

func (sh *shard) newChunk(size int) int {
	n := len(sh.chunks)
	if last := len(sh.holes) - 1; last >= 0 {
		n, sh.holes = sh.holes[last], sh.holes[:last]
	} else {
		sh.chunks = append(sh.chunks, chunk{})
	}
	sh.chunks[n] = chunk{data: make([]byte, 0, size), due: math.MaxInt64}
	return n
}

// drop forgets the record at index i.
func (sh *shard) drop(i int) {
	n := sh.index[i].chunk()
	sh.kill(i)
	sh.squeeze(n)
}

func (sh *shard) kill(i int) {
	s := sh.index[i]
	c := &sh.chunks[s.chunk()]
	r := c.at(s.offset())
	c.live -= len(r)
	sh.live -= len(r)
	sh.count--
	r.kill()
	sh.unlink(i)
}

// squeeze frees chunk n if less than half of it is alive and it is not open.
func (sh *shard) squeeze(n int) {
	c := sh.chunks[n]
	if n == sh.open || 2*c.live >= len(c.data) {
		return
	}
	for _, r := range c.all { // c is a copy: the writing may move the chunks themselves
		place, i := sh.write(r), sh.indexOf(r)
		sh.index[i] = place.withHash(sh.index[i].hash())
	}
	clear(c.data)
	sh.chunks[n] = chunk{}
	sh.holes = append(sh.holes, n)
}

// hash returns what Memory.locate does.
func (sh *shard) hash(r record) uint64 { return hashOf(sh.seed, r.id()) >> (64 - hashBits) }

func (sh *shard) indexOf(r record) int {
	i, _ := sh.find(r.id(), sh.hash(r))
	return i
}

// sweep looks at some chunks, and drops from one what may be forgotten.
func (sh *shard) sweep(now int64) {
	for range sweepLooks {
		sh.hand = (sh.hand + 1) % len(sh.chunks)
		c := &sh.chunks[sh.hand]
		if c.live == 0 || now < c.due {
			continue
		}
		c.due = math.MaxInt64
		for _, r := range c.all {
			if r.end() > now {
				c.due = min(c.due, r.end())
				continue
			}
			sh.kill(sh.indexOf(r))
		}
		c.due = max(c.due, now+sweepPause)
		sh.squeeze(sh.hand)
		return
	}
}

// evict drops one record, of a shard that has some: one of the oldest, for it goes
// from chunk to chunk, but for recent logouts if it sees anything else.
func (sh *shard) evict(now int64) {
	for looks := 0; ; sh.victim = (sh.victim + 1) % len(sh.chunks) {
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
		if looks++; !r.recentLogout(now) || looks > evictLooks {
			sh.drop(sh.indexOf(r))
			return
		}
	}
}

// fit makes room in the index for one record more, or gives back what is far too much.
func (sh *shard) fit() {
	switch size := len(sh.index); {
	case size == 0:
		sh.index, sh.chunks = make([]slot, 16), make([]chunk, 1)
	case (sh.count+1)*4 > size*3:
		sh.resize(size * 2)
	case size > 64 && sh.count*8 < size:
		sh.resize(size / 2)
	}
}

func (sh *shard) resize(size int) {
	old := sh.index
	sh.index = make([]slot, size)
	for _, s := range old {
		if s != 0 {
			sh.link(s)
		}
	}
}

func (sh *shard) link(s slot) {
	mask := uint64(len(sh.index) - 1)
	i := s.hash() & mask
	for sh.index[i] != 0 {
		i = (i + 1) & mask
	}
	sh.index[i] = s
}

// unlink empties place i of the index and moves up what came after it, so that
// every record is still found from its first place on.
func (sh *shard) unlink(i int) {
	mask := len(sh.index) - 1
	for j := (i + 1) & mask; sh.index[j] != 0; j = (j + 1) & mask {
		first := int(sh.index[j].hash()) & mask
		if (j-first)&mask >= (j-i)&mask {
			sh.index[i] = sh.index[j]
			i = j
		}
	}
	sh.index[i] = 0
}
