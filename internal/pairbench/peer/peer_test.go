package peer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/internal/pairbench/peer"
)

// Both clients work with the backend's double, so that they are measured at something
// that a program could use.
func TestClients(t *testing.T) {
	srv := baastest.NewServer(t, baastest.WithClientID(peer.ClientID))
	for name, client := range map[string]peer.Client{"hand": peer.NewHand(srv.URL()), "resty": peer.NewResty(srv.URL())} {
		t.Run(name, func(t *testing.T) {
			phone := srv.Kuaishou("openid-" + name)
			in, err := client.Login(t.Context(), phone.Login(), true)
			require.NoError(t, err)
			require.Equal(t, "openid-"+name, in.User.OpenID)
			u, err := client.Read(t.Context(), in.User.ID, in.Token)
			require.NoError(t, err)
			require.Equal(t, in.User.ID, u.ID)
			require.NoError(t, client.Logout(t.Context(), in.Token))
			_, err = client.Read(t.Context(), in.User.ID, in.Token)
			require.ErrorIs(t, err, peer.ErrUnauthorized)
		})
	}
}
