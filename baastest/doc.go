// Package baastest is a double of the MinCloud BaaS login backend for tests: it
// speaks the wire protocol, keeps users and tokens, and has people with phones
// whose codes, signatures and encrypted data are real and really checked.
//
//	srv := baastest.NewServer(t)
//	phone := srv.Kuaishou("openid-1")
//
//	code := phone.Login()            // first the code, as on a phone …
//	data := phone.AllowUserInfo()    // … then the data
//
// # Three forms
//
// [NewServer] listens on a loopback port. A [Backend], from [New], is an
// [http.Handler] to mount anywhere, and [Backend.Transport] is the same backend as
// an [http.RoundTripper] that opens no port and works inside testing/synctest. The
// forms share everything else: users, clock, faults, journal.
//
// A backend starts empty. [Backend.AddUser] and [Backend.LoadSeed] fill it;
// [Backend.User], [Backend.Users], [Backend.UserOf] and [Backend.TokensAlive] read its
// state without a request. It has the endpoints of every platform and of the account.
//
// # People and phones
//
// [Backend.WeChat] and its like give a person by openid. [Phone.Login] is the
// platform's login(): a code that is good once, for five minutes, and a new session
// key behind it. The button events are encrypted under the newest session key; the
// backend decrypts them with the key it got for the last code it exchanged. So data
// that is older or newer than that code is refused with 400, as it is on the real
// backend. Baidu is the exception: its key stays.
//
// # Strictness
//
// A request is refused where no known client sends it: with a wrong client id or an
// unknown SDK type or platform (400), an unknown path (404), a wrong method (405), a
// body that is not JSON (415, 400), a field that is missing, unknown or of a wrong
// type (400, with the field's name and never its value), or a body of over 1 MiB
// (413). The SDK type and the platform may be absent. PUT is also taken as POST with
// X-Hydrogen-Request-Method: PUT.
//
// # Faults, clock, journal
//
// [Backend.Fail] makes a route respond with another status, wait, send garbage, or
// cut the connection before or after the backend acted; with [WithStrictFaults] a
// fault that hit nothing fails the test. The [Clock] decides about codes, tokens and
// rate limits and is moved by hand. [Backend.Requests] is what the backend was asked,
// word for word. [Control] steers all that over HTTP.
//
// # Where the evidence contradicts itself
//
// The vendor's documentation, recordings and clients do not always agree.
// [Responses] has the questions that matter to a client, and selects the other
// response to each. Run tests that depend on one under both. [WithFieldPermission]
// and [WithTimeZone] are settings that the real backend's console has.
package baastest
