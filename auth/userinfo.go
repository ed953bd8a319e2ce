package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// LoginInfo is what the documented wx.BaaS.login(false) gives.
type LoginInfo struct {
	ID      int64
	OpenID  string
	UnionID string
	// SessionExpiresAt is when the session ends.
	SessionExpiresAt time.Time
}

// UserInfo is what the documented wx.BaaS.handleUserInfo and wx.BaaS.login() give:
// the user info that the user shared, and the user's ids.
type UserInfo struct {
	LoginInfo
	NickName  string
	AvatarURL string
	// Gender is 0 unknown, 1 male, 2 female.
	Gender   int
	City     string
	Province string
	Country  string
	Language string
}

// SilentLogin logs in without asking the user anything, WeChat only: the documented
// wx.BaaS.login(false), POST v2.5/idp/wechat/silent-login/. Without a code it reuses a
// stored session that is live and not of another platform, and sends nothing.
//
// Errors: 404 no account and createUser is false, 605 no code.
func (a *Auth) SilentLogin(ctx context.Context, opts ...platform.LoginOption) (LoginInfo, error) {
	l, err := visitor.NewLogin(a.conn, platform.WeChat{}, nil, opts)
	if err != nil {
		return LoginInfo{}, err
	}
	r, err := l.Do(ctx)
	if err != nil {
		return LoginInfo{}, err
	}
	return infoOf(r.Session), nil
}

// HandleUserInfo logs in with the data of a WeChat button event: the documented
// wx.BaaS.handleUserInfo, POST v2.5/idp/wechat/authenticate/ with user info,
// …/phone-login/ with a phone number. The code belongs to data: the phone gets it
// first.
//
// Errors: 404 no account and createUser is false; 603 data is a refusal, with the
// ids that are known; 605 no data or no code.
func (a *Auth) HandleUserInfo(ctx context.Context, data *platform.AuthData, opts ...platform.LoginOption) (*UserInfo, error) {
	if data.Empty() {
		return nil, check.InvalidField("data", "event data is missing")
	}
	l, err := visitor.NewLogin(a.conn, platform.WeChat{}, data, opts)
	if err != nil {
		return nil, err
	}
	if l.Refused() {
		return nil, l.Refusal(ctx)
	}
	r, err := l.Do(ctx)
	if err != nil {
		return nil, err
	}
	info := userInfoOf(r.Session)
	if len(r.Session.UserInfo) == 0 {
		info.fromUser(r.Fields)
	}
	return info, nil
}

// UserInfo returns the user info that came with the login: the documented
// wx.BaaS.login() of version 1. Nothing is sent as long as the session lives.
//
// Errors: 603 the user shared none, 604 not logged in.
func (a *Auth) UserInfo(ctx context.Context) (*UserInfo, error) {
	r, err := a.conn.Live(ctx)
	if err != nil {
		return nil, err
	}
	if len(r.Session.UserInfo) == 0 {
		return nil, visitor.RefusedBy(r.Session)
	}
	return userInfoOf(r.Session), nil
}

func infoOf(s session.Session) LoginInfo {
	return LoginInfo{s.UserID, s.OpenID, s.UnionID, s.ExpiresAt}
}

func userInfoOf(s session.Session) *UserInfo {
	info := &UserInfo{LoginInfo: infoOf(s)}
	f := response.Fields(s.UserInfo)
	info.NickName, info.AvatarURL = response.Str(f.Get("nickName")), response.Str(f.Get("avatarUrl"))
	info.rest(f)
	return info
}

// fromUser fills in the fields of the backend's user, where the phone sent no user info.
func (u *UserInfo) fromUser(f response.Fields) {
	u.NickName, u.AvatarURL = response.Str(f.Get("nickname")), response.Str(f.Get("avatar"))
	u.rest(f)
}

// rest reads the fields that have the same name on phones and in the backend.
func (u *UserInfo) rest(f response.Fields) {
	u.Gender = int(response.Int(f.Get("gender")))
	u.City, u.Province = response.Str(f.Get("city")), response.Str(f.Get("province"))
	u.Country, u.Language = response.Str(f.Get("country")), response.Str(f.Get("language"))
}

// loginInfoJSON has the documented names.
type loginInfoJSON struct {
	ID        int64  `json:"id"`
	OpenID    string `json:"openid"`
	UnionID   string `json:"unionid"`
	ExpiresAt int64  `json:"session_expires_at"`
}

func (i LoginInfo) json() loginInfoJSON {
	j := loginInfoJSON{ID: i.ID, OpenID: i.OpenID, UnionID: i.UnionID}
	if !i.SessionExpiresAt.IsZero() {
		j.ExpiresAt = i.SessionExpiresAt.Unix()
	}
	return j
}

// MarshalJSON returns the documented JSON, with session_expires_at in unix seconds.
func (i LoginInfo) MarshalJSON() ([]byte, error) { return json.Marshal(i.json()) }

// MarshalJSON returns the documented JSON, with session_expires_at in unix seconds.
func (u UserInfo) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		loginInfoJSON
		NickName  string `json:"nickName"`
		AvatarURL string `json:"avatarUrl"`
		Gender    int    `json:"gender"`
		City      string `json:"city"`
		Province  string `json:"province"`
		Country   string `json:"country"`
		Language  string `json:"language"`
	}{u.LoginInfo.json(), u.NickName, u.AvatarURL, u.Gender, u.City, u.Province, u.Country, u.Language})
}

// String returns the user's id.
func (u *UserInfo) String() string { return fmt.Sprintf("userinfo{%d}", u.ID) }
