package loginproxy

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/access"
	"github.com/hydrogen-go/baas/user"
)

// link is POST link/{platform}.
func (x *exchange) link(in *linkInput) error {
	v, err := x.visitor()
	if err != nil {
		return err
	}
	me := access.NewMe(connOf(v.atOnce()), v.stored.Session).(*user.Me)
	linked, err := me.LinkOn(x.ctx, x.platform, in.data, in.linkOptions()...)
	if err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		UserID  int64  `json:"user_id"`
		OpenID  string `json:"openid"`
		UnionID string `json:"unionid,omitempty"`
		Alipay  string `json:"alipay_user_id,omitempty"`
	}{linked.UserID, linked.OpenID, linked.UnionID, linked.AlipayUserID})
	if err == nil {
		err = checkShown(string(body), v.stored.Session)
	}
	if err != nil {
		return err
	}
	x.respond(http.StatusOK, string(body))
	return nil
}

// phone is POST phone.
func (x *exchange) phone(in *phoneInput) error {
	v, err := x.visitor()
	if err != nil {
		return err
	}
	x.event.Platform = v.Platform()
	if in.platform != nil {
		x.event.Platform = in.platform.Name()
	}
	u, err := v.atOnce().UpdatePhoneNumber(x.ctx, in.data, in.options...)
	if err != nil {
		return err
	}
	return x.respondUser(v.stored.Session, u)
}

// me is GET me.
func (x *exchange) me() error {
	v, err := x.visitor()
	if err != nil {
		return err
	}
	u, err := v.atOnce().CurrentUser(x.ctx)
	if err != nil {
		return err
	}
	return x.respondUser(v.stored.Session, u)
}

// logout is POST logout. It succeeds once the session is forgotten here, because
// nobody has the backend's token after that. A logout without a session succeeds too.
func (x *exchange) logout(*emptyInput) error {
	ctx, cancel := detach(x.ctx) // a phone that hangs up is logged out all the same
	defer cancel()
	if x.p.cookie != "" { // also where the store fails: no page can delete an HttpOnly cookie
		x.p.setCookie(x.w, "", -1)
	}
	v, err := x.visitorToReplace(x.visitorOrNil(ctx))
	if err != nil {
		return err
	}
	if v != nil {
		if err := x.forget(ctx, v); err != nil {
			return err
		}
		if err := x.destroy(v.stored.Session); err != nil {
			x.noteFailure(herror.CodeOf(err), err)
		}
	}
	if err := x.forgetUnreadable(ctx); err != nil {
		return err
	}
	x.respondEmpty()
	return nil
}

// forget removes the session of a logout from the store and calls the hook.
func (x *exchange) forget(ctx context.Context, v *Visitor) error {
	ended, err := connOf(v.auth).From(v.stored).Forget(ctx)
	if err != nil {
		return err
	}
	if x.p.onLogout != nil && !ended.IsZero() { // else another logout came first
		x.p.onLogout(context.WithoutCancel(x.r.Context()), v)
	}
	return nil
}
