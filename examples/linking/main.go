// Command linking shows how one account is used on three platforms, and how an
// anonymous user registers and keeps the account. A double of the backend and the
// users' phones run inside this process: it needs no account, no network and no phone.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/baastest"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run makes the calls for two users, Ann and Bob, and writes one line per call to w.
func run(ctx context.Context, w io.Writer) error {
	backend, err := baastest.New()
	if err != nil {
		return err
	}
	defer backend.Close()
	client, err := backend.Client() // in production: baas.New("your-client-id")
	if err != nil {
		return err
	}
	s := &story{w: w, client: client, backend: backend}
	if err := s.annUsesThreePlatforms(ctx); err != nil {
		return err
	}
	return s.bobWasAnonymous(ctx)
}

// story is what both users share.
type story struct {
	w       io.Writer
	client  *baas.Client
	backend *baastest.Backend
}

func (s *story) title(text string) { fmt.Fprintf(s.w, "\n%s\n", text) }

// tell writes a call and its result.
func (s *story) tell(call, format string, args ...any) {
	fmt.Fprintf(s.w, "  %-38s %s\n", call, fmt.Sprintf(format, args...))
}
