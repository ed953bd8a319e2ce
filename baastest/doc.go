// Package baastest is a double of the MinCloud BaaS login backend for tests: it
// speaks the wire protocol, keeps users and tokens, and has people with phones
// whose codes, signatures and encrypted data are real and really checked. It also
// serves the Open API for servers.
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
// # The Open API
//
// Servers ask for the same users without an end user, at the documented endpoints for
// users, groups and SMS codes:
//
//	POST   /api/oauth2/hydrogen/openapi/authorize/       a code, after two redirects with cookies
//	POST   /api/oauth2/access_token/                     tokens, for a code or a refresh token
//	GET    /oserve/v2.2/miniapp/user_profile/            a page of users: where, order_by, limit, offset, return_total_count
//	GET    /oserve/v2.2/miniapp/user_profile/{id}/       a user
//	PUT    /oserve/v2.6/miniapp/user_profile/            custom fields of many users: where, limit, offset, return_total_count
//	PUT    /oserve/v2.6/miniapp/user_profile/{id}/       custom fields of a user
//	PUT    /oserve/v2.1/miniapp/user/account/{id}/       username, email, phone, password
//	GET    /oserve/v1/user-group/                        a page of groups: parent_id, limit, offset
//	POST   /oserve/v1/user-group/                        creates a group
//	DELETE /oserve/v1/user-group/                        deletes groups: id__in
//	GET    /oserve/v1/user-group/{id}/                   a group
//	PUT    /oserve/v1/user-group/{id}/                   changes the name of a group
//	DELETE /oserve/v1/user-group/{id}/                   deletes a group
//	GET    /oserve/v1/user-supergroup/                   a page of super groups: limit, offset
//	POST   /oserve/v1/user-supergroup/                   creates a super group
//	DELETE /oserve/v1/user-supergroup/                   deletes super groups: id__in
//	GET    /oserve/v1/user-supergroup/{id}/              a super group
//	PUT    /oserve/v1/user-supergroup/{id}/              changes name and groups of a super group
//	DELETE /oserve/v1/user-supergroup/{id}/              deletes a super group
//	PATCH  /oserve/v1/miniapp/group/membership/          adds users to groups and removes them
//	POST   /oserve/v2.1/sms-verification-code/           sends an SMS code
//	POST   /oserve/v1.8/sms-verification-code/verify/    verifies an SMS code
//
// The client id is [Backend.ClientID], the client secret [Backend.ClientSecret].
// [Backend.AddGroup] and [Backend.AddSuperGroup] seed groups. An update is refused for a
// custom field that no user has had. So a test seeds such a field, with null if nobody has
// a value in it. The deprecated endpoints of v1 are not there.
//
// # Web logins
//
// People log in with a browser on the page of WeChat or Weibo. The backend plays the
// provider too: the redirect URL of a web login is a page of its own, where one of its
// people agrees or refuses, in English or Chinese. A test needs no browser for that:
//
//	person := srv.WeChatWeb("openid-1")
//	callbackURL, err := person.AllowWebLogin(redirectURL) // or RefuseWebLogin
//
// The callback URL has the auth_token. [Phone.Login] of such a person mints an auth_token
// without all that. [WithAuthTokenLife], [WithSafeDomains] and [WithWebOrigin] are its
// settings, and Responses.RefusalWithError is another form of a refusal.
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
// word for word but for the client secret. [Control] steers all that over HTTP, and has a
// console for browsers.
//
// # Where the evidence contradicts itself
//
// The vendor's documentation, recordings and clients do not always agree.
// [Responses] has the questions that matter to a client, and selects the other
// response to each. Run tests that depend on one under both. [WithFieldPermission],
// [WithoutLogins] and [WithTimeZone] are settings that the real backend's console has.
//
// # Facts
//
// What a backend of this package does, with the evidence for it: R is a recorded
// response of the real backend, D its documentation (pages of ifanrx/hydrogen-sdk-doc),
// C what the vendor's clients need or assert, T a stub in the vendor's tests, G a
// guess. Each name is that of a subtest of TestFacts, which holds the fact; go test
// -run TestFactsAreDocumented -update writes this section. Do not build on the guesses.
//
// Users:
//   - provider-keys (D): The keys of _provider are wechat, alipay, qq_miniapp,
//     baidu_miniapp and jd_miniapp. They differ from the names in paths. Source:
//     cloud-function/node-sdk/user.md; qq-minapp-demo, baidu-minapp-demo
//     pages/auth/auth.js
//   - provider-key-per-host-app (D): ByteDance has one key for each host app: douyin,
//     toutiao, news_article_lite, bytedance_devtools. Source:
//     cloud-function/node-sdk/user.md
//   - provider-keys-of-app-logins (D): The token of a provider makes the key
//     oauth_apple_native, oauth_wechat_native or oauth_weibo_native. Source:
//     cloud-function/node-sdk/user.md
//   - alipay-user-id (D): Alipay's entry of _provider names its user by user_id, and
//     has no openid. Source: cloud-function/node-sdk/user.md; js-sdk/user.md
//   - provider-unionid (D): _provider.wechat_unionid is a text, beside the objects.
//     Source: js-sdk/wechat/unionid-login.md; js-sdk/user.md
//   - first-level-ids (D): openid and unionid at the first level of a read are
//     WeChat's. For users of other platforms they are not set. Responses.OwnOpenID
//     selects those of the platform that reads. Source: js-sdk/account.md
//   - login-openid (C): The openid in the user_info of a login is the platform's own;
//     the client stores it. Source: hydrogen-js-sdk core/utils/index.js
//     flatAuthResponse
//   - others-fields (D): Of another user a read shows id, nickname and avatar, and
//     custom fields by their permission. WithFieldPermission sets the permission of a
//     field. Source: js-sdk/user.md
//   - invisible-fields (D): A field that no client may see is not even in the own user.
//     Source: js-sdk/user.md
//   - unset-fields (R): openid, unionid, _username, _email and _phone are absent where
//     they were never set. Responses.Unset selects null or an empty text, which are
//     documented and recorded too. Source: hydrogen-ios-sdk MinCloudTests
//     user_info.json, user_list.json; web-api/user.md
//   - recorded-user (R): A user has id, created_by of the same number, created_at,
//     updated_at, a default avatar, is_authorized, _anonymous and an empty _provider,
//     and no nickname that was never set. Source: hydrogen-ios-sdk MinCloudTests
//     user_info.json
//
// Queries and updates:
//   - keys (D): The parameter keys of GET user/info/{id}/ selects fields, and leaves
//     out those with a minus. A mixture is ignored. Source: js-sdk/user.md;
//     js-sdk/schema/select-and-expand.md
//   - keys-and-id (R): id comes also where keys does not name it. Responses.ExactKeys
//     leaves it out, as on the documentation's page. Source: hydrogen-ios-sdk
//     MinCloudTests user_info_option.json; js-sdk/user.md
//   - expand (D): The parameter expand puts a user in place of created_by and of
//     pointers to users; keys then selects attributes of the pointer. Source:
//     js-sdk/schema/select-and-expand.md
//   - user-query (D): GET v2.2/user/info/ lists users by where, order_by, limit and
//     offset. The default limit is 20 and the largest 1000. meta names the pages before
//     and after by path. Source: js-sdk/user.md; web-api/user.md;
//     js-sdk/schema/limit-and-order.md
//   - query-operators (C): A condition has the operators of the clients' Query and
//     Where, in $and, in $or, or alone. Source: hydrogen-js-sdk core/Query.js;
//     hydrogen-ios-sdk Where.swift
//   - query-lists (D): For a field that is a list, $in holds where it has one of the
//     values, $nin where it has none, and $all where it has all. Source:
//     web-api/data/query-record.md
//   - query-pointers (D): A pointer is equal to the id of the row that it points to,
//     and its row cannot be queried. Source: web-api/data/query-record.md;
//     open-api/data/record.md
//   - query-fields (D): An end user may name id and nickname only.
//     Responses.QueryAnyField allows every field, as the pages of the iOS and Flutter
//     clients have it. Source: js-sdk/user.md; ios-sdk/user/user.md;
//     flutter-sdk/user/user.md
//   - query-count (D): meta.total_count is there with return_total_count=1; a client
//     counts with limit=1. Source: web-api/user.md; hydrogen-js-sdk core/User.js
//   - query-view (D): A query shows another user as a read does: by default id,
//     nickname and avatar. Source: js-sdk/user.md
//   - operator-incr-by (C): {"$incr_by": n} adds to a number. Source: hydrogen-js-sdk
//     core/BaseRecord.js; js-sdk/schema/update-record.md
//   - operator-append (C): {"$append": [...]} appends items, {"$append_unique": [...]}
//     those that are not there. Source: hydrogen-js-sdk core/BaseRecord.js;
//     js-sdk/schema/update-record.md
//   - operator-remove (C): {"$remove": [...]} removes items. Source: hydrogen-js-sdk
//     core/BaseRecord.js; js-sdk/schema/update-record.md
//   - operator-pop (C): {"$pop": 1} removes the last item, {"$pop": -1} the first.
//     Source: hydrogen-js-sdk core/BaseRecord.js; hydrogen-android-sdk
//     AtomicOperationTest.kt
//   - operator-update (C): {"$update": {...}} sets members of an object and leaves the
//     others. Source: hydrogen-js-sdk core/BaseRecord.js patchObject;
//     js-sdk/schema/update-record.md
//   - operator-unset (C): "$unset": {field: ""} beside the fields removes a field.
//     Source: hydrogen-ios-sdk BaseRecord.swift; hydrogen-android-sdk Record.java;
//     web-api/data/update-record.md
//   - update-response (R): An update of fields responds with the whole user; city is
//     one of the built-in fields that a user changes. Source: hydrogen-ios-sdk
//     MinCloudTests update_userinfo.json
//   - big-ids (R): An id is a number of up to 14 digits, which is read without loss.
//     Source: hydrogen-ios-sdk MinCloudTests login_email.json
//
// Platform logins:
//   - unionid-new-user (D): A login by unionid that finds nobody makes a user with
//     _provider.wechat_unionid and openid, or is 404 where no user may be made. Source:
//     js-sdk/wechat/unionid-login.md
//   - unionid-first (D): A login by unionid finds the user by _provider.wechat_unionid
//     first, among all users of the app, and sets the openid on it. Source:
//     js-sdk/wechat/unionid-login.md
//   - unionid-then-openid (D): Without a user of that unionid, a login by unionid finds
//     the user by openid and sets the unionid on it. Source:
//     js-sdk/wechat/unionid-login.md
//   - unionid-conflict (D): A login by unionid fails where the unionid is one user's
//     and the openid another's. The text has both, for the merge. Source:
//     js-sdk/wechat/unionid-login.md
//   - unionid-changed (D): A login by unionid fails where the user of the openid has
//     another unionid: the open platform account of the app changed. Source:
//     js-sdk/wechat/unionid-login.md
//   - unionid-of-user-info (D): A login by openid sets the first-level unionid where
//     the user shared user info, and never _provider.wechat_unionid.
//     Responses.UnionIDFromCode sets it at every login. Source:
//     js-sdk/wechat/unionid-login.md
//   - login-creates-or-404 (D): A login of an unknown person makes a user with
//     create_user, and is 404 without. Source: js-sdk/wechat/unionid-login.md;
//     js-sdk/auth.md
//   - code-once (D): A login code is good once. Data must be from after the code: a
//     later login() on the phone replaces the key. Source:
//     js-sdk/kuaishou/signin-signout.md; js-sdk/wechat/signin-signout.md
//   - baidu-key-stays (C): Baidu's client gets the code after the data, so the session
//     key stays over logins. Source: hydrogen-js-sdk sdk-file/src/baidu/auth.js;
//     js-sdk/baidu/signin-signout.md
//   - jd-event (C): JD's event has userInfo, data and iv: no rawData and no signature.
//     A login takes userInfo alone too. Source: hydrogen-js-sdk
//     sdk-file/src/jingdong/auth.js
//   - alipay-refusals (C): Alipay's refusal is the error 11 of getAuthCode, or an
//     authErrorScope. Phone.RefusalsJSON has these, and the authErrorScopes of Alipay's
//     own documentation. Source: hydrogen-js-sdk sdk-file/src/alipay/createAuthFn.js
//   - alipay-agreement (C): Alipay's user info comes with a code of the scope
//     auth_user; nothing is encrypted or signed. Source: hydrogen-js-sdk
//     sdk-file/src/alipay/createAuthFn.js
//   - alipay-link-after-refusal (C): After a refusal Alipay's client links with the
//     code alone, without authorized. Source: hydrogen-js-sdk
//     sdk-file/src/alipay/createAuthFn.js
//   - alipay-link-response (C): The response to an Alipay link has alipay_user_id,
//     which the client stores, and so has an account login on Alipay. Source:
//     hydrogen-js-sdk sdk-file/src/alipay/createAuthFn.js, polyfill.js
//   - bytedance-openid-per-app (D): A person has another openid in each of ByteDance's
//     host apps, and so another user until they are linked. Source:
//     js-sdk/bytedance/signin-signout.md
//   - link-response (D): A link responds with message "User associated.", openid,
//     status "ok" and user_id, on WeChat with unionid too. Source:
//     js-sdk/kuaishou/signin-signout.md and the pages of the other platforms
//   - provider-spellings (D): The providers of app logins are taken in the spellings of
//     every client: apple and apple-native, wechat and wechat-native, weibo and
//     weibo-native, for links too. Source: js-sdk/react-native/signin-signout.md;
//     hydrogen-ios-sdk Config.swift
//   - provider-bodies (C): The app clients send Weibo's token as access_token with uid,
//     the mode of a WeChat login as sync_user_profile, and no create_user that was not
//     given. Source: hydrogen-ios-sdk Auth.swift; hydrogen-android-sdk
//     WeiboComponent.java
//   - provider-responses (C): A login with a provider's token responds with status,
//     message, token, expires_in, user_id and a user_info of avatar and nickname,
//     without id; a link with the same but the session. Source: hydrogen-android-sdk
//     ThirdPartySignInResp.java
//   - update-phone-session (D): An update of the phone number needs a session and an
//     identity on the platform. How the user logged in has no effect. Source:
//     js-sdk/kuaishou/signin-signout.md; js-sdk/wechat/signin-signout.md
//   - phone-without-session (C): Without a session an update of the phone number is 403
//     on Kuaishou and 401 on WeChat. Source: hydrogen-js-sdk
//     sdk-file/src/kuaishou/auth.js, wechat/auth.js
//   - user-info-switch (C): Where the console forbids updates of WeChat user info, an
//     update is 403. Source: hydrogen-js-sdk sdk-file/src/wechat/auth.js;
//     core/HError.js 616
//
// Web logins:
//   - web-redirect (C): A web login begins with POST v2.0/idp/{provider}/redirect/ of
//     callback_url, which responds 200 with status ok and redirect_url. The providers
//     are oauth-wechat-web, oauth-wechat-mp and oauth-weibo. Source: hydrogen-js-sdk
//     sdk-file/src/web/auth.js; js-sdk/web/signin-signout.md
//   - web-hop (D): The provider sends the browser to the backend, whose domain is
//     registered with the provider, and the backend sends it to callback_url. Source:
//     js-sdk/web/third-party-auth-config.md with its images weixin_web_domain.png,
//     weixin_mp_domain.png, weibo_domain.png
//   - web-callback (C): The browser comes to callback_url with its query kept and token
//     added. Source: hydrogen-js-sdk sdk-file/src/web/auth.js,
//     windowManager/composeUrl.js
//   - web-login-response (C): A web login responds with user_id, token and expires_in;
//     the client reads the user with a second request. Source: hydrogen-js-sdk
//     sdk-file/src/web/auth.js, polyfill.js handleLoginSuccess
//   - web-silent-response (C): A silent web login, POST
//     v2.5/idp/oauth-wechat-mp/silent-login/, responds with user_info, as those of
//     mini-programs. Source: hydrogen-js-sdk sdk-file/src/web/auth.js;
//     js-sdk/web/signin-signout.md
//   - web-provider-keys (D): The keys of _provider of web logins are oauth_wechat_web,
//     oauth_wechat_mp and oauth_weibo. Their entries have openid, and on WeChat unionid
//     where there is one. Source: cloud-function/node-sdk/user.md
//   - web-unionid (D): A web login at WeChat finds the user by
//     _provider.wechat_unionid, and sets it. So a mini-program's login by unionid and a
//     web login are one user's. Source: js-sdk/wechat/unionid-login.md
//   - web-other-openid (D): Without a unionid, a web login and a mini-program's login
//     of one person are two users, until one links the other. Source:
//     js-sdk/wechat/unionid-login.md; js-sdk/web/signin-signout.md
//
// Accounts:
//   - account-login-user (R): A registration or login with a password responds with the
//     whole user, and beside it user_id, token, expires_in and _session.
//     Responses.ShortAccountLogin leaves only user_id, token and expires_in, as the
//     stubs in the vendor's tests do. Source: hydrogen-ios-sdk MinCloudTests
//     login_email.json, register_username.json; hydrogen-js-sdk test/web/auth.js
//   - account-login-session (R): _session has ip_address, user_agent and login_method,
//     and a session_key that repeats the token. Source: hydrogen-ios-sdk MinCloudTests
//     login_email.json
//   - anonymous-login (R): An anonymous login responds with user_id, token and
//     expires_in only. Source: hydrogen-ios-sdk MinCloudTests login_anonymous.json
//   - account-login-ids (C): An account login of a user with an identity has openid and
//     unionid beside user_id; the client stores them. Source: hydrogen-js-sdk
//     sdk-file/src/wechat/polyfill.js
//   - wrong-password (R): A wrong password is 400 with the text "Invalid username/email
//     or password." Source: hydrogen-ios-sdk MinCloudTests network_error_json.json
//   - account-response (D): A change of account responds with username, email,
//     email_verified, phone and phone_verified, without underscores, and null for what
//     is not set. Source: web-api/user.md; hydrogen-ios-sdk MinCloudTests
//     update_username.json
//   - account-reset (D): username, email and phone are removed with null, and others
//     can then have them. Source: web-api/user.md; hydrogen-js-sdk core/types.js
//   - first-password (D): The first password needs no old one: the old one is empty,
//     null or absent. A user who has a password must give it. Source:
//     js-sdk/account.md; web-api/user.md
//   - account-at-once (C): Username, email, phone and password can be changed in one
//     request; a new phone is not verified. Source: hydrogen-android-sdk
//     CurrentUserTest.kt; web-api/user.md
//   - names-without-case (D): Usernames are unique without regard to case, and email
//     addresses are kept in lower case. Source: js-sdk/auth.md; js-sdk/account.md
//   - anonymous-registers (D): An anonymous user who registers keeps the id; a later
//     login is another user's. Source: js-sdk/auth.md
//   - sms-codes (D): An SMS code has six digits, as in every example. A client may send
//     it as a text or as a number; the first digit is not 0, so that both are the same.
//     Source: js-sdk/sms.md; web-api/sms.md; flutter-sdk/sms.md
//   - sms-limits (D): A number gets one SMS a minute and ten a day; more are 400.
//     Source: js-sdk/sms.md
//   - sms-login (D): A login with an SMS code makes a user with create_user, and is 404
//     without. Source: js-sdk/auth.md
//
// Requests and statuses:
//   - sms-status (D): Sending and verifying an SMS code is 200 with status ok.
//     Responses.SMSCreated makes it 201, as the page of the Node SDK has it. Source:
//     web-api/sms.md; cloud-function/node-sdk/sms/code.md
//   - created-statuses (D): Registrations, logins, logouts, the verification mail, the
//     reset mail and the verification of a phone number are 201. Source:
//     web-api/user.md; hydrogen-android-sdk HttpApi.java
//   - reset-unknown-email (D): A password reset of an unknown email address is 404.
//     Source: web-api/user.md; js-sdk/auth.md
//   - reset-unverified-email (C): A password reset of an unverified email address is
//     400, in the vendor's tests against the real backend. Source: hydrogen-android-sdk
//     CurrentUserTest.kt
//   - logout-without-token (D): A logout without a token, or with an unknown one, is
//     401. Source: web-api/user.md
//   - arrears (D): 402 means that the app is in arrears. A Fault with that status makes
//     it so. Source: js-sdk/error-code.md; js-sdk/sms.md
//   - login-switched-off (D): Where the app has not enabled logins by email, a
//     registration by email is 405. WithoutLogins makes it so. Source:
//     web-api/error-code.md
//   - server-time (D): The server time has microseconds and the offset of the app's
//     time zone. It needs no session. Source: js-sdk/server-date.md; web-api/utils.md
//   - read-statuses (D): A read of a user is 401 without a session and 404 for an
//     unknown id. Source: web-api/user.md
//   - error-body (D): An error is {"status": "error", "error_msg": text}. Source:
//     web-api/error-code.md
//   - optional-headers (D): The client id is required; the SDK type and the platform
//     are not. Source: web-api/README.md and every example there
//   - client-platforms (C): The platform header has the value of every client:
//     REACT-NATIVE, FLUTTER, NATIVE_IOS, NATIVE_ANDROID, UNKNOWN, WEB, system names,
//     and those of the platforms. The SDK type is file, or plugin. Source:
//     hydrogen-js-sdk polyfill.js of each build; hydrogen-ios-sdk Config.swift;
//     hydrogen-android-sdk Const.java
//   - versions (C): The clients use different versions of the API: users are read at
//     v2.0 to v2.5, registrations and logins are at v2.0 and v2.1, accounts at v2.0 to
//     v2.2. Source: hydrogen-js-sdk constants; hydrogen-ios-sdk Path.swift;
//     web-api/user.md
//   - put-as-post (C): A client whose platform has no PUT sends POST with
//     X-Hydrogen-Request-Method: PUT. Source: hydrogen-js-sdk
//     sdk-file/src/kuaishou/request.js
//   - url-length (D): A URL of over 16386 bytes is 502. Source:
//     web-api/data/query-record.md
//
// Open API:
//   - openapi-code (D): POST authorize/ with the client id and the client secret leads
//     through two 302s to a code. Each sets a cookie, without which the next request is
//     refused. Source: open-api/authentication.md
//   - openapi-life (D): A code lives 600 seconds, and an access token a year. Source:
//     openAPI/authentication.md at commit 5779315
//   - openapi-token (D): A code is exchanged for access_token, token_type, expires_in,
//     refresh_token and scope, in JSON. It is good once. Source:
//     open-api/authentication.md
//   - openapi-token-form (C): The access token is also given for a multipart form, as
//     the vendor's command line sends it. Source: ifanrx/faas-cli src/plugins/login.js;
//     open-api/authentication.md before commit 5b6df04
//   - openapi-refresh (D): A refresh token is exchanged for new tokens, and ends all
//     access tokens and refresh tokens from before. Source: open-api/authentication.md
//   - openapi-token-errors (C): A refusal of a code has status and error_msg, one of a
//     token has error. Source: ifanrx/faas-cli src/plugins/login.js
//   - openapi-token-statuses (T): A wrong client id or client secret is 401 for a code
//     and 400 for a token. Source: ifanrx/faas-cli src/commands/login.test.js
//   - openapi-bearer (D): A request carries the access token as Authorization: Bearer
//     and no header of a client; without a good token it is 401. Source:
//     open-api/authentication.md; open-api/user/user.md
//   - openapi-users (D): A list of users has meta and objects. The default limit is 20
//     and the largest 1000; total_count is there with return_total_count=1. Source:
//     open-api/user/user.md
//   - openapi-operators (D): A condition of the Open API has the operators $eq, $ne,
//     $lt, $lte, $gt, $gte, $contains, $nin, $in, $isnull and $range, in $and and $or;
//     another operator or a wrong operand is 400. It has no operators for places.
//     Source: open-api/data/record.md; open-api/user/user.md
//   - openapi-equality (D): A condition may have a value in place of operators; it is
//     $eq. Source: open-api/data/record.md
//   - openapi-sorting (D): order_by takes several fields, with a minus for the
//     descending order; gender, country, province, city and language are 400. Source:
//     open-api/user/user.md; js-sdk/schema/limit-and-order.md
//   - openapi-order (D): Without order_by, users are in the order of creation, as in
//     the example for users. Responses.NewestFirst turns it round, as the page of
//     tables has it. Source: open-api/user/user.md; hydrogen-ios-sdk MinCloudTests
//     user_list.json; open-api/data/record.md
//   - openapi-user (D): A user of the Open API has the fields that are set, and null
//     for an openid or unionid that is not. An unknown id is 404. Source:
//     open-api/user/user.md
//   - openapi-update (D): An update of the Open API changes custom fields and responds
//     with the whole user. A built-in field, an unknown one and a value of another type
//     are 400, and nothing is changed. Source: open-api/user/user.md
//   - openapi-update-operators (D): An update of the Open API takes $incr_by, $append,
//     $append_unique, $remove and $unset; another operator is 400. Source:
//     open-api/data/record.md; open-api/user/user.md
//   - openapi-bulk-update (D): A bulk update changes the users that match where, from
//     offset on and at most limit, and responds with operation_result, succeed, offset,
//     limit, next, and total_count with return_total_count=1. Source:
//     open-api/user/user.md; open-api/data/record.md; cloud-function/node-sdk/user.md
//   - openapi-bulk-limit (D): The default limit of a bulk update is 20, as its
//     parameters have it. Responses.BulkLimit1000 makes it 1000, as its example has it.
//     Source: open-api/user/user.md; open-api/data/record.md
//   - openapi-bulk-ids (D): The ids in the result of a bulk update are texts, as
//     documented. Responses.NumericBulkIDs makes them numbers, as those of users are
//     everywhere else. Source: open-api/user/user.md; open-api/data/record.md
//   - openapi-bulk-errors (D): What a bulk update cannot change is in its result as an
//     error with err_msg and code; the others are changed. Source:
//     open-api/data/record.md
//   - openapi-account (D): PUT user/account/{id}/ sets username, email, phone and
//     new_password, without the old password; null removes a name. A new phone is not
//     verified. A name of another user and a bad email address are 400. Source:
//     open-api/user/user.md
//   - openapi-groups (D): A group has id, members, name and parent. Creating one is
//     201, changing its name 200, deleting one, or several by id__in, 204. Source:
//     open-api/group/user-group.md
//   - openapi-group-list (D): A list of groups takes parent_id, limit and offset, and
//     always has total_count. parent_id=null is as good as none. Source:
//     open-api/group/user-group.md, also at commit 519f745 as
//     openAPI/group/user-group.md
//   - openapi-group-path (D): A group and a super group can also be read without the
//     slash at the end, by a client that follows redirects. Source:
//     open-api/group/user-group.md; open-api/group/super-group.md
//   - openapi-supergroups (D): A super group has id, name and its groups as children.
//     Changing one replaces its groups, so name and children are required. Source:
//     open-api/group/super-group.md, also at commit 519f745 as
//     openAPI/group/super-group.md; cloud-function/node-sdk/super-group.md
//   - openapi-membership (D): PATCH group/membership/ takes a list of changes, each to
//     add users to groups or to remove them, and is 204. Empty lists are 400. Source:
//     open-api/group/membership.md
//   - openapi-group-deletion (D): Deleting a group deletes no user. Source:
//     dashboard/basic-services/user.md
//   - openapi-sms (D): A server sends and verifies SMS codes with phone and user_id,
//     and the optional signature_id. Both are 200; the limits are those of the clients.
//     Source: open-api/sms.md
//
// Guesses:
//   - kuaishou-key (G): Kuaishou's key of _provider is kuaishou_miniapp, by analogy.
//     Responses.ShortKuaishouKey makes it kuaishou.
//   - devtools-key (G): The app_name devtools has the key bytedance_devtools; every
//     other app_name is its own key.
//   - header-values (G): A client id of no app is 400, and so is an SDK type or
//     platform of no known client.
//   - header-of-another-platform (G): The platform header need not be that of the
//     endpoint's platform.
//   - strict-requests (G): An unknown path is 404, a wrong method 405, a body that is
//     not JSON 415 or 400, a field that is unknown, missing or of a wrong type 400, a
//     body of over 1 MiB 413.
//   - logins-switched-off (G): A kind of login that is not enabled is 405 for logins as
//     for registrations, by username and phone in the same words as by email; the field
//     can still be set.
//   - unknown-token (G): A token that is unknown or has expired is 401, but
//     registrations and logins ignore it.
//   - user-ids (G): The ids of new users count up from 61736923.
//   - custom-fields (G): Custom fields are visible to all by default.
//   - fixed-fields (G): Users change their custom fields and nickname, avatar, gender,
//     city, province, country, language; every other built-in field is 400.
//   - operator-conflicts (G): An operator on a field of another type is 400, and
//     nothing of the update is stored.
//   - set-group (G): "$set": {...} is taken beside the fields, as it is for tables.
//   - query-errors (G): keys of an unknown field, a where that is no condition and a
//     limit over 1000 are 400.
//   - query-order (G): Without order_by, users are in the order of their ids.
//   - account-login-openid (G): The openid of an account login is that of the platform
//     in the header, else WeChat's.
//   - first-level-unionid-of-login (G): The unionid that a login by unionid got is at
//     the first level too.
//   - unionid-of-qq-and-baidu (G): The unionid of QQ and Baidu is known from the first
//     code on.
//   - unionid-second-openid (G): A login by unionid of a user who has another WeChat
//     openid is a conflict, 400 as every conflict.
//   - link-by-unionid (G): A link by unionid sets _provider.wechat_unionid, and is 400
//     where another user has it.
//   - code-spent (G): A login code lives five minutes and is spent even if the login
//     fails.
//   - user-info (G): update_userprofile decides about the first-level fields only;
//     _provider takes all that the platform told. A field that the platform did not
//     tell erases none.
//   - jd-data (G): JD's data is encrypted as that of most platforms; where it comes, it
//     is checked.
//   - alipay-scope (G): Alipay's user info needs no particular scope of the code.
//   - baidu-signature (G): Baidu's signature may be left out of a link, and is checked
//     where it comes.
//   - link-conflicts (G): A link is 400 where the identity is another user's or the
//     user has another one of that platform, and 200 where nothing changes.
//   - anonymous-forbidden (G): Links, updates of the phone number and account calls of
//     an anonymous user are 403.
//   - anonymous-platform-login (G): The first platform login of a person keeps the id
//     of an anonymous user, whose token stays good.
//   - phone-login-account (G): A login with a phone number finds the user by openid,
//     then by a verified phone number, and links the openid in the second case unless
//     the user has another one of that platform.
//   - phone-login-number (G): A login with a phone number changes no number that the
//     user has, and takes none that is another user's.
//   - phone-code (G): A phone_code decides about the number; the data beside it is not
//     decrypted. It must be of the person who logs in, lives five minutes and is good
//     once.
//   - phone-taken (G): An update to the phone number of another user is 400, with and
//     without overwrite; without overwrite, so is any other number than the user's own.
//   - user-info-person (G): An update of WeChat user info needs a code of the user, and
//     without a code an identity on WeChat.
//   - create-user-default (G): Without create_user, a login with an SMS code or a
//     provider's token makes a user.
//   - provider-token (G): A provider's token is good once, for five minutes. A login is
//     201 and a link 200.
//   - sms-life (G): An SMS code lives ten minutes and is spent by its first success; a
//     login that is 404 does not spend it. Ten a day are ten in any 24 hours. The limit
//     of a company is left out.
//   - sms-login-verifies (G): A login with an SMS code verifies the number of the user
//     who has it, verified before or not.
//   - mail-links (G): The links in mails, their paths and their life of a day are this
//     package's own.
//   - helper-routes (G): The paths of the real backend that have nothing to do with
//     users, as WeChat's and QQ's decryption, are 404 with a text that says so.
//   - web-page (G): The provider's page is this package's own: a person of the backend,
//     or a new one, agrees or refuses there. So are the paths of the page and of the
//     hop. A web login can go on for ten minutes, and ends at the callback.
//   - web-refusal (G): After a refusal the browser comes to callback_url as it was,
//     without a token. Responses.RefusalWithError adds error=access_denied.
//   - web-callback-url (G): Every http or https URL is taken as callback_url, another
//     one is 400. WithSafeDomains makes one of another origin 400 too.
//   - web-auth-token (G): An auth_token is good once, for five minutes or
//     WithAuthTokenLife, at its own provider, and is spent even if the login or the
//     link fails. A login is 201 and a link 200.
//   - web-user-info (G): A person who agreed shares user info, which update_userprofile
//     syncs as for mini-programs.
//   - web-silent (G): With silent_login nobody is asked who agreed before in that
//     browser; others see the page. The auth_token of a silent login tells who the
//     person is and no user info, whichever call takes it. Other providers than
//     oauth-wechat-mp refuse silent_login with 400.
//   - web-link-response (G): A web link responds as that of a mini-program does. Where
//     the identity is another user's, or the user has another one of that provider, it
//     is 400. It sets no _provider.wechat_unionid.
//   - openapi-redirects (G): The paths of the redirects to a code and the name of their
//     cookie are this package's own. A cookie stays good for ten minutes, and a request
//     without it is 401.
//   - openapi-tokens (G): A code ends no token, and a refresh token does not expire.
//     token_type is Bearer, scope is read write. A code is not spent by a request with
//     a wrong secret.
//   - openapi-environments (G): All environments of X-Hydrogen-Env-ID have the same
//     users and groups.
//   - openapi-sees-everything (G): A server sees every field of every user, whatever
//     its permission. Other fields that were never set have the form of
//     Responses.Unset, and so have openid and unionid where it is not the default.
//   - openapi-group-field (G): A user of the Open API has the ids of its groups in
//     _group, which a condition takes with $in only, by analogy with cloud functions.
//   - openapi-paths (G): A name with dots in a condition or in order_by is a path into
//     an object, as _provider.wechat.openid.
//   - openapi-query-errors (G): An unknown field in where or order_by and a limit over
//     1000 are 400; keys and expand are ignored.
//   - openapi-fields (G): A custom field exists once a user has had it, null too, and
//     has the type of the first value.
//   - openapi-bulk (G): A bulk update ignores order_by, changes users also in one step
//     where there are more than 1000, and gives 11000 as the code of every error. An
//     empty one changes updated_at only.
//   - openapi-passwords (G): A password that a server sets ends no token of the user. A
//     null changes nothing. An anonymous user stays anonymous with a name.
//   - openapi-group-details (G): Groups and super groups have ids from one sequence,
//     and lists have them by id. A group without a super group has the parent null.
//     Creating or changing one responds with it. Names may repeat. An unknown id is
//     404, in id__in it is ignored; without id__in a DELETE is 400.
//   - openapi-group-moves (G): A group is in one super group: another one that takes it
//     takes it from the first. A super group that is deleted leaves its groups.
//   - openapi-membership-errors (G): A change of members needs op, users and groups,
//     and takes no other path than /membership. If one change is refused, as for an
//     unknown user or group, none is made. To add a member or to remove none is no
//     error.
//   - openapi-sms-user (G): A user_id of no user is 400. A code is that of the number,
//     whoever the user is, and verifying it changes no user.
package baastest
