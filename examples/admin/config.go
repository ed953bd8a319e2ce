package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/session"
)

// The environment variables with secrets.
const (
	secretVariable   = "BAAS_CLIENT_SECRET"
	passwordVariable = "BAAS_NEW_PASSWORD"
)

// config is the command line, with the secrets that it refers to.
type config struct {
	clientID    string
	host        string
	secretFile  string
	unionID     string
	passwordOf  int64
	newPassword session.Secret
	csv         string
	fields      []string
	write       bool
	help        bool
}

func parse(args []string, usage io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("admin", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&c.clientID, "client-id", "", "client id of a real account; without it, a demo runs on a double of the backend")
	flags.StringVar(&c.host, "host", admin.DefaultHost, "address of the Open API")
	flags.StringVar(&c.secretFile, "secret-file", "", "file with the client secret (default the variable "+secretVariable+")")
	flags.StringVar(&c.unionID, "unionid", "", "merge the accounts of the person with this unionid of WeChat")
	flags.Int64Var(&c.passwordOf, "password-of", 0, "set the password of the user with this id to that in the variable "+passwordVariable)
	flags.StringVar(&c.csv, "csv", "", "export all users to this file, which must not exist")
	flags.Func("fields", "custom fields to export and to merge, with commas between them", func(names string) error {
		c.fields = strings.Split(names, ",")
		if slices.Contains(c.fields, "") {
			return errors.New("a name is empty")
		}
		return nil
	})
	flags.BoolVar(&c.write, "write", false, "make the changes on the real account; without it nothing is changed there")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.help = true
		return c, nil
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if c.demo() {
		return c, onlyDemoFlags(flags)
	}
	if c.passwordOf != 0 {
		c.newPassword = session.NewSecret(os.Getenv(passwordVariable))
		if c.newPassword.IsZero() {
			return c, errors.New("-password-of needs the password in " + passwordVariable)
		}
	}
	return c, nil
}

func (c config) demo() bool { return c.clientID == "" }

// onlyDemoFlags returns an error if a flag was given that needs a real account.
func onlyDemoFlags(flags *flag.FlagSet) error {
	var err error
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "csv" {
			err = cmp.Or(err, fmt.Errorf("-%s needs -client-id", f.Name))
		}
	})
	return err
}

func (c config) client() (*admin.Client, error) {
	secret, err := c.clientSecret()
	if err != nil {
		return nil, err
	}
	return admin.New(c.clientID, secret.Reveal(), admin.WithHost(c.host))
}

func (c config) clientSecret() (session.Secret, error) {
	secret := os.Getenv(secretVariable)
	if c.secretFile != "" {
		text, err := os.ReadFile(c.secretFile)
		if err != nil {
			return session.Secret{}, err
		}
		secret = strings.TrimSpace(string(text))
	}
	if secret == "" {
		return session.Secret{}, errors.New("no client secret: set " + secretVariable + " or -secret-file")
	}
	return session.NewSecret(secret), nil
}
