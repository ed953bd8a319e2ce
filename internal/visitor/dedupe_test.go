package visitor_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/internal/visitor"
)

func TestDedupeSharesPerUserAndSession(t *testing.T) {
	type caller struct {
		key, id string
		at      time.Duration
	}
	for _, tt := range []struct {
		name    string
		callers []caller
		between func(*world) // after half a second
		runs    int
	}{
		{"the same", []caller{{"u", "id", 0}, {"u", "id", 0}, {"u", "id", 900 * time.Millisecond}}, nil, 1},
		{"another id", []caller{{"u", "id", 0}, {"u", "other", 0}}, nil, 2},
		{"another user", []caller{{"u", "id", 0}, {"v", "id", 0}}, nil, 2},
		{"a user and an id that read the same together", []caller{{"u", "xid", 0}, {"ux", "id", 0}}, nil, 2},
		{"after the first is done", []caller{{"u", "id", 0}, {"u", "id", 1100 * time.Millisecond}}, nil, 2},
		{"after a logout", []caller{{"u", "id", 0}, {"u", "id", 900 * time.Millisecond}}, func(w *world) {
			_, err := visitor.New(w.shared, "u").Forget(w.Context())
			require.NoError(w, err)
		}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				var mu sync.Mutex
				var all sync.WaitGroup
				runs := 0
				for _, c := range tt.callers {
					all.Go(func() {
						time.Sleep(c.at)
						_, err := visitor.Dedupe(w.Context(), visitor.New(w.shared, c.key), visitor.WorkID{Operation: c.id}, func(context.Context, visitor.Stored) (int, error) {
							mu.Lock()
							runs++
							mu.Unlock()
							time.Sleep(time.Second)
							return 0, nil
						})
						if err != nil {
							w.Error(err)
						}
					})
				}
				time.Sleep(time.Second / 2)
				if tt.between != nil {
					tt.between(w)
				}
				all.Wait()
				require.Equal(w, tt.runs, runs)
			})
		})
	}
}

func TestDedupeTypesItsErrors(t *testing.T) {
	inBubble(t, func(w *world) {
		ctx, cancel := context.WithTimeout(w.Context(), time.Second)
		defer cancel()
		_, err := visitor.Dedupe(ctx, w.conn, visitor.WorkID{Operation: "id"}, func(ctx context.Context, _ visitor.Stored) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		require.True(w, failed(w.T, err, herror.RequestTimeout).Sent(), "it may have been")
		require.ErrorIs(w, err, context.DeadlineExceeded)
	})
}

// The last one to leave a flight knows whether its request was sent; one who
// leaves others behind does not.
func TestWhoLeavesAFlightLearnsWhetherItWasSent(t *testing.T) {
	tests := map[string]struct {
		sent, others, want bool
	}{
		"the last one, not sent":   {false, false, false},
		"the last one, sent":       {true, false, true},
		"the first one, not sent":  {false, true, true},
		"the first one, sent soon": {true, true, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				call := func(ctx context.Context) error {
					_, err := visitor.Dedupe(ctx, w.conn, visitor.WorkID{Operation: "id"}, func(ctx context.Context, _ visitor.Stored) (int, error) {
						<-ctx.Done()
						return 0, transport.Ended(ctx.Err(), tt.sent)
					})
					return err
				}
				var all sync.WaitGroup
				if tt.others {
					all.Go(func() { _ = call(w.Context()) })
					synctest.Wait()
				}
				ctx, cancel := context.WithTimeout(w.Context(), time.Second)
				defer cancel()
				err := call(ctx)
				require.Equal(w, tt.want, failed(w.T, err, herror.RequestTimeout).Sent())
				require.ErrorIs(w, err, context.DeadlineExceeded)
				all.Wait() // the transport's timeout ends it
			})
		})
	}
}
