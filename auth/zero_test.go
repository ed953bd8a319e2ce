package auth_test

import (
	"testing"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

// An Auth that no client made fails with 602 and does not panic.
func TestZeroAuth(t *testing.T) {
	a := new(auth.Auth)
	share := &platform.AuthData{EncryptedData: "e", IV: "i"}
	credentials := auth.Credentials{Username: "ann", Password: "p"}
	for name, call := range map[string]func() error{
		"LoginOn":           func() error { _, err := a.LoginOn(ctx, platform.QQ{}, nil, auth.Code("c")); return err },
		"SilentLogin":       func() error { _, err := a.SilentLogin(ctx, auth.Code("c")); return err },
		"Login":             func() error { _, err := a.Login(ctx, credentials); return err },
		"AnonymousLogin":    func() error { _, err := a.AnonymousLogin(ctx); return err },
		"SMS login":         func() error { _, err := a.LoginWithSmsVerificationCode(ctx, "1", "2"); return err },
		"SendSmsCode":       func() error { return a.SendSmsCode(ctx, "1") },
		"UpdatePhoneNumber": func() error { _, err := a.UpdatePhoneNumber(ctx, share); return err },
		"UserInfo":          func() error { _, err := a.UserInfo(ctx); return err },
		"CurrentUser":       func() error { _, err := a.CurrentUser(ctx); return err },
		"Me":                func() error { _, err := a.Me(ctx); return err },
		"GetUser":           func() error { _, err := a.GetUser(ctx, 1); return err },
		"Session":           func() error { _, err := a.Session(ctx); return err },
		"Request":           func() error { _, err := a.Request(ctx, auth.Request{Path: "/"}); return err },
		"Logout":            func() error { return a.Logout(ctx) },
		"ThirdPartyAuth": func() error {
			_, err := a.ThirdPartyAuth(ctx, platform.Weibo, "https://app.example/back")
			return err
		},
		"LoginWithThirdParty": func() error {
			_, err := a.LoginWithThirdParty(ctx, platform.Weibo, "t")
			return err
		},
		"OAuth": func() error {
			_, err := a.LoginWithThirdPartyAuthData(ctx, platform.OAuthData{Provider: platform.Apple, Token: "t"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { fails(t, herror.Uninitialized, call()) })
	}
}
