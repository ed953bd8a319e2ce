// Command admin works on the users of an app through the Open API: it finds those
// without a phone number, merges the accounts of one person, sets a password, and exports
// all users as CSV.
//
//	go run ./examples/admin
//
// does all of it on a double of the backend with some thousand users, inside this
// process. It needs no account and no network.
//
//	BAAS_CLIENT_SECRET=… admin -client-id ID -csv users.csv
//
// works on a real account. Then it changes nothing without -write, and says what it would
// change. The client secret comes from the environment variable BAAS_CLIENT_SECRET or
// from -secret-file, and the password of -password-of from BAAS_NEW_PASSWORD. They are no
// flags, because every user of a machine can read its command lines.
//
// The results go to the standard output, the progress bar to the standard error. SIGINT
// and SIGTERM cancel the request under way. If it is a write, run the program again.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/hydrogen-go/baas/admin"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// run does what the arguments ask for.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	c, err := parse(args, progress)
	if err != nil || c.help {
		return err
	}
	if c.demo() {
		return demo(ctx, c, out, progress)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	t := &tool{client: client, out: out, progress: progress, write: c.write}
	return t.run(ctx, c)
}

// tool works on the users of one app.
type tool struct {
	client   *admin.Client
	out      io.Writer
	progress io.Writer
	write    bool // else the program is read-only
}

// run does the tasks that flags ask for. The one without a flag only reads.
func (t *tool) run(ctx context.Context, c config) error {
	if err := t.withoutPhone(ctx); err != nil {
		return err
	}
	if c.unionID != "" {
		if _, err := t.merge(ctx, c.unionID, c.fields); err != nil {
			return err
		}
	}
	if c.passwordOf != 0 {
		if err := t.setPassword(ctx, c.passwordOf, c.newPassword); err != nil {
			return err
		}
	}
	if c.csv != "" {
		return t.exportFile(ctx, c.csv, c.fields)
	}
	return nil
}

func (t *tool) title(text string) { fmt.Fprintf(t.out, "\n%s\n", text) }

func (t *tool) tell(format string, args ...any) { fmt.Fprintf(t.out, "  "+format+"\n", args...) }

// change says what a write will change, and then makes it, unless the program is
// read-only.
func (t *tool) change(what string, write func() error) error {
	if !t.write {
		t.tell("with -write: %s", what)
		return nil
	}
	t.tell("%s", what)
	return write()
}
