package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// errorReply is the code of an error reply of Redis. The text of some error replies
// repeats the arguments of the command, so it is left out.
type errorReply string

func (r errorReply) Error() string { return string(r) }

// RedisError makes an errorReply a [redis.Error], for redis.HasErrorPrefix.
func (errorReply) RedisError() {}

var _ redis.Error = errorReply("")

// errReply replaces any error whose text may contain bytes of a reply.
var errReply = errors.New("unexpected reply")

// failure returns the error of an operation on Redis.
func failure(ctx context.Context, operation string, err error) error {
	return fmt.Errorf("redisstore: %s: %w", operation, cause(ctx, err))
}

// cause returns the part of err that contains no key and no session.
func cause(ctx context.Context, err error) error {
	var (
		reply   redis.Error
		network net.Error
		peer    *tls.CertificateVerificationError
	)
	deadline, limited := ctx.Deadline()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited && !time.Now().Before(deadline): // the connection's deadline passed just before the context's
		return context.DeadlineExceeded
	case errors.As(err, &reply):
		return errorReply(code(reply.Error()))
	case errors.As(err, &peer):
		return peer
	case errors.As(err, &network):
		return network
	}
	for _, known := range []error{io.EOF, io.ErrUnexpectedEOF, redis.ErrClosed, redis.ErrPoolTimeout, redis.ErrPoolExhausted} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errReply
}

// code returns the code at the start of an error reply of Redis.
func code(text string) string {
	word, _, _ := strings.Cut(text, " ")
	if word == "" || strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return "ERR"
	}
	return word
}
