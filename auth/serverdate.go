package auth

import (
	"context"
	"net/http"
	"time"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
)

// GetServerDate returns the backend's time, in the time zone that the app has in the
// backend's console: the documented getServerDate, GET v2.2/server/time/. Nobody need
// be logged in.
func (a *Auth) GetServerDate(ctx context.Context) (time.Time, error) {
	req := &transport.Request{Method: http.MethodGet, Path: "/hserve/v2.2/server/time/"}
	res, err := a.conn.DoPublic(ctx, a.conn.Plain(req))
	if err != nil {
		return time.Time{}, err
	}
	fields, err := response.Object(res.Body, "server time")
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, response.Str(fields.Get("time")))
	if err != nil {
		return time.Time{}, herror.New(herror.InvalidResponse, "no time").WithSent(true)
	}
	return t, nil
}
