package baastest

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// The defaults of a [Backend].
const (
	// DefaultClientID is the client id that requests must carry.
	DefaultClientID = "test-client"
	// DefaultTokenLife is how long a token lives: 30 days, as on the real backend.
	DefaultTokenLife = 2592000 * time.Second
	// DefaultJournalLimit is how many requests the journal keeps.
	DefaultJournalLimit = 10000
)

// Backend is the backend double: its users, the phones of its people, and the
// faults and journal around them. Get one from [New], or from [NewServer] with a
// listener around it.
//
// It is an [http.Handler]; [Backend.Transport] is the same backend as an
// [http.RoundTripper]. All methods are safe for concurrent use.
type Backend struct {
	clientID  string
	clock     *Clock
	tokenLife time.Duration

	faults  faultList
	journal journal

	closeOnce sync.Once
	closed    chan struct{}

	mu    sync.Mutex // guards what follows
	state *state
}

// Option sets up a [Backend].
type Option func(*Backend)

// WithClientID sets the client id that requests must carry. An empty id keeps
// [DefaultClientID].
func WithClientID(id string) Option {
	return func(b *Backend) {
		if id != "" {
			b.clientID = id
		}
	}
}

// WithClock sets the clock. Without it, a Backend runs with the real time.
func WithClock(c *Clock) Option {
	return func(b *Backend) {
		if c != nil {
			b.clock = c
		}
	}
}

// WithTokenLife sets how long tokens live; logins answer it as expires_in, in
// whole seconds. Zero or less keeps [DefaultTokenLife].
func WithTokenLife(d time.Duration) Option {
	return func(b *Backend) {
		if d > 0 {
			b.tokenLife = d
		}
	}
}

// WithJournalLimit sets how many requests the journal keeps; when it is full, the
// oldest make room. Zero or less switches the journal off.
func WithJournalLimit(n int) Option {
	return func(b *Backend) { b.journal.limit = max(n, 0) }
}

// New returns a backend without users and without a listener.
func New(opts ...Option) *Backend {
	b := &Backend{
		clientID:  DefaultClientID,
		clock:     new(Clock),
		tokenLife: DefaultTokenLife,
		closed:    make(chan struct{}),
		state:     newState(),
	}
	b.journal.limit = DefaultJournalLimit
	for _, opt := range opts {
		opt(b)
	}
	return b
}

// ClientID returns the client id that requests must carry.
func (b *Backend) ClientID() string { return b.clientID }

// Clock returns the backend's clock.
func (b *Backend) Clock() *Clock { return b.clock }

// Reset makes the backend as it was after New: no users, people, codes, tokens,
// messages, faults or journal. The clock stays. Get people anew afterwards: a
// [Phone] from before the Reset mints codes nobody knows.
func (b *Backend) Reset() {
	b.mu.Lock()
	b.state = newState()
	b.mu.Unlock()
	b.faults.clear()
	b.journal.reset()
}

// Close ends every injected delay: the requests that wait in one are cut. A
// [Server] closes itself.
func (b *Backend) Close() {
	b.closeOnce.Do(func() { close(b.closed) })
}

// Format prints the type's name only: a Backend is full of tokens.
func (b *Backend) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "baastest.Backend") }

// LogValue is what Format prints.
func (b *Backend) LogValue() slog.Value { return slog.StringValue("baastest.Backend") }
