package transport

import (
	"context"
	"errors"
	"net"
	"net/url"

	"github.com/hydrogen-go/baas/herror"
)

// failure returns the HError for an attempt without a complete response. Sent reports
// whether the request may have been sent.
func failure(ctx context.Context, err error, sent bool) *herror.HError {
	var (
		urlErr *url.Error
		netErr net.Error
		opErr  *net.OpError
	)
	if errors.As(err, &urlErr) {
		err = urlErr.Err // drop the URL
	}
	if errors.As(err, &opErr) && opErr.Op == "dial" {
		sent = false
	}
	switch {
	case errors.Is(err, errTooLarge):
		return herror.New(herror.InvalidResponse, "too large").WithSent(true)
	case ctx.Err() != nil:
		// The transport may have wrapped or replaced the context's error.
		return Ended(ctx.Err(), sent)
	case errors.As(err, &netErr) && netErr.Timeout():
		return herror.New(herror.RequestTimeout, "").WithCause(err).WithSent(sent)
	}
	return herror.New(herror.NetworkDisconnected, "").WithCause(err).WithSent(sent)
}

// Ended returns the error for a context that ended with cause during a request. Sent
// reports whether the request may have been sent.
func Ended(cause error, sent bool) *herror.HError {
	detail := ""
	if errors.Is(cause, context.Canceled) {
		detail = "the caller gave up"
	}
	return herror.New(herror.RequestTimeout, detail).WithCause(cause).WithSent(sent)
}

// ErrorOf returns the error that [Transport.Do] would return for a response outside 2xx,
// if the request did not have AnyStatus. Secrets are replaced in its text.
func ErrorOf(res *Response, secrets []string) *herror.HError {
	return herror.FromBackend(res.Status, redact(errorText(res.Body), secrets, ""))
}
