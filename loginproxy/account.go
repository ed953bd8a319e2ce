package loginproxy

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/hydrogen-go/baas/herror"
)

// link is POST link/{platform}.
func (t *turn) link() error {
	var in proof
	if err := t.read(&in); err != nil {
		return err
	}
	v, err := t.visitor()
	if err != nil {
		return err
	}
	linked, err := v.me.LinkOn(t.ctx, t.platform, in.data, in.linkOptions()...)
	if err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		UserID  int64  `json:"user_id"`
		OpenID  string `json:"openid"`
		UnionID string `json:"unionid,omitempty"`
	}{linked.UserID, linked.OpenID, linked.UnionID})
	if err != nil {
		return err
	}
	t.write(http.StatusOK, body)
	return nil
}

// phone is POST phone.
func (t *turn) phone() error {
	var in number
	if err := t.read(&in); err != nil {
		return err
	}
	v, err := t.visitor()
	if err != nil {
		return err
	}
	t.event.Platform = v.Platform()
	u, err := v.auth.UpdatePhoneNumber(t.ctx, in.data, in.opts...)
	if err != nil {
		return err
	}
	return t.answerUser(v.session, u)
}

// me is GET me.
func (t *turn) me() error {
	v, err := t.visitor()
	if err != nil {
		return err
	}
	u, err := v.User(t.ctx)
	if err != nil {
		return err
	}
	return t.answerUser(v.session, u)
}

// logout is POST logout. It succeeds once the session is forgotten here, for
// without it nobody has the backend's token any more.
func (t *turn) logout() error {
	if err := t.read(empty{}); err != nil {
		return err
	}
	ctx, cancel := late(t.ctx) // a phone that hangs up is logged out all the same
	defer cancel()
	v, err := t.maybeVisitor(ctx)
	if err != nil {
		return err
	}
	if v != nil {
		if err := t.forget(ctx, v); err != nil {
			return err
		}
		t.event.Code = herror.CodeOf(t.destroy(v.session))
	}
	if t.p.cookie != "" {
		t.p.setCookie(t.w, "", -1)
	}
	t.ok()
	return nil
}

// forget forgets a session for good, and tells the hook.
func (t *turn) forget(ctx context.Context, v *Visitor) error {
	if _, err := connOf(v.auth).Forget(ctx); err != nil {
		return err
	}
	if t.p.onLogout != nil {
		t.p.onLogout(context.WithoutCancel(t.r.Context()), v)
	}
	return nil
}
