package idp

import (
	"context"
	"errors"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
)

// Call is one of a platform's calls, checked and not sent yet. It is not changed by
// being sent, so that it can be sent again after a new login.
type Call struct {
	via     *transport.Transport
	request transport.Request
	code    [1]string // the first of the request's secrets
	// means gives statuses of the backend the meaning they have for this call.
	means map[herror.Code]herror.Code
}

// Sends returns the path and the body, which are equal for calls that do the same.
func (c *Call) Sends() (path, body string) { return c.request.Path, c.request.Body }

// Send sends the call with a session's token, empty for none. From is the name of the
// session's platform, for a call of no platform. Every error is an *herror.HError.
func (c *Call) Send(ctx context.Context, token, from string) (*transport.Response, error) {
	platform := c.request.Platform
	if platform == "" {
		platform = ClientName(from)
	}
	res, err := c.via.DoAs(ctx, &c.request, token, platform)
	if err == nil {
		return res, nil
	}
	var refused *herror.HError
	if errors.As(err, &refused) {
		if code, ok := c.means[refused.Code]; ok {
			return nil, herror.New(code, "").WithCause(refused)
		}
	}
	return nil, err
}

// ClientName returns what the requests of a session of that platform say they come
// from, "WEB" where it is of none.
func ClientName(name string) string {
	if p, ok := platform.ByName(name); ok {
		return p.Client()
	}
	return "WEB"
}
