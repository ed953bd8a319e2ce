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

// refusal is an error that Redis answered, cut down to its code: the text of some
// repeats the arguments of the command.
type refusal string

func (r refusal) Error() string { return string(r) }

// RedisError makes a refusal a [redis.Error], for redis.HasErrorPrefix.
func (refusal) RedisError() {}

var _ redis.Error = refusal("")

// errAnswer stands for all that is not known to be free of an answer's bytes.
var errAnswer = errors.New("no understandable answer")

// failure returns the error of an operation on Redis.
func failure(ctx context.Context, operation string, err error) error {
	return fmt.Errorf("redisstore: %s: %w", operation, cause(ctx, err))
}

// cause returns the part of err that holds neither key nor session.
func cause(ctx context.Context, err error) error {
	var (
		answer  redis.Error
		network net.Error
		peer    *tls.CertificateVerificationError
	)
	deadline, limited := ctx.Deadline()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited && !time.Now().Before(deadline): // the connection's timer was faster than the context's
		return context.DeadlineExceeded
	case errors.As(err, &answer):
		return refusal(code(answer.Error()))
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
	return errAnswer
}

// code returns the code that the text of an error of Redis begins with.
func code(text string) string {
	word, _, _ := strings.Cut(text, " ")
	if word == "" || strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return "ERR"
	}
	return word
}
