package loadtest_test

import (
	"context"
	"errors"
	"sync"
	"time"
)

// fate is what a phone knows about one of its session ids.
type fate struct {
	// asked and born are when the phone sent the login and when it got the id: Redis stored
	// the session between them.
	asked, born time.Time
	// leaving and died are when the phone sent what ends the session, the last time, and
	// when the end was confirmed; zero before that.
	leaving, died time.Time
	// uncertain is set by an error after which the session may have ended. It may also
	// end later, when a paused Redis does what it was asked.
	uncertain bool
}

func (v *visit) fate(id string) *fate {
	f := v.sessions[id]
	if f == nil {
		f = new(fate)
		v.sessions[id] = f
	}
	return f
}

// leave notes that what ends a session is sent now, if there is one, and returns the time.
func (v *visit) leave(id string) time.Time {
	now := time.Now()
	if id != "" {
		v.fate(id).leaving = now
	}
	return now
}

func (v *visit) noteUncertain(id string, failed response) {
	if failed.uncertain() {
		v.fate(id).uncertain = true
	}
}

// mayHaveEnded reports whether a session, or its logout, may have been lost.
func (v *visit) mayHaveEnded(id string) bool {
	f := v.fate(id)
	return f.uncertain || v.w.losses.since(f.asked)
}

// dead checks that the session id is dead on all replicas. If Redis may have lost the
// logout, the user logs out again.
func (v *visit) dead(ctx context.Context, id string) error {
	f := v.fate(id)
	if f.died.IsZero() {
		f.died = time.Now()
	}
	if f.leaving.IsZero() { // by an injected 401
		f.leaving = f.died
	}
	err := v.w.dead(ctx, id)
	if !errors.Is(err, errRevived) || !v.w.losses.excuseRevival(f.leaving, f.died) {
		return err
	}
	if err := v.sendLogout(ctx, v.anyReplica(), id); err != nil {
		return err
	}
	f.died = time.Now()
	return v.w.dead(ctx, id)
}

// loss is a loss of writes that Redis had confirmed.
type loss struct {
	// from and to bound the time at which the lost writes were confirmed. A zero from
	// means all writes, so that no logout can be undone. A zero to means that the loss
	// goes on.
	from, to time.Time
	// only reports whether a session can be lost, by its id; nil: every one.
	only func(id string) bool
}

// covers reports whether a write can be lost that Redis made between the times.
func (l *loss) covers(sent, confirmed time.Time) bool {
	return !confirmed.Before(l.from) && (l.to.IsZero() || !sent.After(l.to))
}

// losses are what Redis has lost, as the test that makes it lose them knows, and what of
// that the phones have noticed.
type losses struct {
	mu      sync.Mutex
	list    []*loss
	ended   int // sessions that were lost
	revived int // sessions whose logout was lost
	// earliest is the earliest time of a write that was lost, apart from those of a loss of
	// all writes.
	earliest time.Time
}

// begin begins a loss, and returns a func that ends it.
func (l *losses) begin(from time.Time, only func(string) bool) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := &loss{from: from, only: only}
	l.list = append(l.list, lost)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		lost.to = time.Now()
	}
}

// since reports whether anything was lost after t.
func (l *losses) since(t time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lost := range l.list {
		if lost.to.IsZero() || !lost.to.Before(t) {
			return true
		}
	}
	return false
}

// excuseEnd reports whether a session may be lost, by the times of its login.
func (l *losses) excuseEnd(id string, asked, born time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lost := range l.list {
		if lost.covers(asked, born) && (lost.only == nil || lost.only(id)) {
			l.ended++
			l.note(lost, born)
			return true
		}
	}
	return false
}

// excuseRevival reports whether the end of a session may be lost, by its times.
func (l *losses) excuseRevival(leaving, died time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lost := range l.list {
		if !lost.from.IsZero() && lost.covers(leaving, died) {
			l.revived++
			l.note(lost, died)
			return true
		}
	}
	return false
}

func (l *losses) note(lost *loss, t time.Time) {
	if !lost.from.IsZero() && (l.earliest.IsZero() || t.Before(l.earliest)) {
		l.earliest = t
	}
}

func (l *losses) counts() (ended, revived int, earliest time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended, l.revived, l.earliest
}
