package loginproxy

import (
	"bytes"
	"errors"
	"net/http"
	"sync"

	"github.com/hydrogen-go/baas/internal/transport"
)

// buffers are reused to read bodies.
var buffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 2<<10)) }}

// maxKept limits the capacity of the buffers that are reused, in bytes.
const maxKept = 64 << 10

// body reads the whole body and trims white space.
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
		if ended := x.ctx.Err(); ended != nil {
			return "", transport.Ended(ended, false)
		}
		return "", errInput
	}
	return string(bytes.TrimSpace(b.Bytes())), nil
}
