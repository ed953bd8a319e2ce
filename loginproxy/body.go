package loginproxy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/hydrogen-go/baas/internal/transport"
)

// buffers are reused to read bodies.
var buffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 2<<10)) }}

// maxKept limits the capacity of the buffers that are reused, in bytes.
const maxKept = 64 << 10

// limitRead makes reading the request's body fail when the time for the request is
// over. The server may have a shorter timeout of its own. It is best effort: a
// ResponseWriter need not support it. It also limits how long net/http waits for a body
// that no handler reads. Once a body is complete, net/http removes the deadline.
func (x *exchange) limitRead() {
	if x.r.Body == nil || x.r.Body == http.NoBody {
		return
	}
	timeout := x.p.backend.Transport.Timeout()
	if s, ok := x.r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ReadTimeout > 0 && s.ReadTimeout <= timeout {
		return
	}
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(timeout))
}

// jsonSpace is the white space of JSON.
const jsonSpace = " \t\r\n"

// body reads the whole body and trims the white space of JSON.
func (x *exchange) body() (string, error) {
	if x.r.ContentLength > x.p.maxBody {
		return "", errTooLarge
	}
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxKept {
			clear(b.Bytes()) // it may hold a password
			b.Reset()
			buffers.Put(b)
		}
	}()
	if _, err := b.ReadFrom(http.MaxBytesReader(x.w, x.r.Body, x.p.maxBody)); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return "", errTooLarge
		}
		ended := x.ctx.Err()
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(ended, context.DeadlineExceeded) {
			return "", errSlowBody
		}
		if ended != nil {
			return "", transport.Ended(ended, false)
		}
		return "", errBrokenBody
	}
	return string(bytes.Trim(b.Bytes(), jsonSpace)), nil
}
