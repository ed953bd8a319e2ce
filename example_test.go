package baas_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// In production the client is that of baas.New("your-client-id"), the visitor key
// comes with the visitor's request, and the code and data with its body.
func Example() {
	ctx := context.Background()
	backend := baastest.New()
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.Kuaishou("openid-1").SetProfile(baastest.Profile{NickName: "Ann"})

	code := phone.Login()         // on the phone the code comes first …
	data := phone.AllowUserInfo() // … and the data second
	u, err := client.Auth("session-key").LoginWithKs(ctx, data, auth.Code(code))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Nickname(), u.OpenID())
	// Output: Ann openid-1
}

// The user said no: the error says who that was.
func Example_refusal() {
	ctx := context.Background()
	backend := baastest.New()
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.WeChat("openid-1")

	code := phone.Login()
	_, err = client.Auth("session-key").LoginWithWechat(ctx, phone.RefuseUserInfo(), auth.Code(code))
	var refused *herror.HError
	if errors.Is(err, herror.Unauthorized) && errors.As(err, &refused) {
		fmt.Println(refused, refused.OpenID)
	}
	// Output: 603: unauthorized openid-1
}

// One account on three platforms: where a platform's user has no account yet, the
// login is 404, and an account of the user's own is linked to it.
func Example_linking() {
	ctx := context.Background()
	backend := baastest.New()
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	credentials := auth.Credentials{Username: "ann", Password: "correct horse"}
	kuaishou, byteDance, wechat := backend.Kuaishou("ks-ann"), backend.ByteDance("tt-ann"), backend.WeChat("wx-ann")

	// On Kuaishou the user is new and registers.
	a := client.Auth("session on Kuaishou")
	_, err = a.LoginWithKs(ctx, nil, auth.Code(kuaishou.Login()), auth.CreateUser(false))
	fmt.Println("Kuaishou:", err)
	u, err := a.Register(ctx, credentials)
	if err != nil {
		log.Fatal(err)
	}
	linked, err := u.LinkKs(ctx, nil, auth.Code(kuaishou.Login())) // the first code is spent
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("Kuaishou:", linked.Message, linked.OpenID)

	// On ByteDance and WeChat the user logs in to the account.
	a = client.Auth("session on ByteDance")
	_, err = a.LoginWithTt(ctx, nil, auth.Code(byteDance.Login()), auth.CreateUser(false))
	fmt.Println("ByteDance:", err)
	if u, err = a.Login(ctx, credentials); err != nil {
		log.Fatal(err)
	}
	if linked, err = u.LinkTt(ctx, nil, auth.Code(byteDance.Login())); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ByteDance:", linked.Message, linked.OpenID)

	a = client.Auth("session on WeChat")
	_, err = a.LoginWithWechat(ctx, nil, auth.Code(wechat.Login()), auth.CreateUser(false))
	fmt.Println("WeChat:", err)
	if u, err = a.Login(ctx, credentials); err != nil {
		log.Fatal(err)
	}
	if linked, err = u.LinkWechat(ctx, nil, auth.Code(wechat.Login())); err != nil {
		log.Fatal(err)
	}
	fmt.Println("WeChat:", linked.Message, linked.OpenID)

	// From now on each platform's own login finds the account.
	again, err := client.Auth("another day").LoginWithKs(ctx, nil, auth.Code(kuaishou.Login()), auth.CreateUser(false))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("same account:", again.ID() == u.ID() && again.Username() == "ann")
	for _, p := range platform.All() {
		if again.Provider(p).Exists() {
			fmt.Println("linked:", p.Name())
		}
	}
	// Output:
	// Kuaishou: 404: not found
	// Kuaishou: User associated. ks-ann
	// ByteDance: 404: not found
	// ByteDance: User associated. tt-ann
	// WeChat: 404: not found
	// WeChat: User associated. wx-ann
	// same account: true
	// linked: kuaishou
	// linked: bytedance
	// linked: wechat
}

// A program that keeps sessions itself, and no store.
func ExampleClient_Resume() {
	ctx := context.Background()
	backend := baastest.New()
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.Kuaishou("openid-1")

	// At the login: from nobody's session to the user's.
	a := client.Resume(session.Session{})
	if _, err = a.LoginWithKs(ctx, nil, auth.Code(phone.Login())); err != nil {
		log.Fatal(err)
	}
	s, err := a.Session(ctx)
	if err != nil {
		log.Fatal(err)
	}
	kept, err := s.MarshalBinary() // holds the token: keep it as you would a password
	if err != nil {
		log.Fatal(err)
	}

	// At any later request.
	var again session.Session
	if err = again.UnmarshalBinary(kept); err != nil {
		log.Fatal(err)
	}
	u, err := client.Resume(again).CurrentUser(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.OpenID())
	// Output: openid-1
}

// With a source of codes the client logs in by itself: the documented autoLogin.
func ExampleWithCodeSource() {
	ctx := context.Background()
	backend := baastest.New()
	phone := backend.Kuaishou("openid-1")
	source := func(ctx context.Context, visitorKey string) (string, error) {
		return phone.Login(), nil // ask the phone of that session for a code
	}
	client, err := backend.Client(baas.WithCodeSource(platform.Kuaishou{}, source))
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth("session-key")

	u, err := a.CurrentUser(ctx) // nobody is logged in yet
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.OpenID())

	backend.RevokeTokens(u.ID()) // the backend forgets the session
	if u, err = a.CurrentUser(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.OpenID(), "after", backend.CountRequests("POST /hserve/v2.5/idp/kuaishou/silent-login/"), "logins")
	// Output:
	// openid-1
	// openid-1 after 2 logins
}

// Any path of the backend, with the session's headers and token.
func ExampleClient_Request() {
	ctx := context.Background()
	backend := baastest.New()
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}

	_, err = client.Request(ctx, "session-key", auth.Request{Path: "/hserve/v2.5/user/info/1/"})
	fmt.Println(err != nil, errors.Is(err, herror.NotAuthenticated))

	res, err := client.Request(ctx, "session-key", auth.Request{Path: "/hserve/v2.2/server/time/"})
	if err != nil {
		log.Fatal(err)
	}
	var answer struct{ Time string }
	if err = res.Decode(&answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.StatusCode, answer.Time != "")
	// Output:
	// true true
	// 200 true
}
