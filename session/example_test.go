package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/hydrogen-go/baas/session"
)

// MarshalBinary is the only encoding of a session that contains its token.
func ExampleSession_MarshalBinary() {
	s := session.Session{
		Token:     session.NewSecret("the user's token"),
		UserID:    61736923,
		Platform:  "kuaishou",
		ExpiresAt: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	kept, err := s.MarshalBinary()
	if err != nil {
		log.Fatal(err)
	}
	var again session.Session
	if err = again.UnmarshalBinary(kept); err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Token.Equal(s.Token), again)

	_, err = json.Marshal(s)
	fmt.Println(err != nil, s.Token)
	// Output:
	// true session{user:61736923 platform:"kuaishou" anonymous:false expires:2030-01-02T03:04:05Z}
	// true [redacted]
}

// A swap succeeds only if the revision is still the one that was loaded.
func ExampleMemory() {
	ctx := context.Background()
	store, err := session.NewMemory(session.WithMaxSessions(100_000))
	if err != nil {
		log.Fatal(err)
	}
	key := session.KeyOf("visitor-key")

	_, revision, err := store.Load(ctx, key)
	if err != nil {
		log.Fatal(err)
	}
	s := session.Session{Token: session.NewSecret("token"), UserID: 1, ExpiresAt: time.Now().Add(time.Hour)}
	done, err := store.Swap(ctx, key, revision, s)
	fmt.Println(done, err)

	done, err = store.Swap(ctx, key, revision, session.Session{}) // the revision has changed
	fmt.Println(done, err)
	// Output:
	// true <nil>
	// false <nil>
}
