package platform_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/platform"
)

func TestOAuthDataIsNeverPrinted(t *testing.T) {
	d := platform.OAuthData{Provider: platform.Apple, Token: "canary", Nickname: "canary"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.Equal(t, `oauthdata{provider:"apple"}`, fmt.Sprintf(verb, d))
		require.Equal(t, `oauthdata{provider:"apple"}`, fmt.Sprintf(verb, &d))
	}
	require.Equal(t, slog.StringValue(`oauthdata{provider:"apple"}`), d.LogValue())
}
