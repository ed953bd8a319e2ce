package admin_test

import (
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/internal/redistest"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

// onRedis returns a token store on a Redis, with connections of its own.
func onRedis(t *testing.T, server *redistest.Server) session.Store {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	store, err := redisstore.New(client)
	require.NoError(t, err)
	sealed, err := session.NewSealed(store, []byte("a sealing key of thirty-two bytes")[:session.SealingKeySize])
	require.NoError(t, err)
	return sealed
}

// Two replicas that lose their token at one time end with one good token, on a backend
// on which a new token ends the older ones.
func TestReplicasOnRedisEndWithOneGoodToken(t *testing.T) {
	server := redistest.Start(t)
	a := newAPI()
	a.endsOlder, a.takes = true, 2*time.Millisecond
	replicas := []*admin.Client{
		a.client(t, admin.WithTokenStore(onRedis(t, server))),
		a.client(t, admin.WithTokenStore(onRedis(t, server))),
	}
	for round := 1; round <= 20; round++ {
		var calls sync.WaitGroup
		for _, c := range replicas {
			for range 8 {
				calls.Go(func() {
					_, err := c.GetUser(t.Context(), 7)
					require.NoError(t, err)
				})
			}
		}
		calls.Wait()
		tokens, live := a.handedOut()
		require.Equal(t, []int{round, 1}, []int{tokens, live})
		var held []string
		for _, c := range replicas {
			token, err := c.Token(t.Context())
			require.NoError(t, err)
			held = append(held, token.Reveal())
		}
		require.Equal(t, held[0], held[1])
		a.endTokens()
	}
}

// Neither the token nor the client secret is in Redis as it is.
func TestASealedTokenInRedis(t *testing.T) {
	server := redistest.Start(t)
	_, err := newAPI().client(t, admin.WithTokenStore(onRedis(t, server))).Token(t.Context())
	require.NoError(t, err)
	client := server.Client()
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Len(t, keys, 1)
	value, err := client.Get(t.Context(), keys[0]).Result()
	require.NoError(t, err)
	require.NotContains(t, keys[0]+value, "canary")
	require.NotContains(t, keys[0]+value, clientID)
}
