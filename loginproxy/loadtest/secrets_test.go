package loadtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// secrets checks that no response has a token of the backend, and that no error and no
// log has one or a session id.
type secrets struct {
	mu     sync.Mutex
	tokens map[string]struct{}
	ids    map[string]struct{}
	leaks  []error
	logged bytes.Buffer // the first lines
}

// secretPattern matches whatever may be a token of the double, 26 characters in lower
// case, or a session id, 43 characters.
var secretPattern = regexp.MustCompile(`[A-Za-z0-9_-]{20,}`)

// reset forgets the tokens and the session ids.
func (s *secrets) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens, s.ids = nil, nil
}

func (s *secrets) addToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil {
		s.tokens = make(map[string]struct{})
	}
	s.tokens[token] = struct{}{}
}

// checkResponse checks a response of the proxy, which may give a new session id.
func (s *secrets) checkResponse(header http.Header, body []byte, id string) error {
	var text bytes.Buffer
	_ = header.Write(&text)
	text.Write(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "" {
		if s.ids == nil {
			s.ids = make(map[string]struct{})
		}
		if _, taken := s.ids[id]; taken {
			return errors.New("a session id was given twice")
		}
		s.ids[id] = struct{}{}
	}
	for _, word := range secretPattern.FindAll(text.Bytes(), -1) {
		if _, ok := s.tokens[string(word)]; ok {
			return errors.New("a response has a token of the backend")
		}
	}
	return nil
}

// checkError checks all texts of an error.
func (s *secrets) checkError(err error) {
	if err != nil {
		s.check("an error of the store", fmt.Appendf(nil, "%v %+v %#v", err, err, err))
	}
}

func (s *secrets) check(where string, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, word := range secretPattern.FindAll(text, -1) {
		_, token := s.tokens[string(word)]
		_, id := s.ids[string(word)]
		if (token || id) && len(s.leaks) < maxFailures {
			s.leaks = append(s.leaks, fmt.Errorf("%s has a token or a session id", where))
		}
	}
}

// Write checks a line of a log.
func (s *secrets) Write(line []byte) (int, error) {
	s.check("a log", line)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logged.Len() < 4<<10 {
		s.logged.Write(line)
	}
	return len(line), nil
}

// Printf is the log of the Redis client.
func (s *secrets) Printf(_ context.Context, format string, args ...any) {
	_, _ = fmt.Fprintf(s, format+"\n", args...)
}

// takeRedisLog has the Redis clients log to s until the end of the test.
func (s *secrets) takeRedisLog(t *testing.T) {
	redis.SetLogger(s)
	t.Cleanup(func() { redis.SetLogger(stderrLog{}) })
}

// stderrLog is the default log of the Redis clients.
type stderrLog struct{}

// Printf writes a line.
func (stderrLog) Printf(_ context.Context, format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, "redis: "+format+"\n", args...)
}

func (s *secrets) requireNoneLeaked(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NoError(t, errors.Join(s.leaks...))
	require.NotEmpty(t, s.tokens, "no token was seen")
}
