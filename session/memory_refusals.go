package session

import (
	"sync"
	"sync/atomic"
	"time"
)

// refusals has the times before which the logins of some owners are refused. It keeps
// each of them for Grace, because no login takes longer.
type refusals struct {
	some  atomic.Bool // whether there may be any, so that most logins take no lock
	mu    sync.RWMutex
	times map[Owner]refusal
	sweep time.Time // when those that are over are removed next
}

type refusal struct {
	before time.Time
	until  time.Time // when it is over
}

func (r *refusals) add(owner Owner, before, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !now.Before(r.sweep) {
		for of, refused := range r.times {
			if !now.Before(refused.until) {
				delete(r.times, of)
			}
		}
		r.sweep = now.Add(Grace)
	}
	if r.times == nil {
		r.times = make(map[Owner]refusal)
	}
	before = before.Truncate(Precision)
	if old := r.times[owner].before; old.After(before) {
		before = old
	}
	r.times[owner] = refusal{before, now.Add(Grace)}
	r.some.Store(true)
}

// refuse reports whether a login of owner that was sent at that time is refused. A
// refusal that is over may still refuse one: no login is under way that long.
func (r *refusals) refuse(owner Owner, sent time.Time) bool {
	if !r.some.Load() {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return sent.Truncate(Precision).Before(r.times[owner].before)
}
