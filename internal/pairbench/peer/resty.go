package peer

import (
	"context"
	"fmt"

	"github.com/go-resty/resty/v2"
)

// Resty is written with resty as its documentation shows it: resty.New, a base URL,
// headers of the client, SetBody, SetResult. It has resty's own transport, which keeps
// one idle connection more than there are cores. It does as little beside that as Hand.
type Resty struct{ client *resty.Client }

// NewResty returns a Resty for the backend with this URL.
func NewResty(base string) *Resty {
	client := resty.New().SetBaseURL(base)
	for _, h := range headers {
		client.SetHeader(h[0], h[1])
	}
	return &Resty{client}
}

// CloseIdleConnections closes the connections that no request uses.
func (r *Resty) CloseIdleConnections() { r.client.GetClient().CloseIdleConnections() }

// Login implements Client.
func (r *Resty) Login(ctx context.Context, code string, createUser bool) (out Login, err error) {
	err = status(r.client.R().SetContext(ctx).SetBody(loginBody{createUser, code}).SetResult(&out).Post(loginPath))
	return out, err
}

// Read implements Client.
func (r *Resty) Read(ctx context.Context, id int64, token string) (out User, err error) {
	err = status(r.authorised(ctx, token).SetResult(&out).Get(fmt.Sprintf(readPath, id)))
	return out, err
}

// Logout implements Client.
func (r *Resty) Logout(ctx context.Context, token string) error {
	return status(r.authorised(ctx, token).SetBody(struct{}{}).Post(logoutPath))
}

func (r *Resty) authorised(ctx context.Context, token string) *resty.Request {
	return r.client.R().SetContext(ctx).SetHeader("Authorization", tokenScheme+token)
}

func status(res *resty.Response, err error) error {
	if err != nil {
		return err
	}
	return statusError(res.StatusCode())
}
