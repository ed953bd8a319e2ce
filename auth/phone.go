package auth

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/idp"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// UpdatePhoneNumber sets the phone number that the user agreed to share: the
// documented updatePhoneNumber, PUT v2.5/idp/kuaishou/phone-verification/, or
// WeChat's. The platform is the one that [OnPlatform] names, or else that of the
// session: of the login, or of the first link since, or else the code source's. A
// code source never logs in for it: the data would not open under a new code.
//
// Options: [Overwrite], [OnPlatform].
//
// Errors: 400 another number is bound and overwrite is false, or another user has
// the number; 603 data is a refusal; 604 not logged in; 605 no data, or a session
// without a platform; 611 the platform has no such call.
func (a *Auth) UpdatePhoneNumber(ctx context.Context, data *platform.AuthData, opts ...platform.PhoneOption) (*user.CurrentUser, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	return a.user(a.change(ctx, data, params, idp.Strategy.UpdatePhone))
}

// UpdateUserInfo updates the user's profile by the user info in data, WeChat only: the
// documented updateUserInfo. [SyncUserProfile] says whether it overwrites the profile
// or, by default, fills in only what is missing. With a code it is PUT
// v2.6/idp/wechat/user/info/ with the signed data, without one PUT v2.5/… with
// the plain user info, for data of old phones. What it sends is then the user
// info that [Auth.UserInfo] returns.
//
// Errors: 603 data is a refusal, 604 not logged in, 605 no data, 611 a session
// of another platform, 616 the update is switched off in the backend's console.
func (a *Auth) UpdateUserInfo(ctx context.Context, data *platform.AuthData, opts ...platform.ProfileOption) (*user.CurrentUser, error) {
	params, err := idp.Given(opts)
	if err != nil {
		return nil, err
	}
	r, err := a.change(ctx, data, params, idp.Strategy.UpdateUserInfo)
	if err != nil {
		return nil, err
	}
	if info := sentInfo(data, params); info != nil {
		err = visitor.Reached(a.conn.Update(ctx, r.Stored, func(s *session.Session) { s.UserInfo = info }))
	}
	return a.user(r, err)
}

// sentInfo returns the user info that UpdateUserInfo sent: with a code the signed raw
// data, without one the plain user info.
func sentInfo(data *platform.AuthData, params idp.Params) json.RawMessage {
	info := json.RawMessage(data.RawData)
	if params.Code == "" {
		info = data.UserInfo
	}
	if !json.Valid(info) {
		return nil
	}
	return bytes.Clone(info)
}

// change sends an update that a platform's data makes and whose response is the
// user. It never logs in by itself: a new login replaces the platform's session key,
// and with that the data no longer opens.
func (a *Auth) change(
	ctx context.Context, data *platform.AuthData, params idp.Params,
	build func(idp.Strategy, *platform.AuthData, *idp.Params) (*idp.Call, error),
) (visitor.Result, error) {
	if data.Empty() {
		return visitor.Result{}, check.InvalidField("data", "event data is missing")
	}
	if data.Refused() {
		return visitor.Result{}, a.conn.Refusal(ctx)
	}
	conn := a.conn.Manual()
	live, err := conn.Live(ctx)
	if err != nil {
		return visitor.Result{}, err
	}
	strategy, err := a.strategyOf(params, live.Session)
	if err != nil {
		return visitor.Result{}, err
	}
	call, err := build(strategy, data, &params)
	if err != nil {
		return visitor.Result{}, err
	}
	return visitor.Dedupe(ctx, conn.From(live.Stored), visitor.IDOf("change", call), func(ctx context.Context, now visitor.Stored) (visitor.Result, error) {
		res, now, err := conn.DoFrom(ctx, now, visitor.Always(call))
		if err != nil {
			return visitor.Result{}, err
		}
		u, _, err := response.ParseUser(res.Body)
		return visitor.Result{Stored: now, User: u}, err
	})
}

// strategyOf returns the strategy of the platform that the data comes from: the one
// that the caller names, or else that of the session.
func (a *Auth) strategyOf(params idp.Params, s session.Session) (idp.Strategy, error) {
	if params.Platform != nil {
		return a.conn.IDPs.Of(params.Platform)
	}
	p, ok := platform.ByName(cmp.Or(s.Platform, a.conn.CodePlatform))
	if !ok {
		return nil, check.InvalidField("platform", "the session is of no mini-program platform: name one with OnPlatform")
	}
	return a.conn.IDPs.Of(p)
}
