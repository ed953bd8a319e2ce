package auth

import (
	"context"
	"net/http"

	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/user"
)

// AnonymousLogin logs in as a new anonymous user: the documented anonymousLogin, POST
// v2.0/login/anonymous/. An anonymous user cannot set account fields or link
// platforms: those calls fail with 612. Register turns the user
// into an ordinary one with the same id.
func (a *Auth) AnonymousLogin(ctx context.Context) (*user.CurrentUser, error) {
	req := &transport.Request{Method: http.MethodPost, Path: "/hserve/v2.0/login/anonymous/", Body: "{}"}
	return a.accountLogin(ctx, req, true)
}
