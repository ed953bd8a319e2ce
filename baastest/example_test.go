package baastest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/herror"
)

// In a test the server stops with the test, and its client shares its clock. The
// func is in place of your test, func TestLogin(t *testing.T).
func ExampleNewServer() {
	_ = func(t *testing.T) {
		srv := baastest.NewServer(t)
		client := srv.Client() // or give srv.URL() to the program under test
		phone := srv.Kuaishou("openid-1")

		u, err := client.Auth("visitor-key").LoginWithKs(t.Context(), nil, auth.Code(phone.Login()))
		require.NoError(t, err)
		require.Equal(t, "openid-1", u.OpenID())
	}
}

// The signatures and the encrypted data are real, and so are the mistakes: a later
// login() on the phone makes data unreadable for the code before it.
func ExamplePhone() {
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
	phone.Login() // the session key is another one now
	_, err = client.Auth("visitor-key").LoginWithKs(ctx, phone.AllowUserInfo(), auth.Code(code))
	fmt.Println(errors.Is(err, herror.BadRequest))

	code = phone.Login()
	_, err = client.Auth("visitor-key").LoginWithKs(ctx, phone.AllowUserInfo(), auth.Code(code))
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

// What goes wrong in life can be made to go wrong in a test.
func ExampleBackend_Fail() {
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
	a := client.Auth("visitor-key")

	backend.Fail("POST /hserve/v2.5/idp/*/silent-login/", baastest.Fault{Times: 1, Cut: baastest.CutAfterRead})
	_, err = a.LoginWithKs(ctx, nil, auth.Code(phone.Login()))
	var h *herror.HError
	if errors.As(err, &h) {
		fmt.Println(h, h.Sent())
	}

	backend.Fail("", baastest.Fault{Times: 1, Status: 503})
	_, err = a.LoginWithKs(ctx, nil, auth.Code(phone.Login()))
	fmt.Println(errors.Is(err, herror.Code(503)))

	_, err = a.LoginWithKs(ctx, nil, auth.Code(phone.Login()))
	fmt.Println(err)
	// Output:
	// 600: network disconnected true
	// true
	// <nil>
}

// Sessions end when the clock says so.
func ExampleClock() {
	ctx := context.Background()
	backend, err := baastest.New(baastest.WithTokenLife(time.Hour))
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth("visitor-key")
	if _, err = a.LoginWithKs(ctx, nil, auth.Code(backend.Kuaishou("openid-1").Login())); err != nil {
		log.Fatal(err)
	}

	backend.Clock().Advance(time.Hour)
	_, err = a.CurrentUser(ctx)
	fmt.Println(err)
	// Output: 604: session missing
}

// The journal shows what the backend was asked.
func ExampleBackend_Requests() {
	ctx := context.Background()
	backend, err := baastest.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := backend.Client()
	if err != nil {
		log.Fatal(err)
	}
	a := client.Auth("visitor-key")
	if _, err = a.LoginWithTt(ctx, nil, auth.Code(backend.ByteDance("openid-1").Login())); err != nil {
		log.Fatal(err)
	}
	if err = a.Logout(ctx); err != nil {
		log.Fatal(err)
	}
	for _, r := range backend.Requests() {
		fmt.Println(r)
	}
	// Output:
	// POST /hserve/v2.5/idp/bytedance/silent-login/ 201
	// POST /hserve/v2.0/session/destroy/ 201
}
