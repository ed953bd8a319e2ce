package session

// slot is an entry of the index: bits of a record's hash, its chunk, and its offset
// in the chunk. The hash is kept so that the index can be resized without reading
// the records. The zero slot is empty, because no record is in chunk 0.
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

// index is a hash table: its slots are sorted by their hashes, with gaps. The hash of a
// slot says where its home is in the table, and the slot is there or soon after. So it
// can be almost full, a search ends at the first higher hash, and it can have any length.
type index []slot

// tail is how many positions follow the last home, for the slots that have no room
// before. The last position is always empty.
const tail = 32

// home returns the position of a slot with that hash if no other is in its way.
func (x index) home(hash uint64) int { return int(hash * uint64(len(x)-tail) >> hashBits) }

// add adds s. It returns false if there is no room for it.
func (x index) add(s slot) bool {
	i := x.home(s.hash())
	for x[i] != 0 && x[i] < s {
		i++
	}
	gap := i
	for x[gap] != 0 {
		gap++
	}
	if gap == len(x)-1 {
		return false
	}
	copy(x[i+1:gap+1], x[i:gap])
	x[i] = s
	return true
}

// remove removes the slot at position i.
func (x index) remove(i int) {
	end := i + 1
	for x[end] != 0 && x.home(x[end].hash()) < end {
		end++
	}
	copy(x[i:], x[i+1:end])
	x[end-1] = 0
}

// resized returns an index with the same slots and this many homes, or more.
func (x index) resized(homes int) index {
	other, next := make(index, homes+tail), 0
	for _, s := range x {
		if s == 0 {
			continue
		}
		next = max(next, other.home(s.hash()))
		if next == len(other)-1 {
			return x.resized(homes + homes/8)
		}
		other[next] = s
		next++
	}
	return other
}
