package herror_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/hydrogen-go/baas/herror"
)

// The code is the kind of an error. The other parts are fields.
func ExampleHError() {
	refused := herror.New(herror.UserRefused, "")
	refused.ID, refused.OpenID = 61736923, "openid-1"
	var err error = refused

	switch {
	case errors.Is(err, herror.UserRefused):
		fmt.Println("the user refused")
	case errors.Is(err, herror.SessionMissing):
		fmt.Println("log in again")
	case errors.Is(err, herror.NotFound):
		fmt.Println("no account yet")
	}
	var h *herror.HError
	if errors.As(err, &h) {
		fmt.Println(h, h.ID, h.OpenID)
	}
	text, err := json.Marshal(err)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", text)
	// Output:
	// the user refused
	// 603: unauthorized 61736923 openid-1
	// {"id":61736923,"openid":"openid-1","code":603,"message":"unauthorized"}
}

// A login code can be used again if it was not sent.
func ExampleHError_Sent() {
	for _, err := range []*herror.HError{
		herror.New(herror.NetworkDisconnected, "").WithSent(false),
		herror.New(herror.RequestTimeout, "").WithSent(true),
		herror.FromBackend(400, "invalid code"),
	} {
		if err.Sent() {
			fmt.Println(err, "- ask the phone for a fresh code")
		} else {
			fmt.Println(err, "- the code is not spent")
		}
	}
	// Output:
	// 600: network disconnected - the code is not spent
	// 601: request timeout - ask the phone for a fresh code
	// 400: invalid code - ask the phone for a fresh code
}

// A server responds to its client with the status of the error.
func ExampleHTTPStatus() {
	for _, err := range []error{
		nil,
		herror.FromBackend(400, "invalid code"),
		herror.New(herror.SessionMissing, ""),
		herror.New(herror.StoreFailed, ""),
		herror.FromBackend(500, ""),
		errors.New("of another package"),
	} {
		fmt.Println(herror.HTTPStatus(err), err)
	}
	// Output:
	// 200 <nil>
	// 400 400: invalid code
	// 401 604: session missing
	// 503 691: session store failed
	// 502 500: unknown error
	// 500 of another package
}
