package auth

import (
	"context"
	"errors"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/call"
	"github.com/hydrogen-go/baas/internal/enduser"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/user"
)

// UpdatePhoneNumber sets the phone number that the user agreed to share: the
// documented updatePhoneNumber, PUT v2.5/idp/kuaishou/phone-verification/, or
// WeChat's. The platform is that of the session: of the login, or of the first
// link since, or else the code source's.
//
// Errors: 400 another number is bound and overwrite is false, or another user has
// the number; 603 data is a refusal; 604 not logged in; 605 no data, or a session
// without a platform; 611 the platform has no such call.
func (a *Auth) UpdatePhoneNumber(ctx context.Context, data *platform.AuthData, opts ...platform.PhoneOption) (*user.CurrentUser, error) {
	params := call.Defaults()
	for _, opt := range opts {
		if opt != nil {
			opt.ApplyToPhone(&params)
		}
	}
	return a.user(a.change(ctx, data, platform.CallUpdatePhone, func(p platform.Platform) (call.Request, error) {
		return p.UpdatePhone(data, &params)
	}))
}

// UpdateUserInfo replaces the user's profile by the user info in data, WeChat
// only: the documented updateUserInfo. With a code it is PUT
// v2.6/idp/wechat/user/info/ with the signed data, without one PUT v2.5/… with
// the plain user info, for data of old phones. What it sends is then the user
// info that [Auth.UserInfo] returns.
//
// Errors: 603 data is a refusal, 604 not logged in, 605 no data, 611 a session
// of another platform, 616 the update is switched off in the backend's console.
func (a *Auth) UpdateUserInfo(ctx context.Context, data *platform.AuthData, opts ...platform.ProfileOption) (*user.CurrentUser, error) {
	params := call.Defaults()
	for _, opt := range opts {
		if opt != nil {
			opt.ApplyToProfile(&params)
		}
	}
	o, err := a.change(ctx, data, platform.CallUpdateUserInfo, func(p platform.Platform) (call.Request, error) {
		return p.UpdateUserInfo(data, &params)
	})
	if info := sharedInfo(data); err == nil && info != nil {
		err = enduser.Reached(a.conn.Update(ctx, o.session.Token, func(s *session.Session) { s.UserInfo = info }))
	}
	return a.user(o, err)
}

// change sends an update that a platform's data makes and the user answers.
func (a *Auth) change(ctx context.Context, data *platform.AuthData, kind platform.Call, build func(platform.Platform) (call.Request, error)) (outcome, error) {
	if data == nil || data.Empty() {
		return outcome{}, call.Invalid("event data is missing")
	}
	if data.Refused() {
		return outcome{}, a.conn.Refusal(ctx)
	}
	s, err := a.conn.Live(ctx)
	if err != nil {
		return outcome{}, err
	}
	p, err := a.platformOf(s)
	if err != nil {
		return outcome{}, err
	}
	req, err := build(p)
	if err != nil {
		return outcome{}, err
	}
	return enduser.Flight(ctx, a.conn, "change"+req.Path+string(req.Body), func(ctx context.Context, now enduser.Stored) (outcome, error) {
		res, s, err := a.conn.DoFrom(ctx, now.Session, func(session.Session) *transport.Request { return enduser.RequestOf(req, p.Client()) })
		var failed *herror.HError
		switch {
		case errors.As(err, &failed):
			return outcome{}, p.Failure(kind, failed)
		case err != nil:
			return outcome{}, err
		}
		return userAnswer(res, s)
	})
}

// platformOf returns the platform that a session's phone is of.
func (a *Auth) platformOf(s session.Session) (platform.Platform, error) {
	name := s.Platform
	if name == "" {
		name = a.conn.CodePlatform
	}
	p, ok := platform.ByName(name)
	if !ok {
		return nil, call.Invalid("the session is of no mini-program platform: log in on one, or link it, first")
	}
	return p, nil
}
