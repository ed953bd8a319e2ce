package idp

import (
	"context"
	"errors"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
)

// Call is one of a platform's calls, checked and not sent yet. It is not changed by
// being sent, so that it can be sent again after a new login.
type Call struct {
	via     *transport.Transport
	request transport.Request
	// means gives statuses of the backend the meaning they have for this call.
	means map[herror.Code]herror.Code
}

// Identity is equal for calls that send the same.
func (c *Call) Identity() string { return c.request.Path + string(c.request.Body) }

// Send sends the call with a session's token, empty for none. Client is what the
// request says it comes from where the call itself does not say. Every error is an
// *herror.HError.
func (c *Call) Send(ctx context.Context, token, client string) (*transport.Response, error) {
	request := c.request
	request.Token = token
	if request.Platform == "" {
		request.Platform = client
	}
	res, err := c.via.Do(ctx, &request)
	var refused *herror.HError
	if errors.As(err, &refused) {
		if code, ok := c.means[refused.Code]; ok {
			return nil, herror.New(code, "").WithCause(refused)
		}
	}
	return res, err
}
