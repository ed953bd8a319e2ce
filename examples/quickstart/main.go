// Command quickstart shows the documented logins, from the phone to the backend. A
// double of the backend and the user's phones run inside this process: it needs no
// account, no network and no phone.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/user"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run makes the calls for one user, Ann, and writes one line per call to w.
func run(ctx context.Context, w io.Writer) error {
	backend, err := baastest.New()
	if err != nil {
		return err
	}
	defer backend.Close()
	client, err := backend.Client() // in production: baas.New("your-client-id")
	if err != nil {
		return err
	}
	s := &story{
		w:        w,
		auth:     client.Auth(baas.NewVisitorKey()), // a server makes one key per visitor
		kuaishou: backend.Kuaishou("ks-ann").SetProfile(baastest.Profile{NickName: "Ann", City: "Huizhou"}),
		wechat:   backend.WeChat("wx-ann"),
	}
	fmt.Fprintln(w, "Ann logs in. The backend is a double in this process. The signatures and the\nencrypted data of her phones are real, and the double checks them.")
	for _, step := range []func(context.Context) error{s.logIn, s.link, s.updatePhone, s.logOut} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// story has Ann's login state and her phone on each of two platforms.
type story struct {
	w        io.Writer
	auth     *auth.Auth
	kuaishou *baastest.Phone
	wechat   *baastest.Phone
}

func (s *story) logIn(ctx context.Context) error {
	s.title("Log in on Kuaishou (the phone gets the code first and the data second)")

	code := s.kuaishou.Login() // ks.login() on the phone, posted to your server
	u, err := s.auth.LoginWithKs(ctx, nil, auth.Code(code))
	if err != nil {
		return err
	}
	s.tell("silent login", "LoginWithKs(nil)", "%s", who(u))

	code = s.kuaishou.Login()
	_, err = s.auth.LoginWithKs(ctx, s.kuaishou.RefuseUserInfo(), auth.Code(code))
	var refused *herror.HError
	if !errors.Is(err, herror.UserRefused) || !errors.As(err, &refused) {
		return fmt.Errorf("refusal: %w", err)
	}
	s.tell("refused", "LoginWithKs(refusal)", "%v (id %d, openid %s)", refused, refused.ID, refused.OpenID)

	code = s.kuaishou.Login()
	if u, err = s.auth.LoginWithKs(ctx, s.kuaishou.AllowUserInfo(), auth.Code(code)); err != nil {
		return err
	}
	s.tell("agreed", "LoginWithKs(user info)", "%s: %s from %s", who(u), u.Nickname(), u.City())

	code = s.kuaishou.Login()
	if u, err = s.auth.LoginWithKs(ctx, s.kuaishou.AllowPhoneNumber("13800138000"), auth.Code(code)); err != nil {
		return err
	}
	s.tell("phone login", "LoginWithKs(phone number)", "%s: phone %s", who(u), u.Phone())
	return nil
}

func (s *story) link(ctx context.Context) error {
	s.title("One account on two platforms")

	me, err := s.auth.Me(ctx) // the logged-in user, without a request
	if err != nil {
		return err
	}
	linked, err := me.LinkWechat(ctx, nil, auth.Code(s.wechat.Login()))
	if err != nil {
		return err
	}
	s.tell("link", "LinkWechat(nil)", "%s user %d is %s", linked.Message, linked.UserID, linked.OpenID)

	u, err := s.auth.LoginWithWechat(ctx, nil, auth.Code(s.wechat.Login()))
	if err != nil {
		return err
	}
	s.tell("WeChat login", "LoginWithWechat(nil)", "%s: the same account", who(u))
	return nil
}

func (s *story) updatePhone(ctx context.Context) error {
	s.title("Change the phone number")

	data := s.wechat.AllowPhoneNumber("13900139000")
	_, err := s.auth.UpdatePhoneNumber(ctx, data, auth.Overwrite(false))
	if !errors.Is(err, herror.BadRequest) {
		return fmt.Errorf("update with Overwrite(false): %w", err)
	}
	s.tell("not replaced", "UpdatePhoneNumber(…, Overwrite(false))", "%v", err)

	data = s.wechat.AllowPhoneNumber("13900139000")
	u, err := s.auth.UpdatePhoneNumber(ctx, data)
	if err != nil {
		return err
	}
	s.tell("replaced", "UpdatePhoneNumber(phone number)", "%s: phone %s", who(u), u.Phone())
	return nil
}

func (s *story) logOut(ctx context.Context) error {
	s.title("Log out")

	if err := s.auth.Logout(ctx); err != nil {
		return err
	}
	s.tell("logout", "Logout()", "ok")

	_, err := s.auth.CurrentUser(ctx)
	if !errors.Is(err, herror.SessionMissing) {
		return fmt.Errorf("read after the logout: %w", err)
	}
	s.tell("then", "CurrentUser()", "%v", err)
	return nil
}

func who(u *user.CurrentUser) string { return fmt.Sprintf("user %d", u.ID()) }

func (s *story) title(text string) { fmt.Fprintf(s.w, "\n%s\n", text) }

// tell writes what happens, the call, and its result.
func (s *story) tell(what, call, format string, args ...any) {
	fmt.Fprintf(s.w, "  %-13s %-39s %s\n", what, call, fmt.Sprintf(format, args...))
}
