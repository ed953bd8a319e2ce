package auth

import (
	"context"

	"github.com/hydrogen-go/baas/internal/visitor"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/user"
)

// LoginOn logs a user of platform p in: what the LoginWith… calls do, for programs
// that know the platform only when they run. Which options p takes, and what it
// sends where, is documented at its LoginWith… call.
//
// Data is what the button event or the user info call gave the phone. Without data it
// is the silent login, with data the login with user info or with a phone number.
//
// [Code] is the login code that the phone got. A code is always exchanged. Without
// one, a silent login reuses the stored session where that is live and not of another
// platform; every other login asks the client's code source. Encrypted data needs the
// code that the phone got before it, because it opens with no other.
//
// Errors: 400 the code is spent or the data does not fit it; 404 no account and
// createUser is false; 603 data is a refusal, with the ids of the code's owner;
// 605 bad arguments, no code, or a nil p; 611 p has no login with a phone number.
func (a *Auth) LoginOn(ctx context.Context, p platform.Platform, data *platform.AuthData, opts ...platform.LoginOption) (*user.CurrentUser, error) {
	l, err := visitor.NewLogin(a.conn, p, data, opts)
	if err != nil {
		return nil, err
	}
	if l.Refused() {
		return nil, l.Refusal(ctx)
	}
	r, err := l.Do(ctx)
	if err == nil && r.Fields == "" { // the stored session does
		return a.user(a.conn.From(r.Stored).ReadCurrentUser(ctx))
	}
	return a.user(r, err)
}
