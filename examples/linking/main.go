// Command linking plays how one account comes to be used on three platforms, and
// how an anonymous user becomes a registered one. A double of the backend and the
// users' phones run inside this process: it needs no account, no network and no phone.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run plays the stories of Ann and of Bob, and writes one line per call to w.
func run(ctx context.Context, w io.Writer) error {
	backend := baastest.New()
	defer backend.Close()
	client, err := backend.Client() // in production: baas.New("your-client-id")
	if err != nil {
		return err
	}
	s := &story{w: w, client: client}
	if err := s.annUsesThreePlatforms(ctx, backend); err != nil {
		return err
	}
	return s.bobWasAnonymous(ctx, backend)
}

// story is what the chapters share. Each chapter's visitor keys stand for visitors'
// sessions: a server makes one per visitor.
type story struct {
	w      io.Writer
	client *baas.Client
}

// entrance is a platform with a user's phone on it. Every platform has a login and a
// link, called in the same way.
type entrance struct {
	platform  platform.Platform
	phone     *baastest.Phone
	loginName string
	login     func(*auth.Auth, context.Context, *platform.AuthData, ...platform.LoginOption) (*user.CurrentUser, error)
	linkName  string
	link      func(*user.CurrentUser, context.Context, *platform.AuthData, ...platform.LinkOption) (*user.LinkResult, error)
}

func (s *story) title(text string) { fmt.Fprintf(s.w, "\n%s\n", text) }

// tell writes the call that was made, and what came of it.
func (s *story) tell(call, format string, args ...any) {
	fmt.Fprintf(s.w, "  %-35s %s\n", call, fmt.Sprintf(format, args...))
}
