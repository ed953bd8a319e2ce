package conformance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// replay is a server that gives the answers it was told, in order, and keeps the
// requests it got as text.
type replay struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	answers []wireAnswer
	seen    strings.Builder
	stalled func() // called once a request is in that gets no answer
}

func newReplay(t *testing.T) *replay {
	s := &replay{t: t}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// expect sets the answers to the requests to come and forgets those that came.
func (s *replay) expect(stalled func(), answers ...wireAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers, s.stalled = answers, stalled
	s.seen.Reset()
}

// requests returns what came since the last expect.
func (s *replay) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

func (s *replay) serve(w http.ResponseWriter, r *http.Request) {
	answer, stalled := s.next(r)
	if answer.Stalled {
		stalled()
		<-r.Context().Done()
		return
	}
	body := []byte(answer.Raw)
	contentType := answer.ContentType
	if contentType == "" {
		contentType, body = "application/json", answer.Body
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(answer.Status)
	_, err := w.Write(body)
	assert.NoError(s.t, err)
}

// next notes the request and returns the answer to it. A request that nobody
// expects is answered 418, which nobody retries.
func (s *replay) next(r *http.Request) (answer wireAnswer, stalled func()) {
	text := requestText(s.t, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen.WriteString(text)
	if len(s.answers) == 0 {
		return wireAnswer{Status: http.StatusTeapot, Body: []byte(`{"error_msg":"not in the recording"}`)}, nil
	}
	answer, s.answers = s.answers[0], s.answers[1:]
	return answer, s.stalled
}

func requestText(t *testing.T, r *http.Request) string {
	request := wireRequest{Method: r.Method, Path: r.URL.RequestURI(), Headers: map[string]string{}}
	for name, values := range r.Header {
		assert.Len(t, values, 1, name)
		request.Headers[name] = values[0]
	}
	delete(request.Headers, "Content-Length") // says nothing that the body does not
	body, err := io.ReadAll(r.Body)
	assert.NoError(t, err)
	if len(body) > 0 {
		assert.NoError(t, decodeNumbers(body, &request.Body), "the body of %s is not JSON", r.URL.Path)
	}
	return request.text(t)
}
