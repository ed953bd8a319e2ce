package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

// What a mini-program posts: the code of ks.login(), and the button event as it came.
func ExampleAuth_LoginWithKs() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.Kuaishou("openid-1").SetProfile(baastest.Profile{NickName: "Ann", City: "Huizhou"})
	code := phone.Login()
	body := fmt.Sprintf(`{"code": %q, "data": %s}`, code, phone.AllowUserInfoJSON())

	var in struct {
		Code string             `json:"code"`
		Data *platform.AuthData `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		log.Fatal(err)
	}
	a := client.Auth("session-key")
	u, err := a.LoginWithKs(ctx, in.Data, auth.Code(in.Code), auth.SyncUserProfile(platform.Overwrite))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Nickname(), u.City())
	// Output: Ann Huizhou
}

// The button event can be a phone number too.
func ExampleAuth_LoginWithKs_phoneNumber() {
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

	code := phone.Login()
	u, err := client.Auth("session-key").LoginWithKs(ctx, phone.AllowPhoneNumber("13800138000"), auth.Code(code))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Phone(), u.PhoneVerified())
	// Output: 13800138000 true
}

// The documented wx.BaaS.login(false), handleUserInfo and login().
func ExampleAuth_HandleUserInfo() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	phone := backend.WeChat("openid-1").SetUnionID("unionid-1").SetProfile(baastest.Profile{NickName: "Ann"})
	a := client.Auth("session-key")

	who, err := a.SilentLogin(ctx, auth.Code(phone.Login()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(who.OpenID)

	_, err = a.UserInfo(ctx)
	fmt.Println(err)

	code := phone.Login()
	info, err := a.HandleUserInfo(ctx, phone.AllowUserInfo(), auth.Code(code))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.NickName, info.OpenID, info.UnionID)

	if info, err = a.UserInfo(ctx); err != nil { // asks nobody: it is in the session
		log.Fatal(err)
	}
	fmt.Println(info.NickName)
	// Output:
	// openid-1
	// 603: unauthorized
	// Ann openid-1 unionid-1
	// Ann
}

func ExampleAuth_UpdatePhoneNumber() {
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
	a := client.Auth("session-key")

	_, err = a.UpdatePhoneNumber(ctx, phone.AllowPhoneNumber("13800138000"))
	fmt.Println(err)

	if _, err = a.LoginWithWechat(ctx, nil, auth.Code(phone.Login())); err != nil {
		log.Fatal(err)
	}
	u, err := a.UpdatePhoneNumber(ctx, phone.AllowPhoneNumber("13800138000"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Phone())

	_, err = a.UpdatePhoneNumber(ctx, phone.AllowPhoneNumber("13900139000"), auth.Overwrite(false))
	fmt.Println(errors.Is(err, herror.BadRequest))
	// Output:
	// 604: session missing
	// 13800138000
	// true
}

// Logging out may be repeated.
func ExampleAuth_Logout() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth("session-key")
	if _, err = a.Register(ctx, auth.Credentials{Email: "ann@example.com", Password: "correct horse"}); err != nil {
		log.Fatal(err)
	}

	fmt.Println(a.Logout(ctx), a.Logout(ctx))
	_, err = a.CurrentUser(ctx)
	fmt.Println(err)
	// Output:
	// <nil> <nil>
	// 604: session missing
}

// A user who begins without a name and registers later keeps the id.
func ExampleAuth_AnonymousLogin() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth("session-key")

	nobody, err := a.AnonymousLogin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(nobody.Anonymous(), nobody.SetUsername(ctx, "ann"))

	ann, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ann.Anonymous(), ann.Username(), ann.ID() == nobody.ID())
	// Output:
	// true 612: anonymous user is not allowed
	// false ann true
}

// The text message stays in the double, where a test reads it.
func ExampleAuth_LoginWithSmsVerificationCode() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth("session-key")

	if err = a.SendSmsCode(ctx, "13800138000"); err != nil {
		log.Fatal(err)
	}
	message, _ := backend.LastSMS("13800138000")
	u, err := a.LoginWithSmsVerificationCode(ctx, "13800138000", message.Code)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Phone(), u.PhoneVerified())
	// Output: 13800138000 true
}

// A web login: the first handler sends the browser to the provider's page, the second
// one is where it comes back to. A real server also puts a state into the callback URL
// and compares it with a cookie.
func ExampleAuth_LoginWithThirdParty() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth("session-key")

	begin := func(w http.ResponseWriter, r *http.Request) {
		page, err := a.ThirdPartyAuth(r.Context(), platform.WeChatWeb, "https://app.example/callback")
		if err != nil {
			http.Error(w, "try again later", http.StatusBadGateway)
			return
		}
		http.Redirect(w, r, page, http.StatusFound)
	}
	callback := func(w http.ResponseWriter, r *http.Request) {
		token, err := auth.CallbackToken(r.URL.Query())
		if err != nil {
			fmt.Fprintln(w, err)
			return
		}
		u, err := a.LoginWithThirdParty(r.Context(), platform.WeChatWeb, token)
		if err != nil {
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "welcome,", u.Nickname())
	}

	// What the person and the browser do.
	person := backend.WeChatWeb("openid-1").SetProfile(baastest.Profile{NickName: "Ann"})
	for _, answer := range []func(string) (string, error){person.RefuseWebLogin, person.AllowWebLogin} {
		w := httptest.NewRecorder()
		begin(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/login", nil))
		back, err := answer(w.Header().Get("Location"))
		if err != nil {
			log.Fatal(err)
		}
		w = httptest.NewRecorder()
		callback(w, httptest.NewRequestWithContext(ctx, http.MethodGet, back, nil))
		fmt.Print(w.Body)
	}
	// Output:
	// 613: third party auth denied
	// welcome, Ann
}
