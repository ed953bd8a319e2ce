package baastest

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
)

// Backend is the backend double: its users, the phones of its people, its faults and
// its journal. [New] makes one without a listener, [NewServer] one with a listener.
//
// It is an [http.Handler]; [Backend.Transport] is the same backend as an
// [http.RoundTripper]. All methods are safe for concurrent use.
type Backend struct {
	config

	faults  faultList
	journal journal
	changes changes

	closeOnce sync.Once
	closed    chan struct{}

	mu    sync.Mutex // guards what follows
	state *state
}

// New returns a backend without users and without a listener. The error of a bad
// option has code 605.
func New(opts ...Option) (*Backend, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return &Backend{
		config:  c,
		journal: journal{limit: c.journalLimit},
		closed:  make(chan struct{}),
		state:   newState(),
	}, nil
}

// ClientID returns the client id that requests must carry.
func (b *Backend) ClientID() string { return b.clientID }

// ClientSecret returns the client secret that requests for a token of the Open API must
// carry.
func (b *Backend) ClientSecret() string { return b.clientSecret }

// Clock returns the backend's clock.
func (b *Backend) Clock() *Clock { return b.clock }

// Reset makes the backend as it was after New: no users, people, codes, tokens,
// messages, faults or journal. The clock stays. Get people anew afterwards: the
// codes of a [Phone] from before the Reset are unknown.
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

// LogValue returns what Format prints.
func (b *Backend) LogValue() slog.Value { return slog.StringValue("baastest.Backend") }
