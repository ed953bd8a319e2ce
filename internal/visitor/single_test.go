package visitor_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/session"
)

// A phone that hangs up just after the backend has answered its login leaves a token
// behind. Whoever made the login must get hold of it, to have it destroyed.
func TestSessionOfOneIsKeptWhenTheContextHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for name, conn := range map[string]*visitor.Conn{
			"alone":   visitor.Alone(w.shared, session.Session{}),
			"resumed": visitor.Resume(w.shared, session.Session{}),
		} {
			_, rev, err := conn.Load(t.Context())
			require.NoError(t, err, name)
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			require.NoError(t, conn.Establish(ended, rev, living("token")), name)
			s, _, err := conn.Load(ended)
			require.NoError(t, err, name)
			require.Equal(t, "token", s.Token.Reveal(), name)
		}
	})
}

// A logout whose context has ended before it began changes nothing, whatever the store.
func TestForgetWithAnEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start("stored")
		for name, conn := range map[string]*visitor.Conn{
			"stored":  w.conn,
			"resumed": visitor.Resume(w.shared, living("resumed")),
		} {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := conn.Forget(ended)
			require.ErrorIs(t, err, herror.RequestTimeout, name)
			require.ErrorIs(t, err, context.Canceled, name)
			s, _, err := conn.Load(t.Context())
			require.NoError(t, err, name)
			require.Equal(t, name, s.Token.Reveal(), name)
		}
	})
}
