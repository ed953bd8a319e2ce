package live_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

// Numbers and addresses of the scenarios.
const (
	aNumber       = "13800138000"
	anotherNumber = "13900139000"
	anAddress     = "larry@example.com"
)

var both = []build{wechat, web}

var buildScenarios = []buildScenario{
	{name: "nobody is logged in", builds: both, steps: nobodySteps},
	{name: "text messages", builds: both, steps: smsSteps},
	{name: "account", builds: both, steps: ownAccountSteps},
	{name: "anonymous user", builds: both, steps: anonymousSteps},
	{name: "fields", builds: both, steps: fieldSteps},
	{name: "queries", builds: both, steps: querySteps},
	{name: "own requests", builds: both, steps: requestSteps},
	{name: "session ended in the backend", builds: both, steps: endedSteps},
	{name: "backend in trouble", builds: both, steps: troubleSteps},
	{name: "WeChat", builds: []build{wechat}, steps: wechatSteps},
	{name: "old WeChat", builds: []build{wechat}, baseLibrary: oldBaseLibrary, steps: oldWechatSteps},
	{name: "automatic login", builds: []build{wechat}, steps: autoLoginSteps},
	{name: "browser", builds: []build{web}, steps: webSteps},
}

var nobodySteps = []buildStep{
	{name: "current user", call: "auth.getCurrentUser", code: herror.SessionMissing},
	{name: "token", call: "getAuthToken"},
	{name: "server time", call: "getServerDate"},
	{name: "logout", call: "auth.logout", code: herror.NotAuthenticated},
	{name: "read a user", call: "users.get", args: with(firstUser), code: herror.NotAuthenticated},
	{name: "query users", call: "users.find", code: herror.NotAuthenticated},
	{name: "update", call: "updateUser", args: with(m{"data": m{"age": 30}}), code: herror.NotAuthenticated},
	{name: "no such account", call: "auth.login", args: with(larry), code: herror.BadRequest},
	{name: "reset for an unknown address", call: "auth.requestPasswordReset", args: with(m{"email": anAddress}), code: herror.NotFound},
	{name: "another client id", call: "init", args: hosted("another-client", nil)},
	{name: "server time of another client id", call: "getServerDate", code: herror.BadRequest},
	{name: "client id", call: "init", args: hosted(clientID, nil)},
	{name: "client id that is no text", call: "init", args: with(7), code: herror.InvalidParameter},
}

var smsSteps = []buildStep{
	{name: "send", call: "sendSmsCode", args: with(m{"phone": aNumber, "signatureID": 7}), has: m{"status": "ok"}},
	{name: "send too soon", call: "sendSmsCode", args: with(m{"phone": aNumber}), code: herror.BadRequest},
	{name: "wrong code", call: "verifySmsCode", args: with(m{"phone": aNumber, "code": "000000"}), code: herror.BadRequest},
	{name: "no account, and none wanted", call: "auth.loginWithSmsVerificationCode", args: smsCode(aNumber, textCode(m{"createUser": false})), code: herror.NotFound},
	{name: "login", call: "auth.loginWithSmsVerificationCode", args: smsCode(aNumber, textCode()), has: m{"id": firstUser, "_phone": aNumber, "_phone_verified": true}},
	{name: "spent code", call: "verifySmsCode", args: smsCode(aNumber, codeOf(aNumber)), code: herror.BadRequest},
	{name: "first password", call: "user.updatePassword", args: with(m{"password": "", "newPassword": "live-password"})},
	{name: "logout", call: "auth.logout"},
	{name: "login with the password", call: "auth.login", args: with(m{"phone": aNumber, "password": "live-password"}), has: m{"id": firstUser}},
	{name: "another number", call: "user.setMobilePhone", args: with(anotherNumber), has: m{"phone": anotherNumber, "phone_verified": false}},
	{name: "send to verify", call: "sendSmsCode", args: with(m{"phone": anotherNumber})},
	{name: "verify with a wrong code", call: "user.verifyMobilePhone", args: with("000000"), code: herror.BadRequest},
	{name: "verify", call: "user.verifyMobilePhone", args: smsCode(anotherNumber, func(code string) []any { return []any{code} })},
	{name: "send once more", call: "sendSmsCode", args: later("61s", with(m{"phone": anotherNumber}))},
	{name: "verify the code only", call: "verifySmsCode", args: smsCode(anotherNumber, codeOf(anotherNumber))},
	{name: "current user", call: "auth.getCurrentUser", has: m{"_phone": anotherNumber, "_phone_verified": true}},
	{name: "attribute", call: "user.get", args: with("_phone"), has: anotherNumber},
	{name: "all attributes", call: "user.toJSON", has: m{"_phone": anotherNumber}},
	{name: "a number with an account", call: "auth.register", args: with(m{"phone": anotherNumber, "password": "p"}), code: herror.BadRequest},
	{name: "register a number", call: "auth.register", args: with(m{"phone": "13700137000", "password": "p"}), has: m{"id": firstUser + 1}},
}

var ownAccountSteps = []buildStep{
	{name: "register", call: "auth.register", args: with(larry), has: m{"id": firstUser, "_username": "Larry", "_anonymous": false}},
	{name: "token", call: "getAuthToken"},
	{name: "stored expiry", call: "storage.get", args: with("session_expires_at"), as: "session_expires_at"},
	{name: "store", call: "storage.set", args: with("own", 1)},
	{name: "store asynchronously", call: "storageAsync.set", args: with("own", 2)},
	{name: "stored value", call: "storage.get", args: with("own"), has: 2},
	{name: "stored user id", call: "storageAsync.get", args: with("uid"), has: firstUser},
	{name: "name is taken", call: "auth.register", args: with(larry), code: herror.BadRequest},
	{name: "email address", call: "user.setEmail", args: with(anAddress), has: m{"email": anAddress, "email_verified": false}},
	{name: "reset for an unverified address", call: "auth.requestPasswordReset", args: with(m{"email": anAddress}), code: herror.BadRequest},
	{name: "verification mail", call: "user.requestEmailVerification"},
	{name: "current user", call: "auth.getCurrentUser", args: openMail("verify-email", http.MethodGet, nil), has: m{"_email": anAddress, "_email_verified": true}},
	{name: "reset", call: "auth.requestPasswordReset", args: with(m{"email": anAddress})},
	{name: "login with an email address", call: "auth.login", args: openMail("reset-password", http.MethodPost, m{"password": "another"}, m{"email": anAddress, "password": "another"}), has: m{"id": firstUser}},
	{name: "wrong password", call: "auth.login", args: with(m{"email": anAddress, "password": "wrong"}), code: herror.BadRequest},
	{name: "wrong old password", call: "user.updatePassword", args: with(m{"password": "wrong", "newPassword": "third"}), code: herror.BadRequest},
	{name: "password", call: "user.updatePassword", args: with(m{"password": "another", "newPassword": "third"})},
	{name: "username", call: "user.setUsername", args: with("Moe"), has: m{"username": "Moe"}},
	{name: "email address and mail", call: "user.setEmail", args: with("moe@example.com", m{"sendVerificationEmail": true}), has: m{"email": "moe@example.com"}, sends: 2},
	{name: "several", call: "user.setAccount", args: with(m{"username": "Curly", "email": "curly@example.com", "phone": aNumber}), has: m{"username": "Curly", "email": "curly@example.com", "phone": aNumber}},
	{name: "reset the username", call: "user.setUsername", args: with(nil), has: m{"username": nil}},
	{name: "reset the email address", call: "user.setEmail", args: with(nil), has: m{"email": nil}},
	{name: "reset the number", call: "user.setMobilePhone", args: with(nil), has: m{"phone": nil}},
	{name: "username again", call: "user.setAccount", args: with(m{"username": "Curly"}), has: m{"username": "Curly"}},
	{name: "password without the old one", call: "user.setAccount", args: with(m{"password": "fourth"}), code: herror.BadRequest},
	{name: "current user at the end", call: "auth.getCurrentUser", has: m{"_username": "Curly"}},
	{name: "link Alipay", call: "user.linkAlipay", code: herror.InvalidParameter},
	{name: "link QQ", call: "user.linkQQ", code: herror.InvalidParameter},
	{name: "link Baidu", call: "user.linkBaidu", code: herror.InvalidParameter},
	{name: "link ByteDance", call: "user.linkTt", code: herror.InvalidParameter},
	{name: "link JD", call: "user.linkJd", code: herror.InvalidParameter},
	{name: "link Kuaishou", call: "user.linkKs", code: herror.InvalidParameter},
	{name: "link with a provider's token", call: "user.linkThirdPartyWithAuthData", code: herror.InvalidParameter},
	{name: "login while logged in", call: "auth.login", args: with(m{"username": "Curly", "password": "third"}), has: m{"id": firstUser}},
	{name: "logout", call: "auth.logout"},
	{name: "token after the logout", call: "getAuthToken"},
	{name: "logout again", call: "auth.logout", code: herror.NotAuthenticated},
}

var anonymousSteps = []buildStep{
	{name: "login", call: "auth.anonymousLogin", has: m{"id": firstUser, "_anonymous": true}},
	{name: "username", call: "user.setUsername", args: with("Larry"), code: herror.AnonymousNotAllowed},
	{name: "email address", call: "user.setEmail", args: with(anAddress), code: herror.AnonymousNotAllowed},
	{name: "number", call: "user.setMobilePhone", args: with(aNumber), code: herror.AnonymousNotAllowed},
	{name: "verify the number", call: "user.verifyMobilePhone", args: with("000000"), code: herror.AnonymousNotAllowed},
	{name: "verification mail", call: "user.requestEmailVerification", code: herror.AnonymousNotAllowed},
	{name: "password", call: "user.updatePassword", args: with(m{"password": "", "newPassword": "p"}), code: herror.AnonymousNotAllowed},
	{name: "several", call: "user.setAccount", args: with(m{"username": "Larry"}), code: herror.AnonymousNotAllowed},
	{name: "link", call: "user.linkWechat", code: herror.AnonymousNotAllowed},
	{name: "set", call: "user.set", args: with("age", 30)},
	{name: "update", call: "user.update", has: m{"age": 30}},
	{name: "register", call: "auth.register", args: with(larry), has: m{"id": firstUser, "_anonymous": false, "age": 30}},
	{name: "logout", call: "auth.logout"},
	{name: "another login", call: "auth.anonymousLogin", has: m{"id": firstUser + 1}},
	{name: "forget the session", call: "clearSession"},
	{name: "current user", call: "auth.getCurrentUser", code: herror.SessionMissing},
}

var fieldSteps = []buildStep{
	{name: "register", call: "auth.register", args: with(larry)},
	{name: "set one", call: "user.set", args: with("age", 30)},
	{name: "update one", call: "user.update", has: m{"age": 30}},
	{name: "set several", call: "user.set", args: with(m{"tags": []string{"a"}, "size": m{"s": 1, "m": 2}, "list": []int{1, 2, 3, 4}, "nickname": "Larry", "gone": 1})},
	{name: "update several", call: "user.update", has: m{"tags": []string{"a"}, "list": []int{1, 2, 3, 4}, "nickname": "Larry"}},
	{name: "increment", call: "user.incrementBy", args: with("age", 5)},
	{name: "append", call: "user.append", args: with("tags", []string{"b", "a"})},
	{name: "patch", call: "user.patchObject", args: with("size", m{"s": 3})},
	{name: "pop", call: "user.pop", args: with("list")},
	{name: "update with operators", call: "user.update", has: m{"age": 35, "tags": []string{"a", "b", "a"}, "size": m{"s": 3, "m": 2}, "list": []int{1, 2, 3}}},
	{name: "append what is missing", call: "user.uAppend", args: with("tags", []string{"b", "c"})},
	{name: "shift", call: "user.shift", args: with("list")},
	{name: "update with more operators", call: "user.update", has: m{"tags": []string{"a", "b", "a", "c"}, "list": []int{2, 3}}},
	{name: "remove", call: "user.remove", args: with("tags", "a")},
	{name: "update with a removal", call: "user.update", has: m{"tags": []string{"b", "c"}}},
	{name: "unset", call: "user.unset", args: with("gone")},
	{name: "update drops the unset", call: "user.update", has: m{"gone": 1}},
	{name: "nothing to update", call: "user.update", has: m{"age": 35}},
	{name: "unset before a set", call: "user.unset", args: with("age")},
	{name: "set after an unset", call: "user.set", args: with("age", 1), code: herror.InvalidParameter},
	{name: "pop without a field", call: "user.pop", args: with(""), code: herror.InvalidParameter},
	{name: "patch with a text", call: "user.patchObject", args: with("size", "s"), code: herror.InvalidParameter},
	{name: "increment a text", call: "user.incrementBy", args: with("nickname", 1)},
	{name: "update of another type", call: "user.update", code: herror.BadRequest},
	{name: "update a built-in field", call: "updateUser", args: with(m{"data": m{"_username": "Moe"}}), code: herror.BadRequest},
	{name: "update directly", call: "updateUser", args: with(m{"data": m{"age": 36}}), has: m{"age": 36}},
	{name: "own user without data", call: "users.getCurrentUserWithoutData"},
	{name: "set there", call: "record.set", args: with("age", 37)},
	{name: "update there", call: "record.update", has: m{"age": 37}},
	{name: "a user without data", call: "users.getWithoutData", args: with(firstUser)},
	{name: "no user without data", call: "users.getWithoutData", args: with(nil), code: herror.InvalidParameter},
	{name: "current user", call: "auth.getCurrentUser", has: m{"age": 37, "gone": 1, "nickname": "Larry"}},
}

var querySteps = []buildStep{
	{name: "register Moe", call: "auth.register", args: with(moe), has: m{"id": firstUser}},
	{name: "name Moe", call: "updateUser", args: with(m{"data": m{"nickname": "Moe", "age": 30}})},
	{name: "log Moe out", call: "auth.logout"},
	{name: "register Larry", call: "auth.register", args: with(larry), has: m{"id": firstUser + 1}},
	{name: "name Larry", call: "updateUser", args: with(m{"data": m{"nickname": "Larry", "age": 31}})},

	{name: "read oneself", call: "users.get", args: with(firstUser + 1), has: m{"id": firstUser + 1, "_username": "Larry", "age": 31}},
	{name: "read another user", call: "users.get", args: with(firstUser), has: m{"id": firstUser, "nickname": "Moe", "age": 30}},
	{name: "read an unknown user", call: "users.get", args: with(99), code: herror.NotFound},
	{name: "select fields", call: "users.select", args: with([]string{"nickname", "created_by"})},
	{name: "expand the creator", call: "users.expand", args: with("created_by")},
	{name: "read selected fields", call: "users.get", args: with(firstUser + 1)},
	{name: "leave out fields", call: "users.select", args: with("-nickname")},
	{name: "read other fields", call: "users.get", args: with(firstUser + 1)},
	{name: "read by the old name", call: "getUserInfo", args: with(m{"userID": firstUser}), has: m{"nickname": "Moe"}},
	{name: "read the details", call: "getUserDetail", args: with(m{"userID": firstUser, "keys": "nickname"}), has: m{"nickname": "Moe"}},

	{name: "find all", call: "users.find"},
	{name: "count all", call: "users.count", has: 2},
	{name: "limit", call: "users.limit", args: with(1)},
	{name: "offset", call: "users.offset", args: with(1)},
	{name: "order", call: "users.orderBy", args: with([]string{"-id"})},
	{name: "select nicknames", call: "users.select", args: with("nickname")},
	{name: "expand creators", call: "users.expand", args: with([]string{"created_by"})},
	{name: "find a page", call: "users.find", args: with(m{"withCount": true})},
	{name: "list", call: "getUserList", args: with(m{"where": `{"id":{"$eq":61736923}}`, "limit": 1})},
	{name: "limit that is no number", call: "users.limit", args: with("1"), code: herror.InvalidParameter},
	{name: "offset that is no number", call: "users.offset", args: with("1"), code: herror.InvalidParameter},
	{name: "query that is none", call: "users.setQuery", args: with(m{}), code: herror.InvalidParameter},
	{name: "unknown comparison", call: "users.setQuery", args: query(q{"compare", "id", "~", 1}), code: herror.InvalidParameter},
	{name: "set a field that may not be named", call: "users.setQuery", args: query(q{"compare", "age", "=", 30})},
	{name: "find by it", call: "users.find", code: herror.BadRequest},

	{name: "set =", call: "users.setQuery", args: query(q{"compare", "nickname", "=", "Moe"})},
	{name: "count =", call: "users.count", has: 1},
	{name: "set !=", call: "users.setQuery", args: query(q{"compare", "nickname", "!=", "Moe"})},
	{name: "count !=", call: "users.count", has: 1},
	{name: "set a range", call: "users.setQuery", args: query(q{"compare", "id", ">=", firstUser}, q{"compare", "id", "<", firstUser + 1})},
	{name: "count a range", call: "users.count", has: 1},
	{name: "set another range", call: "users.setQuery", args: query(q{"compare", "id", ">", firstUser}, q{"compare", "id", "<=", firstUser + 9})},
	{name: "count another range", call: "users.count", has: 1},
	{name: "set contains", call: "users.setQuery", args: query(q{"contains", "nickname", "arr"})},
	{name: "count contains", call: "users.count", has: 1},
	{name: "set a regular expression", call: "users.setQuery", args: query(q{"matches", "nickname", m{"$regexp": "^M"}})},
	{name: "count a regular expression", call: "users.count", has: 1},
	{name: "set in", call: "users.setQuery", args: query(q{"in", "nickname", []string{"Moe", "Curly"}})},
	{name: "count in", call: "users.count", has: 1},
	{name: "set not in", call: "users.setQuery", args: query(q{"notIn", "nickname", []string{"Moe", "Curly"}})},
	{name: "count not in", call: "users.count", has: 1},
	{name: "set null", call: "users.setQuery", args: query(q{"isNull", "nickname"})},
	{name: "count null", call: "users.count", has: 0},
	{name: "set not null", call: "users.setQuery", args: query(q{"isNotNull", []string{"nickname", "id"}})},
	{name: "count not null", call: "users.count", has: 2},
	{name: "set exists", call: "users.setQuery", args: query(q{"exists", "nickname"})},
	{name: "count exists", call: "users.count", has: 2},
	{name: "set not exists", call: "users.setQuery", args: query(q{"notExists", []string{"nickname"}})},
	{name: "count not exists", call: "users.count", has: 0},
	{name: "set all", call: "users.setQuery", args: query(q{"arrayContains", "nickname", []string{"Moe"}})},
	{name: "count all of a list", call: "users.count", has: 0},
	{name: "set key", call: "users.setQuery", args: query(q{"hasKey", "nickname", "a"})},
	{name: "count key", call: "users.count", has: 0},
	{name: "set and", call: "users.setQuery", args: with(m{"$and": []any{asQuery(q{"compare", "id", "=", firstUser}), asQuery(q{"compare", "nickname", "=", "Moe"})}})},
	{name: "count and", call: "users.count", has: 1},
	{name: "set or", call: "users.setQuery", args: with(m{"$or": []any{asQuery(q{"compare", "id", "=", firstUser}), asQuery(q{"compare", "nickname", "=", "Larry"})}})},
	{name: "count or", call: "users.count", has: 2},
}

var requestSteps = []buildStep{
	{name: "login", call: "request", args: request(http.MethodPost, "v2.1/register/username/", larry), has: m{"status": http.StatusCreated}},
	{name: "without a session", call: "request", args: request(http.MethodGet, userPath, nil), webCode: herror.NotAuthenticated, has: m{"status": http.StatusUnauthorized}},
	{name: "register", call: "auth.register", args: with(moe)},
	{name: "read", call: "request", args: request(http.MethodGet, "v2.5/user/info/61736924/", m{"keys": "_email"}), has: m{"status": http.StatusOK}},
	{name: "update", call: "request", args: request(http.MethodPut, "v2.5/user/info/", m{"age": 30}), has: m{"status": http.StatusOK}},
	{name: "absolute address", call: "request", args: func(t *testing.T, p *person) []any {
		return []any{m{"url": p.on.url + "/hserve/v2.2/server/time/"}}
	}, has: m{"status": http.StatusOK}},
	{name: "own header", call: "request", args: with(m{"url": "/hserve/v2.2/server/time/", "header": m{"X-Own": "1"}}), has: m{"status": http.StatusOK}},
	{name: "unknown path", call: "request", args: request(http.MethodGet, "v2.5/unknown/", nil), webCode: herror.NotFound, has: m{"status": http.StatusNotFound}},
	{name: "path of another server", call: "request", args: with(m{"url": "/elsewhere/"}), webCode: herror.NotFound, has: m{"status": http.StatusNotFound}},
	{name: "bad body", call: "request", args: request(http.MethodPut, "v2.2/user/account/", m{"username": 7}), webCode: herror.BadRequest, has: m{"status": http.StatusBadRequest}},
}

const userPath = "v2.5/user/info/61736923/"

var endedSteps = []buildStep{
	{name: "register", call: "auth.register", args: with(larry)},
	{name: "current user", call: "auth.getCurrentUser", args: revoked(), code: herror.NotAuthenticated},
	{name: "current user again", call: "auth.getCurrentUser", code: herror.NotAuthenticated},
	{name: "server time", call: "getServerDate", code: herror.NotAuthenticated},
	{name: "send a text message", call: "sendSmsCode", args: with(m{"phone": aNumber}), code: herror.NotAuthenticated},
	{name: "verify a code", call: "verifySmsCode", args: with(m{"phone": aNumber, "code": "000000"}), code: herror.NotAuthenticated},
	{name: "reset", call: "auth.requestPasswordReset", args: with(m{"email": anAddress}), code: herror.NotAuthenticated},
	{name: "wrong password", call: "auth.login", args: with(m{"username": "Larry", "password": "wrong"}), code: herror.BadRequest},
	{name: "logout", call: "auth.logout", code: herror.NotAuthenticated},
	{name: "token", call: "getAuthToken"},
	{name: "login", call: "auth.login", args: with(larry), has: m{"id": firstUser}},
	{name: "logout after that", call: "auth.logout"},
}

var troubleSteps = []buildStep{
	{name: "register", call: "auth.register", args: with(larry)},
	{name: "error page", call: "auth.getCurrentUser", args: fault(m{"route": "GET /hserve/v2.5/user/info/*/", "status": 500, "body": "<html>", "content_type": "text/html"}), code: http.StatusInternalServerError},
	{name: "unavailable once", call: "auth.getCurrentUser", args: fault(m{"route": "GET /hserve/v2.5/user/info/*/", "times": 1, "status": 503}), code: http.StatusServiceUnavailable},
	{name: "forbidden", call: "user.setUsername", args: fault(m{"route": "PUT /hserve/v2.2/user/account/", "status": 403, "body": `{"message":"no"}`}), code: herror.Forbidden},
	{name: "in arrears", call: "sendSmsCode", args: fault(m{"route": "POST /hserve/v2.2/sms-verification-code/", "status": 402, "no_body": true}, m{"phone": aNumber}), code: herror.PaymentRequired},
	{name: "connection cut", call: "user.setUsername", args: fault(m{"route": "PUT /hserve/v2.2/user/account/", "cut": "after-read"}), code: herror.RequestTimeout, webCode: clientFault},
	{name: "garbage", call: "updateUser", args: fault(m{"route": "PUT /hserve/v2.5/user/info/", "status": 200, "body": "{"}, m{"data": m{"age": 1}})},
	{name: "login with garbage", call: "auth.login", args: fault(m{"route": "POST /hserve/v2.1/login/username/", "status": 201, "body": "{"}, larry), code: herror.SessionMissing},
}

var wechatSteps = []buildStep{
	{name: "documented login(false)", call: "login", args: with(false), has: m{"id": firstUser, "openid": openID}},
	{name: "login() of the first clients", call: "login", code: herror.InvalidParameter},
	{name: "silent login while logged in", call: "auth.silentLogin"},
	{name: "login while logged in", call: "auth.loginWithWechat", has: m{"id": firstUser}},
	{name: "link", call: "auth.linkWechat", has: m{"status": "ok", "openid": openID, "user_id": firstUser}},
	{name: "username and first password", call: "user.setAccount", args: with(m{"username": "Larry", "password": "live-password"}), has: m{"username": "Larry"}},
	{name: "link by union id", call: "user.linkWechat", args: with(m{"withUnionID": true}), has: m{"unionid": unionID(openID)}},
	{name: "link in a browser", call: "user.linkThirdParty", code: herror.InvalidParameter},
	{name: "user info", call: "auth.updateUserInfo", args: eventWithCode("user-profile", nil, m{"syncUserProfile": "overwrite"}), has: m{"id": firstUser, "unionid": unionID(openID)}},
	{name: "user info without a code", call: "auth.updateUserInfo", args: event("user-profile", nil, nil), code: herror.InvalidParameter},
	{name: "no user info", call: "auth.updateUserInfo", args: with(m{}), code: herror.UserRefused},
	{name: "user info, switched off", call: "auth.updateUserInfo", args: func(t *testing.T, p *person) []any {
		p.on.ask(t, http.MethodPut, "settings", m{"user_info_updates": false}, new(m))
		return eventWithCode("user-profile", nil, nil)(t, p)
	}, code: herror.UserInfoSwitchOff},
	{name: "phone number", call: "auth.updatePhoneNumber", args: event("allow-phone-number", m{"number": aNumber}, nil), has: m{"_phone": aNumber}},
	{name: "phone number, not to overwrite", call: "auth.updatePhoneNumber", args: event("allow-phone-number", m{"number": anotherNumber}, m{"overwrite": false}), code: herror.BadRequest},
	{name: "refused phone number", call: "auth.updatePhoneNumber", args: event("refuse-phone-number", nil, nil), code: herror.UserRefused},
	{name: "event without data", call: "auth.updatePhoneNumber", args: with(m{}), code: herror.UserRefused},
	{name: "decrypt", call: "wxDecryptData", args: func(t *testing.T, p *person) []any {
		var e struct {
			Detail struct {
				Data string `json:"encryptedData"`
				IV   string `json:"iv"`
				Code string `json:"code"`
			} `json:"detail"`
		}
		require.NoError(t, json.Unmarshal(p.act(t, "allow-phone-number", m{"number": aNumber}), &e))
		return []any{e.Detail.Data, e.Detail.IV, "phone-number", e.Detail.Code}
	}, code: herror.NotFound},
	{name: "documented logout", call: "logout"},
	{name: "phone number of nobody", call: "auth.updatePhoneNumber", args: event("allow-phone-number", m{"number": anotherNumber}, nil), code: herror.SessionMissing},
	{name: "user info of nobody", call: "auth.updateUserInfo", args: eventWithCode("user-profile", nil, nil), code: herror.SessionMissing},
	{name: "silent login", call: "auth.silentLogin", has: m{"user_id": firstUser, "openid": openID}},
	{name: "current user", call: "auth.getCurrentUser", has: m{"id": firstUser, "openid": openID}},
	{name: "log out again", call: "auth.logout"},
	{name: "login by phone number", call: "auth.handleUserInfo", args: eventInside("allow-phone-number", m{"number": aNumber}), has: m{"user_id": firstUser}},
	{name: "documented handleUserInfo", call: "handleUserInfo", args: eventInside("allow-phone-number", m{"number": aNumber}), has: m{"id": firstUser, "openid": openID}},
	{name: "refused", call: "auth.handleUserInfo", args: eventInside("refuse-phone-number", nil), code: herror.UserRefused},
	{name: "login by a refused phone number", call: "auth.loginWithWechat", args: eventWithCode("refuse-phone-number", nil, nil), code: herror.UserRefused},
	{name: "login with a spent code", call: "auth.loginWithWechat", args: func(t *testing.T, p *person) []any {
		args := eventWithCode("allow-phone-number", m{"number": aNumber}, nil)(t, p)
		args[1].(m)["code"] = "spent"
		return args
	}, code: herror.BadRequest},
	{name: "login with the account", call: "auth.login", args: with(larry), has: m{"id": firstUser, "openid": openID}},
}

var oldWechatSteps = []buildStep{
	{name: "login by phone number", call: "auth.loginWithWechat", args: eventWithCode("allow-phone-number", m{"number": aNumber, "old": true}, nil), has: m{"id": firstUser}},
	{name: "phone number", call: "auth.updatePhoneNumber", args: event("allow-phone-number", m{"number": anotherNumber, "old": true}, nil), has: m{"id": firstUser}},
	{name: "user info", call: "auth.updateUserInfo", args: event("user-profile", nil, nil), has: m{"id": firstUser}},
	{name: "logout", call: "auth.logout"},
}

var autoLoginSteps = []buildStep{
	{name: "init", call: "init", args: hosted(clientID, m{"autoLogin": true})},
	{name: "read", call: "users.get", args: with(firstUser), has: m{"id": firstUser}},
	{name: "current user after the session has ended", call: "auth.getCurrentUser", args: revoked(), has: m{"id": firstUser}},
	{name: "update after the session has ended", call: "updateUser", args: revoked(m{"data": m{"age": 30}}), has: m{"age": 30}},
	{name: "send a text message after the session has ended", call: "sendSmsCode", args: revoked(m{"phone": aNumber}), has: m{"status": "ok"}},
	{name: "logout", call: "auth.logout"},
	{name: "server time of nobody", call: "getServerDate"},
}

var webSteps = []buildStep{
	{name: "silent login", call: "auth.silentLogin", code: herror.UnsupportedFunction},
	{name: "result of a web login", call: "auth.getRedirectResult", code: herror.ThirdPartyAuthFailed},
	{name: "register", call: "auth.register", args: with(larry)},
	{name: "link WeChat", call: "user.linkWechat", code: herror.InvalidParameter},
}

// later moves the emulator's clock before the arguments are made.
func later(d string, args func(*testing.T, *person) []any) func(*testing.T, *person) []any {
	return func(t *testing.T, p *person) []any {
		p.on.ask(t, http.MethodPost, "clock", m{"advance": d}, new(m))
		return args(t, p)
	}
}

// hosted returns the arguments of init.
func hosted(client string, options m) func(*testing.T, *person) []any {
	return func(_ *testing.T, p *person) []any {
		all := m{"host": p.on.url}
		maps.Copy(all, options)
		return []any{client, all}
	}
}

// smsCode reads the last text message to a number, and makes the arguments from its code.
func smsCode(number string, args func(code string) []any) func(*testing.T, *person) []any {
	return func(t *testing.T, p *person) []any {
		var sent []struct{ Phone, Code string }
		p.on.ask(t, http.MethodGet, "sms", nil, &sent)
		code := ""
		for _, message := range sent {
			if message.Phone == number {
				code = message.Code
			}
		}
		require.NotEmpty(t, code, "no text message to %s", number)
		return args(code)
	}
}

func textCode(options ...any) func(string) []any {
	return func(code string) []any { return append([]any{aNumber, code}, options...) }
}

func codeOf(number string) func(string) []any {
	return func(code string) []any { return []any{m{"phone": number, "code": code}} }
}

// openMail opens the link of the last mail of a kind. It returns the other arguments.
func openMail(kind, method string, body m, args ...any) func(*testing.T, *person) []any {
	return func(t *testing.T, p *person) []any {
		var sent []struct{ Kind, Link string }
		p.on.ask(t, http.MethodGet, "mail", nil, &sent)
		link := ""
		for _, mail := range sent {
			if mail.Kind == kind {
				link = mail.Link
			}
		}
		require.NotEmpty(t, link, "no mail: %s", kind)
		var content io.Reader
		if body != nil {
			text, err := json.Marshal(body)
			require.NoError(t, err)
			content = bytes.NewReader(text)
		}
		req, err := http.NewRequestWithContext(t.Context(), method, p.on.url+link, content)
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode, kind)
		return args
	}
}

// revoked makes the backend forget the first user's sessions. It returns the arguments.
func revoked(args ...any) func(*testing.T, *person) []any {
	return func(t *testing.T, p *person) []any {
		p.on.ask(t, http.MethodDelete, fmt.Sprintf("users/%d/tokens", firstUser), nil, new(m))
		return args
	}
}

// fault replaces the emulator's faults with this one. It returns the arguments.
func fault(f m, args ...any) func(*testing.T, *person) []any {
	return func(t *testing.T, p *person) []any {
		p.on.ask(t, http.MethodDelete, "faults", nil, new(m))
		p.on.ask(t, http.MethodPost, "faults", f, new(m))
		return args
	}
}

// request returns the argument of request for one of the backend's paths.
func request(method, path string, data any) func(*testing.T, *person) []any {
	return with(m{"method": method, "url": "/hserve/" + path, "data": data})
}

// q is a call on a Query.
type q []any

// query returns a Query on which these calls were made.
func query(calls ...q) func(*testing.T, *person) []any { return with(asQuery(calls...)) }

func asQuery(calls ...q) m { return m{"$query": calls} }

// eventInside is eventWithCode for calls that take the code as a member of the event.
func eventInside(action string, body m) func(*testing.T, *person) []any {
	return func(t *testing.T, p *person) []any {
		args := eventWithCode(action, body, nil)(t, p)
		var e m
		require.NoError(t, json.Unmarshal(args[0].(json.RawMessage), &e))
		e["code"] = args[1].(m)["code"]
		return []any{e}
	}
}
