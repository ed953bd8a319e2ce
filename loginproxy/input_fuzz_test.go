package loginproxy

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas"
)

// fuzzProxy is a proxy that no fuzz target has send anything.
func fuzzProxy(f *testing.F) *Proxy {
	f.Helper()
	client, err := baas.New("app")
	require.NoError(f, err)
	p, err := New(client)
	require.NoError(f, err)
	return p
}

// FuzzRead reads a body as that of each JSON route. A body that is accepted is one JSON
// object, as encoding/json reads it, with known fields, each once.
func FuzzRead(f *testing.F) {
	for _, body := range []string{
		``, ` {} `, `{"code":"c","createUser":false,"syncUserProfile":"setnx","appName":"douyin","withUnionID":true}`,
		`{"username":"ann","password":"p"}`, `{"phone":"1","code":"2","createUser":null}`, `{"phone":"1","signatureID":7}`,
		`{"data":{"detail":{"iv":"i","encryptedData":"d"}},"overwrite":true,"platform":"ks"}`,
		`{"phone":"1","\u0070hone":"2"}`, `{"data":[],"code":"\ud800"}`, "{\"code\":\"\xff\"}", `{"code":"c"}{}`, `null`, `[{}]`,
		`{"syncUserProfile":false,"signatureID":1e0,"code":""}`, `{"create_user":true}`, `{"_C-ode_":1}`, `{"platform":"x","Data":{}}`,
	} {
		f.Add(body)
	}
	p := fuzzProxy(f)
	all := routesInCode()
	names := slices.Sorted(maps.Keys(all))
	known := documentedRoutes(f)
	f.Fuzz(func(t *testing.T, body string) {
		for _, name := range names {
			rt := all[name]
			if rt.newInput == nil {
				continue
			}
			r := httptest.NewRequest(rt.method, "/", strings.NewReader(body))
			x := p.begin(httptest.NewRecorder(), r, rt.operation)
			in := rt.newInput()
			err := x.readFields(in)
			x.cancel()
			if err == nil && in.complete() != nil {
				requireNothingRepeated(t, in.complete())
			}
			if err != nil {
				requireNothingRepeated(t, err)
				continue
			}
			if strings.Trim(body, jsonSpace) == "" {
				continue
			}
			dec := json.NewDecoder(strings.NewReader(body))
			first, err := dec.Token()
			require.NoError(t, err)
			require.Equal(t, json.Delim('{'), first)
			var given []string
			for dec.More() {
				key, err := dec.Token()
				require.NoError(t, err)
				given = append(given, key.(string))
				var value json.RawMessage
				require.NoError(t, dec.Decode(&value))
				if string(value) != "null" {
					require.Contains(t, known[name].fields, key)
				}
			}
			_, err = dec.Token()
			require.NoError(t, err)
			require.False(t, dec.More(), "only white space is left")
			slices.Sort(given)
			require.Equal(t, slices.Compact(slices.Clone(given)), given, "duplicate fields")
		}
	})
}

// requireNothingRepeated checks that what is told about a body, to the phone and to the
// log, has nothing of it but a documented field.
func requireNothingRepeated(t *testing.T, err error) {
	t.Helper()
	f := failureOf(err)
	if f.status == http.StatusRequestEntityTooLarge {
		return
	}
	require.Equal(t, http.StatusBadRequest, f.status)
	require.Contains(t, []reason{notUTF8, notJSON, notObject, unknownField, duplicateField, wrongType, missingField, invalidValue}, f.Reason)
	plain := strings.NewReplacer("_", "", "-", "").Replace(f.Field)
	require.True(t, f.Field == "" || slices.ContainsFunc(knownFields, func(known string) bool { return strings.EqualFold(known, plain) }), f.Field)
	require.LessOrEqual(t, len(f.Field), 32)
	text := strings.TrimSuffix(causeOf(err).Error(), " (field "+f.Field+")")
	require.Contains(t, []string{
		"the body is not UTF-8", "the body is not JSON", "the body is not a JSON object", "the route has no such field",
		"a field is given twice", "a needed field is missing", "the value is of a wrong type or form", "it is none of the documented values",
	}, strings.TrimPrefix(text, "605: incorrect parameter type: "))
}

// FuzzBackendRequest has a request classified. A path that another server may take for
// that of a login is forwarded only as a login, and the account that the rate limiter
// gets is the one that any other parser reads.
func FuzzBackendRequest(f *testing.F) {
	for _, path := range []string{
		"/hserve/v2.1/login/username/", "/hserve/v2.1/login/username;x/", "/hserve/v2.1/LOGIN/username", "/hserve/v2.1/%6cogin/email/", "/hserve/v2.0/user/password/reset/",
		"/hserve/v2.2/sms-verification-code/", "/hserve/v2.1/register/phone/%20", "/hserve//v2.1/login/sms/", "/hserve/v2.5/idp/kuaishou/silent-login/user/", "/hserve/v2.5/../v2.1/login/sms/",
		"/hserve/v2.4/table/T/record/", "/hserve/v2.5/idp/oauth/apple/user-association/", "/hserve/v1.4/session/init/", "/hserve/v2.0/session/destroy/",
	} {
		f.Add(path, "POST", "", `{"username":"ann","phone":"1","email":"a@b"}`)
		f.Add(path, "POST", "PUT", `{"username":"ann"}`)
		f.Add(path, "POST", "", `{"username":"ann","username":"bob"}`)
		f.Add(path, "POST", "", `{"email":"a@b","Email":"c@d","x":1}`)
		f.Add(path, "GET", "", `{"phone":1e3,"Phone":"2","email":["x"]}`)
	}
	p := fuzzProxy(f)
	f.Fuzz(func(t *testing.T, path, method, override, body string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || method == "" {
			return
		}
		r := &http.Request{Method: method, URL: u, Header: http.Header{
			"Content-Type": {jsonType}, "X-Hydrogen-Client-Id": {"app"}, "X-Hydrogen-Request-Method": {override},
		}}
		x := p.begin(httptest.NewRecorder(), r.WithContext(t.Context()), OpUnknown)
		defer x.cancel()
		req, err := x.backendRequest()
		if err != nil {
			require.GreaterOrEqual(t, failureOf(err).status, 400)
			return
		}
		forwarded, query, _ := strings.Cut(req.Path, "?")
		require.Equal(t, u.Path, forwarded, "no character needs an escape")
		require.Regexp(t, `^/hserve/v[0-9.]+(/[A-Za-z0-9_-]+)+/?$`, forwarded)
		segments := strings.Split(strings.ToLower(strings.Trim(forwarded, "/")), "/")[2:]
		limited := slices.Contains([]string{"login", "register", "session", "sms-verification-code", "sms-phone-verification"}, segments[0]) ||
			segments[0] == "user" && len(segments) > 1 && segments[1] == "password"
		require.Equal(t, limited || segments[0] == "idp" && x.isSensitive(), x.isSensitive(), forwarded)
		if segments[0] == "idp" && strings.Contains(forwarded, "log") && !strings.Contains(forwarded, "/pay/") {
			require.True(t, x.isSensitive(), forwarded)
		}
		require.Equal(t, x.mayHoldToken, x.isLogin() || x.event.Operation == OpLink)
		require.False(t, x.mayHoldToken && x.appData)
		if !x.isSensitive() {
			return
		}
		require.Equal(t, strings.ToLower(forwarded), forwarded)
		require.Empty(t, query)
		require.True(t, req.Method == http.MethodPost || x.event.Operation == OpLink && req.Method == http.MethodPut, req.Method)
		if x.checkBody(body) != nil {
			return
		}
		account, err := x.accountIn(body)
		if err != nil || x.accountField == "" {
			return
		}
		requireSameAccount(t, body, x.accountField, account)
	})
}

// requireSameAccount reads the body with encoding/json. No name is given twice, with or
// without regard to case, so that every parser reads the same account.
func requireSameAccount(t *testing.T, body, field, account string) {
	t.Helper()
	if body == "" {
		return
	}
	require.True(t, utf8.ValidString(body))
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	_, err := dec.Token()
	require.NoError(t, err)
	seen, text := map[string]bool{}, ""
	for dec.More() {
		key, err := dec.Token()
		require.NoError(t, err)
		lower := strings.ToLower(key.(string))
		require.False(t, seen[lower], "%q is given twice", lower)
		seen[lower] = true
		var value any
		require.NoError(t, dec.Decode(&value))
		if key != field {
			continue
		}
		switch v := value.(type) {
		case string:
			text = v
		case json.Number:
			text = v.String()
		default:
			require.Nil(t, v)
		}
	}
	require.Equal(t, strings.TrimSpace(text), account)
}
