package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/baastest"
)

// config is the command line.
type config struct {
	addr, controlAddr string
	controlHosts      []string
	controlToken      string
	seed              string
	allowNonLoopback  bool
	healthcheck       bool
	backend           []baastest.Option
}

func parse(args []string, stderr io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("baas-emulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is the caller's to print
	c.addressFlags(flags)
	c.backendFlags(flags)
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		flags.Usage()
		return c, err
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return c, nil
}

// addressFlags are those of the addresses and of who may use them.
func (c *config) addressFlags(flags *flag.FlagSet) {
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8899", "`host:port` to serve the backend on, for clients and for servers (the Open API, /oserve/); port 0 picks a free one")
	flags.StringVar(&c.controlAddr, "control-addr", "", "`host:port` to serve the control API on (default: on -addr); its paths begin with "+baastest.ControlPath+" on either")
	flags.BoolVar(&c.healthcheck, "healthcheck", false,
		"ask the emulator that runs on this machine with the same -addr whether it serves, and exit: 0 it does, 1 it does not")
	flags.BoolVar(&c.allowNonLoopback, "allow-non-loopback", false,
		"serve on addresses that other machines can reach; the control API then requires a token")
	flags.Func("control-host", "`host` that the Host header of control requests may name, without a port; repeat it for more\n"+
		"(always allowed: loopback addresses, localhost, the hosts of -addr and -control-addr)", func(host string) error {
		c.controlHosts = append(c.controlHosts, host)
		return nil
	})
	flags.Func("control-token", "bearer `token` that control requests must carry, except "+baastest.ControlPath+"health\n"+
		"(default: none if the control API is on a loopback address, else a random one, printed at the start)", func(token string) error {
		if token == "" {
			return errors.New("it is empty")
		}
		c.controlToken = token
		return nil
	})
}

// backendFlags are those of the options of the backend.
func (c *config) backendFlags(flags *flag.FlagSet) {
	flags.StringVar(&c.seed, "seed", "", "JSON `file` of users, people and groups to start with (form: baastest.Backend.LoadSeed)")
	option := func(name, usage string, read func(string) (baastest.Option, error)) {
		flags.Func(name, usage, func(text string) error {
			opt, err := read(text)
			c.backend = append(c.backend, opt)
			return err
		})
	}
	option("client-id", fmt.Sprintf("`id` that requests must carry in X-Hydrogen-Client-ID (default %q)", baastest.DefaultClientID),
		func(id string) (baastest.Option, error) { return baastest.WithClientID(id), nil })
	option("client-secret", fmt.Sprintf("`secret` that requests for a token of the Open API must carry (default %q)", baastest.DefaultClientSecret),
		func(secret string) (baastest.Option, error) { return baastest.WithClientSecret(secret), nil })
	option("responses", "what to respond where the evidence about the real backend contradicts itself, as a `JSON` object of\n"+
		`baastest.Responses: {"short_account_login":true,"unset":"null"} (default {})`, responses)
	option("field-permission", "who sees a field of a user, as `field=who`: all, owner, or invisible for nobody; repeat it for more fields\n"+
		"(default: all for id, nickname, avatar and custom fields, owner for the others)", fieldPermission)
	option("login-off", "`kind` of login that the app has not enabled: username, email or phone; it responds with 405; repeat it for more",
		func(kind string) (baastest.Option, error) { return baastest.WithoutLogins(kind), nil })
	option("time-zone", "`name` of the zone of the server time, as Asia/Shanghai (default UTC+8)", func(name string) (baastest.Option, error) {
		zone, err := time.LoadLocation(name)
		return baastest.WithTimeZone(zone), err
	})
	option("token-life", fmt.Sprintf("`duration` for which the tokens of logins live, as 90s or 12h; at least 1s (default %v)", baastest.DefaultTokenLife),
		func(text string) (baastest.Option, error) {
			life, err := time.ParseDuration(text)
			return baastest.WithTokenLife(life), err
		})
	option("openapi-token-life", fmt.Sprintf("`duration` for which access tokens of the Open API live; at least 1s (default %v)", baastest.DefaultOpenAPITokenLife),
		func(text string) (baastest.Option, error) {
			life, err := time.ParseDuration(text)
			return baastest.WithOpenAPITokenLife(life), err
		})
	option("journal", fmt.Sprintf("`number` of requests that the journal keeps, the newest ones; 0 for none (default %d)", baastest.DefaultJournalLimit),
		func(text string) (baastest.Option, error) {
			limit, err := strconv.Atoi(text)
			return baastest.WithJournalLimit(limit), err
		})
}

// responses reads a JSON object of [baastest.Responses].
func responses(text string) (baastest.Option, error) {
	var r baastest.Responses
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&r)
	return baastest.WithResponses(r), err
}

// permissions are those of -field-permission.
var permissions = map[string]baastest.Permission{
	"all":       baastest.VisibleToAll,
	"owner":     baastest.VisibleToOwner,
	"invisible": baastest.Invisible,
}

func fieldPermission(text string) (baastest.Option, error) {
	field, who, _ := strings.Cut(text, "=")
	p, ok := permissions[who]
	if !ok {
		return nil, errors.New("it is not FIELD=all, FIELD=owner or FIELD=invisible")
	}
	return baastest.WithFieldPermission(field, p), nil
}
