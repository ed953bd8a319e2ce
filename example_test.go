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

// In production, the client comes from baas.New("your-client-id"), and the code and
// the data come with the body of the visitor's request.
func Example() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.Kuaishou("openid-1").SetProfile(baastest.Profile{NickName: "Ann"})

	code := phone.Login()         // on the phone: the code first …
	data := phone.AllowUserInfo() // … and the data second
	visitorKey := baas.NewVisitorKey()
	u, err := client.Auth(visitorKey).LoginWithKs(ctx, data, auth.Code(code))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Nickname(), u.OpenID())
	// Output: Ann openid-1
}

// The user refuses to share user info. The error carries the user's ids.
func Example_refusal() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.WeChat("openid-1")

	code := phone.Login()
	_, err = client.Auth(baas.NewVisitorKey()).LoginWithWechat(ctx, phone.RefuseUserInfo(), auth.Code(code))
	var refused *herror.HError
	if errors.Is(err, herror.UserRefused) && errors.As(err, &refused) {
		fmt.Println(refused, refused.OpenID)
	}
	// Output: 603: unauthorized openid-1
}

// One account on three platforms. The first login on each platform fails with 404,
// because no account is linked yet. Then the user's own account is linked.
func Example_linking() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	credentials := auth.Credentials{Username: "ann", Password: "correct horse"}

	signIn := (*auth.Auth).Register // on the first platform, then (*auth.Auth).Login
	for _, p := range []platform.Platform{platform.Kuaishou{}, platform.ByteDance{}, platform.WeChat{}} {
		phone, err := backend.Phone(p.Name(), "ann-on-"+p.Name())
		if err != nil {
			log.Fatal(err)
		}
		a := client.Auth(baas.NewVisitorKey())
		_, err = a.LoginOn(ctx, p, nil, auth.Code(phone.Login()), auth.CreateUser(false))
		fmt.Println(p.Name(), err)
		u, err := signIn(a, ctx, credentials)
		if err != nil {
			log.Fatal(err)
		}
		linked, err := u.LinkOn(ctx, p, nil, auth.Code(phone.Login())) // the first code is spent
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.Name(), linked.Message, linked.OpenID)
		signIn = (*auth.Auth).Login
	}

	// From now on the login of each platform finds the account.
	code := backend.Kuaishou("ann-on-kuaishou").Login()
	u, err := client.Auth(baas.NewVisitorKey()).LoginWithKs(ctx, nil, auth.Code(code), auth.CreateUser(false))
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range platform.All() {
		if u.Provider(p).Exists() {
			fmt.Println(u.Username(), "is linked to", p.Name())
		}
	}
	// Output:
	// kuaishou 404: not found
	// kuaishou User associated. ann-on-kuaishou
	// bytedance 404: not found
	// bytedance User associated. ann-on-bytedance
	// wechat 404: not found
	// wechat User associated. ann-on-wechat
	// ann is linked to kuaishou
	// ann is linked to bytedance
	// ann is linked to wechat
}

// Me is the logged-in user as a handle. It is made without a request, so that a server
// that only links or changes a field sends one request and not two.
func Example_me() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth(baas.NewVisitorKey())
	if _, err = a.LoginWithKs(ctx, nil, auth.Code(backend.Kuaishou("ks-ann").Login())); err != nil {
		log.Fatal(err)
	}

	me, err := a.Me(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err = me.Set("city_seen", "Huizhou").Update(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("reads:", backend.CountRequests("GET /hserve/v2.5/user/info/*/"))

	u, err := me.User(ctx) // reads the fields
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Get("city_seen"), "reads:", backend.CountRequests("GET /hserve/v2.5/user/info/*/"))
	// Output:
	// reads: 0
	// Huizhou reads: 1
}

// A program that keeps sessions itself uses no store.
func ExampleClient_Resume() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.Kuaishou("openid-1")

	// At the login, begin with the zero session: nobody is logged in.
	a := client.Resume(session.Session{})
	if _, err = a.LoginWithKs(ctx, nil, auth.Code(phone.Login())); err != nil {
		log.Fatal(err)
	}
	s, err := a.Session(ctx)
	if err != nil {
		log.Fatal(err)
	}
	kept, err := s.MarshalBinary() // contains the token: store it as you store a password
	if err != nil {
		log.Fatal(err)
	}

	// At a later request.
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

// With a code source the client logs in by itself: the documented autoLogin.
func ExampleWithCodeSource() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.Kuaishou("openid-1")
	source := func(ctx context.Context, visitorKey string) (string, error) {
		return phone.Login(), nil // ask this visitor's phone for a code
	}
	client, err := backend.Client(baas.WithCodeSource(platform.Kuaishou{}, source))
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth(baas.NewVisitorKey())

	u, err := a.CurrentUser(ctx) // not logged in: the client logs in first
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.OpenID())

	backend.RevokeTokens(u.ID()) // the backend answers 401: the client logs in again
	if u, err = a.CurrentUser(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.OpenID(), "after", backend.CountRequests("POST /hserve/v2.5/idp/kuaishou/silent-login/"), "logins")
	// Output:
	// openid-1
	// openid-1 after 2 logins
}

// Request sends a request to any path of the backend, with the visitor's token.
func ExampleClient_Request() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}

	visitorKey := baas.NewVisitorKey()
	_, err = client.Request(ctx, visitorKey, auth.Request{Path: "/hserve/v2.5/user/info/1/"})
	fmt.Println(err != nil, errors.Is(err, herror.NotAuthenticated))

	res, err := client.Request(ctx, visitorKey, auth.Request{Path: "/hserve/v2.2/server/time/"})
	if err != nil {
		log.Fatal(err)
	}
	var body struct{ Time string }
	if err = res.Decode(&body); err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.StatusCode, body.Time != "")
	// Output:
	// true true
	// 200 true
}

func ExampleClient_RevokeUser() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	var id int64
	for _, visitorKey := range []string{"phone", "tablet"} {
		u, err := client.Auth(visitorKey).LoginWithKs(ctx, nil, auth.Code(backend.Kuaishou("openid-1").Login()))
		if err != nil {
			log.Fatal(err)
		}
		id = u.ID()
	}

	infos, err := client.Sessions(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	revoked, err := client.RevokeUser(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Auth("phone").Me(ctx)
	fmt.Println(len(infos), "sessions,", revoked, "revoked;", err)
	// Output: 2 sessions, 2 revoked; 604: session missing
}
