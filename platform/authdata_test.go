package platform_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
)

// agreed is user info as a phone gives it, with a canary in every secret place.
func agreed() *platform.AuthData {
	return &platform.AuthData{
		ErrMsg:        "getUserInfo:ok",
		UserInfo:      json.RawMessage(`{"nickName":"Larry"}`),
		RawData:       `{"nickName":"canary-raw"}`,
		Signature:     "canary-signature",
		EncryptedData: "canary-encrypted",
		IV:            "canary-iv",
	}
}

func TestEventsParse(t *testing.T) {
	userInfo := platform.AuthData{
		ErrMsg: "getUserInfo:ok", UserInfo: json.RawMessage(`{"nickName":"a"}`), RawData: `{"nickName":"a"}`,
		Signature: "s", EncryptedData: "e", IV: "i",
	}
	const fields = `"errMsg":"getUserInfo:ok","userInfo":{"nickName":"a"},"rawData":"{\"nickName\":\"a\"}","signature":"s","encryptedData":"e","iv":"i"`
	for _, tt := range []struct {
		name, event    string
		want           platform.AuthData
		refused, empty bool
	}{
		{name: "an event with user info", event: `{"type":"getuserinfo","detail":{` + fields + `}}`, want: userInfo},
		{name: "the same, flat", event: `{` + fields + `}`, want: userInfo},
		{name: "unknown fields", event: `{"timeStamp":1,"detail":{` + fields + `,"cloudID":"c"}}`, want: userInfo},
		{name: "a detail wins over what is beside it", event: `{"iv":"other","detail":{` + fields + `}}`, want: userInfo},
		{name: "a detail of null does not count", event: `{"detail":null,` + fields + `}`, want: userInfo},
		{
			name: "a phone number", event: `{"detail":{"errMsg":"getPhoneNumber:ok","encryptedData":"e","iv":"i","code":"c"}}`,
			want: platform.AuthData{ErrMsg: "getPhoneNumber:ok", EncryptedData: "e", IV: "i", Code: "c"},
		}, {
			name: "Baidu's and JD's name for the encrypted data", event: `{"data":"e","iv":"i","userInfo":{}}`,
			want: platform.AuthData{EncryptedData: "e", IV: "i", UserInfo: json.RawMessage(`{}`)},
		}, {
			name: "Alipay's scopes", event: `{"authCode":"x","authSuccessScopes":["auth_user"]}`,
			want: platform.AuthData{AuthSuccessScopes: []string{"auth_user"}},
		}, {
			name: "Alipay's refusal", event: `{"error":11,"errorMessage":"cancelled"}`, refused: true,
			want: platform.AuthData{ErrMsg: "cancelled", Error: 11},
		}, {
			name: "Alipay's refusal without a text", event: `{"error":11}`, refused: true,
			want: platform.AuthData{Error: 11},
		}, {
			name: "Alipay's refusal by scope", event: `{"authErrorScope":{"auth_user":"20001"}}`, refused: true,
			want: platform.AuthData{ErrMsg: "authorization refused"},
		}, {
			name: "Alipay's refusal in its tools", event: `{"authErrorScope":{"scope":"auth_user"}}`, refused: true,
			want: platform.AuthData{ErrMsg: "authorization refused"},
		}, {
			name: "Alipay's refusal by scopes", event: `{"authErrorScopes":{"auth_user":"20001"}}`, refused: true,
			want: platform.AuthData{ErrMsg: "authorization refused"},
		}, {
			name: "Alipay's refusal of another scope", event: `{"authSuccessScopes":["auth_user"],"authErrorScopes":{"order":"1"}}`,
			want: platform.AuthData{ErrMsg: "authorization refused", AuthSuccessScopes: []string{"auth_user"}},
		}, {
			name: "Alipay's network error", event: `{"error":12,"errorMessage":"network"}`,
			want: platform.AuthData{ErrMsg: "network", Error: 12},
		}, {
			name: "refused user info", event: `{"detail":{"errMsg":"getUserInfo:fail auth deny"}}`, refused: true,
			want: platform.AuthData{ErrMsg: "getUserInfo:fail auth deny"},
		}, {
			name: "refused, flat", event: `{"errMsg":"getPhoneNumber:fail user deny"}`, refused: true,
			want: platform.AuthData{ErrMsg: "getPhoneNumber:fail user deny"},
		},
		{name: "refused without a word", event: `{"detail":{}}`, refused: true},
		{name: "refused with user info of null", event: `{"detail":{"userInfo":null}}`, refused: true},
		{name: "a phone code without encrypted data", event: `{"code":"c"}`, refused: true, want: platform.AuthData{Code: "c"}},
		{name: "nothing", event: `{}`, empty: true},
		{name: "null", event: `null`, empty: true},
		{name: "nothing that is known", event: `{"foo":1}`, empty: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d platform.AuthData
			require.NoError(t, json.Unmarshal([]byte(tt.event), &d))
			require.Equal(t, tt.refused, d.Refused())
			require.Equal(t, tt.empty, d.Empty())
			again, err := json.Marshal(d)
			require.NoError(t, err)
			want, err := json.Marshal(tt.want)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(again))
		})
	}
}

func TestNullLeavesAuthDataAlone(t *testing.T) {
	d := agreed()
	require.NoError(t, d.UnmarshalJSON([]byte(" null\n")))
	require.Equal(t, agreed(), d)
}

func TestNoAuthDataAtAll(t *testing.T) {
	var d *platform.AuthData
	require.True(t, d.Empty())
	require.False(t, d.Refused())
}

func TestGarbageIsRefusedAndNotQuoted(t *testing.T) {
	for _, event := range []string{
		`"canary"`, `5`, `true`, `["canary"]`, `[]`,
		`{"detail":"canary"}`, `{"detail":[{"iv":"canary"}]}`, `{"detail":7}`,
		`{"iv":{"canary":1}}`, `{"encryptedData":["canary"]}`, `{"detail":{"code":{"canary":"canary"}}}`,
		`{"authSuccessScopes":"canary"}`, `{"errMsg":12345678}`,
		`{"detail":{"iv":"canary"`, `canary`, ``,
	} {
		t.Run(event, func(t *testing.T) {
			d := agreed()
			err := d.UnmarshalJSON([]byte(event))
			require.ErrorIs(t, err, herror.InvalidParameter)
			require.EqualError(t, err, "605: incorrect parameter type: event data is not the JSON of a mini-program event")
			require.Equal(t, agreed(), d, "it is left alone")
		})
	}
}

func TestAuthDataIsNeverPrinted(t *testing.T) {
	d := agreed()
	d.Code = "canary-code"
	for _, v := range []any{d, *d, []platform.AuthData{*d}, map[string]*platform.AuthData{"a": d}, struct{ D platform.AuthData }{*d}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			printed := fmt.Sprintf(verb, v)
			require.NotContains(t, printed, "canary", verb)
			require.NotContains(t, printed, "Larry", verb)
			require.NotContains(t, strings.ToLower(printed), fmt.Sprintf("%x", "canary"), verb)
		}
	}
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("line", "data", d, "value", *d)
	}
	require.NotContains(t, out.String(), "canary")
	require.Equal(t, "authdata{userInfo:true encryptedData:true phoneCode:true refused:false}", fmt.Sprint(d))
	require.Equal(t, "<nil>", fmt.Sprint((*platform.AuthData)(nil)))
}

func FuzzAuthData(f *testing.F) {
	for _, seed := range []string{
		`{"detail":{"errMsg":"getUserInfo:ok","userInfo":{"nickName":"a"},"rawData":"r","signature":"s","encryptedData":"e","iv":"i"}}`,
		`{"detail":{"errMsg":"getPhoneNumber:fail user deny"}}`,
		`{"encryptedData":"e","iv":"i","code":"c"}`,
		`{"data":"e","iv":"i","userInfo":{"a":[1]}}`,
		`{"authSuccessScopes":["auth_user"],"errorMessage":"m"}`,
		`{"detail":{"userInfo":"no object","iv":5}}`,
		`{"detail":null,"userInfo":null}`, `null`, `[]`, `{"iv":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		var d platform.AuthData
		if err := d.UnmarshalJSON(event); err != nil {
			require.EqualError(t, err, "605: incorrect parameter type: event data is not the JSON of a mini-program event")
			require.True(t, d.Empty())
			return
		}
		require.False(t, d.Empty() && d.Refused())
		_, err := json.Marshal(d)
		require.NoError(t, err)
		_ = fmt.Sprintf("%+v", d)
	})
}
