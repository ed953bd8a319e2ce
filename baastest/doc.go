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
// an [http.RoundTripper] that opens no port and works inside testing/synctest. All
// forms share everything else: users, clock, faults, journal.
//
// A backend starts empty. [Backend.AddUser] and [Backend.LoadSeed] fill it;
// [Backend.User], [Backend.UserOf] and [Backend.TokensAlive] read its state without
// a request. It has the endpoints of every platform and of the account, plus
// GET /hserve/v2.2/server/time/.
//
// # People and phones
//
// [Backend.WeChat] and its like give a person by openid. [Phone.Login] is the
// platform's login(): a code good once, for five minutes, and a new session key
// behind it. The button events are encrypted under the newest session key; the backend
// decrypts them with the key it got for the last code it exchanged. So data that is
// older or newer than that code is refused with 400, as it is in life.
//
// # Strictness
//
// Requests are refused when the client id, SDK type or platform header is missing
// or wrong (400), the path is unknown (404), the method is wrong (405), the body is
// not JSON (415, 400), or a field is missing, unknown or of a wrong type (400,
// naming the field, never its value). PUT is also taken as POST with
// X-Hydrogen-Request-Method: PUT. Bodies are limited to 1 MiB (413).
//
// # Faults, clock, journal
//
// [Backend.Fail] makes a route respond with another status, wait, send garbage, or
// cut the connection before or after the backend acted. The [Clock] decides about
// codes, tokens and rate limits and is moved by hand. [Backend.Requests] is what the
// backend was asked, word for word. [Control] steers all that over HTTP.
//
// # Guesses
//
// No public source settles what follows. The double does it so; do not build on it:
//
// Requests
//   - A missing or wrong SDK header is 400; a token that is unknown or has expired is
//     401, but login and register endpoints take it for no token.
//   - The texts of all errors but "Invalid username/email or password."
//   - The platform header need not be that of the endpoint's platform.
//
// Users
//   - The openid and unionid at the first level are those of the platform that the
//     request's header names, else of the user's first identity; on Alipay the openid
//     is empty.
//   - A profile field that was never set is left out of the user object, but for the
//     avatar, which has a default. An unset username, email or phone is null.
//   - Another user's object lacks openid, unionid and every field with a leading
//     underscore.
//   - Users may set their own first-level profile fields beside custom ones. Of the
//     operators, $incr_by, $append, $append_unique and $remove are known.
//   - user_id and id are numbers that count up from 61736923.
//
// Platform logins
//   - A code is spent even if the login then fails. Codes of an app (app_name) are not
//     told apart.
//   - update_userprofile decides about the first-level fields only; _provider always
//     takes what the platform told. A field that the platform did not tell never
//     erases one.
//   - login_with_unionid looks for the openid first and the unionid second, and does
//     not link the new openid. associate_with_unionid refuses a unionid of another user.
//   - A phone login finds the account by openid, else by verified phone number, and
//     links the openid in the second case unless the account has another one of that
//     platform. It changes no phone number that the account has, and takes none that
//     belongs to another user.
//   - phone_code decides about the number; the encrypted data beside it is not opened.
//     It must be of the person who logs in.
//   - A phone number of another user is 400 in an update, overwrite or not.
//   - A token of an anonymous user at the first login of a person keeps the id.
//   - JD's encrypted data may be left out; Alipay's user info needs no scope of its code.
//   - Baidu signs nothing: rawData and signature may be left out of a link.
//
// Links
//   - 400 if the identity is another user's, or the user has another identity of that
//     platform; 200 if nothing changes.
//   - An anonymous user gets 403 from links, phone updates and account calls.
//
// Account
//   - Register and login give user_id, token and expires_in only.
//   - The tokens of an anonymous user who registers stay good.
//   - A new password needs the current one, unless there is none.
//   - An SMS code lives ten minutes and is spent by its first success; a login that
//     ends in 404 does not spend it. Ten a day means ten in any 24 hours. The limit of
//     30 a minute for a whole company is left out. An SMS login verifies the number
//     of the account that has it, verified before or not.
//   - A password reset for an address without a verified account is 400. The links of
//     mails, their paths and their life of a day are this package's own.
//   - A provider's token (apple, wechat-native, weibo-native) is good once, for five
//     minutes; the login gives token, expires_in, user_id and user_info.
package baastest
