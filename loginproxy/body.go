package loginproxy

import (
	"bytes"
	"errors"
	"net/http"
	"sync"

	"github.com/hydrogen-go/baas/internal/transport"
)

// buffers are lent to bodies while they are read.
var buffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 2<<10)) }}

// maxKept bounds the buffers that are kept for later bodies, in bytes.
const maxKept = 64 << 10

// body reads the whole body, without the white space around it.
func (t *turn) body() (string, error) {
	if t.r.ContentLength > t.p.maxBody {
		return "", errTooLarge
	}
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxKept {
			clear(b.Bytes()) // it may have held a password
			b.Reset()
			buffers.Put(b)
		}
	}()
	if _, err := b.ReadFrom(http.MaxBytesReader(t.w, t.r.Body, t.p.maxBody)); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return "", errTooLarge
		}
		if ended := t.ctx.Err(); ended != nil {
			return "", transport.Ended(ended, false)
		}
		return "", errInput
	}
	return string(bytes.TrimSpace(b.Bytes())), nil
}
