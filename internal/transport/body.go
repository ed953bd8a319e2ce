package transport

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

var errTooLarge = errors.New("response too large")

// buffer is a buffer for reading a response, with the limit that it is read through.
type buffer struct {
	bytes.Buffer
	limit io.LimitedReader
}

// maxBuffer is the size of the largest buffer that goes back into the pool, in bytes.
const maxBuffer = 64 << 10

var (
	buffers = sync.Pool{New: func() any {
		b := new(buffer)
		b.Grow(4 << 10)
		return b
	}}
	unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}
)

// readAll reads the whole body, so that the connection can be reused, and closes it.
// A body in gzip is decompressed if this package asked for it; see [headers.asksGzip].
func readAll(res *http.Response, askedGzip bool) (string, error) {
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode < http.StatusOK || res.Body == http.NoBody:
		return "", nil // after a switch of protocols, the body would not end
	case res.ContentLength > MaxResponse:
		return "", errTooLarge
	case askedGzip && strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip"):
		return readGzip(res)
	}
	return readLimited(res.Body)
}

// readGzip is readAll for a body in gzip. As in net/http, the header no longer shows
// that the body was compressed.
func readGzip(res *http.Response) (string, error) {
	res.Header.Del("Content-Encoding")
	res.Header.Del("Content-Length")
	z := unzippers.Get().(*gzip.Reader)
	defer unzippers.Put(z)
	switch err := z.Reset(res.Body); {
	case errors.Is(err, io.EOF):
		return "", nil // an empty body, which net/http accepts too
	case err != nil:
		return "", err
	}
	return readLimited(z)
}

func readLimited(r io.Reader) (string, error) {
	b := buffers.Get().(*buffer)
	defer b.release()
	b.limit = io.LimitedReader{R: r, N: MaxResponse + 1}
	n, err := b.ReadFrom(&b.limit)
	if err == nil && n > MaxResponse {
		err = errTooLarge
	}
	return b.String(), err
}

// release puts the buffer back into the pool, without what it holds: that may have a token.
func (b *buffer) release() {
	if b.Cap() > maxBuffer {
		return
	}
	clear(b.Bytes())
	b.Reset()
	b.limit.R = nil
	buffers.Put(b)
}
