package response

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
)

func TestParseRedirect(t *testing.T) {
	const page = "https://open.weixin.qq.com/connect/qrconnect?appid=wx1&state=s#wechat_redirect"
	got, err := ParseRedirect(`{"status":"ok","redirect_url":"` + page + `"}`)
	require.NoError(t, err)
	require.Equal(t, page, got, "as it was sent")

	for body, code := range map[string]herror.Code{
		`{"status":"error","redirect_url":"https://a.example/"}`: herror.ThirdPartyAuthFailed,
		`{"redirect_url":"https://a.example/"}`:                  herror.ThirdPartyAuthFailed,
		`{"status":true,"redirect_url":"https://a.example/"}`:    herror.ThirdPartyAuthFailed,
		`{"status":"ok"}`:                                             herror.InvalidResponse,
		`{"status":"ok","redirect_url":null}`:                         herror.InvalidResponse,
		`{"status":"ok","redirect_url":"/login"}`:                     herror.InvalidResponse,
		`{"status":"ok","redirect_url":"javascript:alert(1)"}`:        herror.InvalidResponse,
		`{"status":"ok","redirect_url":"https://a@b.example/"}`:       herror.InvalidResponse,
		`{"status":"ok","redirect_url":"https://a.example/\r\nX-A:"}`: herror.InvalidResponse,
		`["https://a.example/"]`:                                      herror.InvalidResponse,
		`<html>`:                                                      herror.InvalidResponse,
		``:                                                            herror.InvalidResponse,
	} {
		got, err := ParseRedirect(body)
		require.ErrorIs(t, err, code, body)
		require.Empty(t, got)
		var h *herror.HError
		require.ErrorAs(t, err, &h)
		require.True(t, h.Sent(), body)
	}
}

// What comes out is a URL that a Location header can hold and that a browser opens over
// http or https.
func FuzzParseRedirect(f *testing.F) {
	f.Add(`{"status":"ok","redirect_url":"https://a.example/?b=c"}`)
	f.Add(`{"status":"ok","redirect_url":"https://a.example/\u000d\u000a"}`)
	f.Add(`{"status":"ok","redirect_url":"https:\\\\a.example"}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := ParseRedirect(body)
		if err != nil {
			require.Empty(t, got)
			return
		}
		require.True(t, json.Valid([]byte(body)))
		u, err := url.Parse(got)
		require.NoError(t, err)
		require.Contains(t, []string{"http", "https"}, u.Scheme)
		require.NotEmpty(t, u.Hostname())
		for _, r := range got {
			require.False(t, r < ' ' || r == 0x7f)
		}
	})
}
