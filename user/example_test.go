package user_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/url"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// Custom fields are read one by one, or into a type of your own.
func ExampleCurrentUser_custom() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	u, err := client.Auth("session-key").LoginWithKs(ctx, nil, auth.Code(backend.Kuaishou("openid-1").Login()))
	if err != nil {
		log.Fatal(err)
	}

	err = u.Set("age", 30).Set("address", map[string]string{"city": "Huizhou"}).Update(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Get("age").Int(), u.Get("address").Get("city"), u.Get("no such field").Exists())

	if err = u.IncrementBy("age", 1).Append("tags", "vip", "beta").Update(ctx); err != nil {
		log.Fatal(err)
	}
	var own struct {
		Age  int
		Tags []string
	}
	if err = u.Decode(&own); err != nil {
		log.Fatal(err)
	}
	fmt.Println(own.Age, own.Tags)
	// Output:
	// 30 Huizhou false
	// 31 [vip beta]
}

// The account links to a mini-program's user, and shows it in _provider.
func ExampleCurrentUser_LinkKs() {
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
	a := client.Auth("session-key")
	u, err := a.Register(ctx, auth.Credentials{Username: "ann", Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}

	code := phone.Login()
	linked, err := u.LinkKs(ctx, phone.AllowUserInfo(), auth.Code(code))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(linked.StatusCode, linked.Status, linked.OpenID, linked.UserID == u.ID())

	if u, err = a.CurrentUser(ctx); err != nil { // what was linked shows in a user read since
		log.Fatal(err)
	}
	fmt.Println(u.Provider(platform.Kuaishou{}).Get("nickname"), u.Provider(platform.WeChat{}).Exists())
	// Output:
	// 200 ok openid-1 true
	// Ann false
}

// The user's JSON holds every field that the backend sent, and no token. Printing
// a user shows the id only.
func ExampleCurrentUser_MarshalJSON() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	u, err := client.Auth("session-key").Register(ctx, auth.Credentials{Username: "ann", Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}

	text, err := json.Marshal(u)
	if err != nil {
		log.Fatal(err)
	}
	var fields map[string]any
	if err = json.Unmarshal(text, &fields); err != nil {
		log.Fatal(err)
	}
	fmt.Println(fields["_username"], fields["token"])
	fmt.Println(u)
	// Output:
	// ann <nil>
	// user{61736923}
}

// The address, and the mail with the link that verifies it.
func ExampleSendVerificationEmail() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	u, err := client.Auth("session-key").Register(ctx, auth.Credentials{Username: "ann", Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}

	if err = u.SetEmail(ctx, "ann@example.com", user.SendVerificationEmail(true)); err != nil {
		log.Fatal(err)
	}
	mail, sent := backend.LastMail("ann@example.com")
	fmt.Println(u.Email(), u.EmailVerified(), sent, mail.Kind)
	// Output: ann@example.com false true verify-email
}

// A logged-in user links a WeChat account: the browser goes to WeChat's page and comes
// back with an auth_token.
func ExampleMe_LinkThirdParty() {
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
	_, err = a.LoginWithKs(ctx, nil, auth.Code(backend.Kuaishou("openid-1").Login()))
	if err != nil {
		log.Fatal(err)
	}

	page, err := a.ThirdPartyAuth(ctx, platform.WeChatWeb, "https://app.example/linked")
	if err != nil {
		log.Fatal(err)
	}
	back, err := backend.WeChatWeb("openid-2").AllowWebLogin(page) // what the person and the browser do
	if err != nil {
		log.Fatal(err)
	}
	came, err := url.Parse(back)
	if err != nil {
		log.Fatal(err)
	}
	token, err := auth.CallbackToken(came.Query())
	if err != nil {
		log.Fatal(err)
	}
	me, err := a.Me(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if _, err = me.LinkThirdParty(ctx, platform.WeChatWeb, token); err != nil {
		log.Fatal(err)
	}

	u, err := a.CurrentUser(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, identity := range u.Providers() {
		fmt.Println(identity.Key, identity.OpenID)
	}
	fmt.Println(u.ProviderByKey(platform.WeChatWeb.ProviderKey()).Exists())
	// Output:
	// kuaishou_miniapp openid-1
	// oauth_wechat_web openid-2
	// true
}
