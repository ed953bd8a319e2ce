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

// replay is a server that sends the given responses, in order, and records the
// requests as text.
type replay struct {
	*httptest.Server
	t *testing.T

	mu        sync.Mutex
	responses []wireResponse
	seen      strings.Builder
	stalled   func() // called when a request arrives that gets no response
}

func newReplay(t *testing.T) *replay {
	s := &replay{t: t}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// expect sets the responses to the next requests and clears the recorded requests.
func (s *replay) expect(stalled func(), responses ...wireResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.responses, s.stalled = responses, stalled
	s.seen.Reset()
}

// requests returns the requests since the last call of expect.
func (s *replay) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

func (s *replay) serve(w http.ResponseWriter, r *http.Request) {
	response, stalled := s.next(r)
	if response.Stalled {
		stalled()
		<-r.Context().Done()
		return
	}
	body := []byte(response.Raw)
	contentType := response.ContentType
	if contentType == "" {
		contentType, body = "application/json", response.Body
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(response.Status)
	_, err := w.Write(body)
	assert.NoError(s.t, err)
}

// next records the request and returns the response to it. An unexpected request gets
// the response 418, which is not retried.
func (s *replay) next(r *http.Request) (response wireResponse, stalled func()) {
	text := requestText(s.t, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen.WriteString(text)
	if len(s.responses) == 0 {
		return wireResponse{Status: http.StatusTeapot, Body: []byte(`{"error_msg":"not in the recording"}`)}, nil
	}
	response, s.responses = s.responses[0], s.responses[1:]
	return response, s.stalled
}

func requestText(t *testing.T, r *http.Request) string {
	request := wireRequest{Method: r.Method, Path: r.URL.RequestURI(), Headers: map[string]string{}}
	for name, values := range r.Header {
		assert.Len(t, values, 1, name)
		request.Headers[name] = values[0]
	}
	delete(request.Headers, "Content-Length") // follows from the body
	body, err := io.ReadAll(r.Body)
	assert.NoError(t, err)
	if len(body) > 0 {
		assert.NoError(t, decodeNumbers(body, &request.Body), "the body of %s is not JSON", r.URL.Path)
	}
	return request.text(t)
}
