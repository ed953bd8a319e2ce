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
	"github.com/hydrogen-go/baas/internal/duration"
)

// config is the command line.
type config struct {
	addr, controlAddr string
	controlHosts      []string
	controlToken      string
	seed              string
	allowNonLoopback  bool
	healthcheck       bool
	version           bool
	backend           []baastest.Option
}

// parse reads the command line. For -h it prints the help and returns flag.ErrHelp.
func parse(args []string, stdout io.Writer) (config, error) {
	var c config
	flags, groups := c.flagSet()
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		printHelp(stdout, flags, groups)
		return c, err
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q; -h has the flags", flags.Arg(0))
	}
	return c, nil
}

// flagGroup has the flags of one subject, in the order of the help.
type flagGroup struct {
	title string
	names []string
}

// flagSet returns the flags, which write to c, and the groups that all of them are in.
func (c *config) flagSet() (*flag.FlagSet, []flagGroup) {
	flags := flag.NewFlagSet("baas-emulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is the caller's to print
	flags.Usage = func() {}
	c.addressFlags(flags)
	c.controlFlags(flags)
	c.dataFlags(flags)
	c.appFlags(flags)
	flags.BoolVar(&c.healthcheck, "healthcheck", false,
		"ask the emulator that runs on this machine with the same -addr and -control-addr whether it serves, and exit: 0 it does, 1 it does not")
	flags.BoolVar(&c.version, "version", false, "print the version and exit")
	return flags, []flagGroup{
		{"Addresses", []string{"addr", "control-addr", "allow-non-loopback"}},
		{"Who may use the console and the control API", []string{"control-token", "control-host"}},
		{"What is there at the start", []string{"seed", "journal"}},
		{"The app, as the real backend's console has it", []string{
			"client-id", "client-secret", "login-off", "field-permission", "token-life", "openapi-token-life", "time-zone", "responses",
			"auth-token-life", "safe-domain", "web-origin",
		}},
		{"This program", []string{"healthcheck", "version"}},
	}
}

// addressFlags are those of the addresses.
func (c *config) addressFlags(flags *flag.FlagSet) {
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8899",
		"`host:port` to serve the backend on, for clients and for servers (the Open API, /oserve/); port 0 picks a free one")
	flags.StringVar(&c.controlAddr, "control-addr", "",
		"`host:port` to serve the console and the control API on (default: on -addr); their paths begin with "+baastest.ControlPath+" on either")
	flags.BoolVar(&c.allowNonLoopback, "allow-non-loopback", false,
		"serve on addresses that other machines can reach; the control API then requires a token")
}

// controlFlags are those of who may steer the emulator.
func (c *config) controlFlags(flags *flag.FlagSet) {
	flags.Func("control-host", "`host` that the Host header of control requests may name, without a port; repeat it for more "+
		"(always allowed: loopback addresses, localhost, the hosts of -addr and -control-addr)", func(host string) error {
		c.controlHosts = append(c.controlHosts, host)
		return nil
	})
	flags.Func("control-token", "bearer `token` that control requests must carry, except "+baastest.ControlPath+"health; the console asks for it "+
		"(default: none if the control API is on a loopback address, else a random one, printed at the start)", func(token string) error {
		if token == "" {
			return errors.New("it is empty")
		}
		c.controlToken = token
		return nil
	})
}

// option is a flag of an option of the backend.
func (c *config) option(flags *flag.FlagSet, name, usage string, read func(string) (baastest.Option, error)) {
	flags.Func(name, usage, func(text string) error {
		opt, err := read(text)
		c.backend = append(c.backend, opt)
		return err
	})
}

// dataFlags are those of what the emulator has and keeps.
func (c *config) dataFlags(flags *flag.FlagSet) {
	flags.StringVar(&c.seed, "seed", "", "JSON `file` of people, users and groups to start with; a reset forgets them")
	c.option(flags, "journal", fmt.Sprintf("`number` of requests that the journal keeps, the newest ones; 0 for none (default %d)", baastest.DefaultJournalLimit),
		func(text string) (baastest.Option, error) {
			limit, err := strconv.Atoi(text)
			return baastest.WithJournalLimit(limit), err
		})
}

// appFlags are those of the settings of the app.
func (c *config) appFlags(flags *flag.FlagSet) {
	c.option(flags, "client-id", fmt.Sprintf("`id` that requests must carry in X-Hydrogen-Client-ID (default %q)", baastest.DefaultClientID),
		func(id string) (baastest.Option, error) { return baastest.WithClientID(id), nil })
	c.option(flags, "client-secret", fmt.Sprintf("`secret` that requests for a token of the Open API must carry (default %q)", baastest.DefaultClientSecret),
		func(secret string) (baastest.Option, error) { return baastest.WithClientSecret(secret), nil })
	c.option(flags, "responses", "what to respond where the evidence about the real backend contradicts itself, as a `JSON` object of "+
		`baastest.Responses: {"short_account_login":true,"unset":"null"} (default {})`, responses)
	c.option(flags, "field-permission", "who sees a field of a user, as `field=who`: all, owner, or invisible for nobody; repeat it for more fields "+
		"(default: all for id, nickname, avatar and custom fields, owner for the others)", fieldPermission)
	c.option(flags, "login-off", "`kind` of login that the app has not enabled: username, email or phone; it responds with 405; repeat it for more",
		func(kind string) (baastest.Option, error) { return baastest.WithoutLogins(kind), nil })
	c.option(flags, "time-zone", "`name` of the zone of the server time, as Asia/Shanghai (default UTC+8)", func(name string) (baastest.Option, error) {
		zone, err := time.LoadLocation(name)
		return baastest.WithTimeZone(zone), err
	})
	c.option(flags, "token-life", lifeUsage("the tokens of logins live", baastest.DefaultTokenLife), life(baastest.WithTokenLife))
	c.option(flags, "openapi-token-life", lifeUsage("access tokens of the Open API live", baastest.DefaultOpenAPITokenLife), life(baastest.WithOpenAPITokenLife))
	c.option(flags, "auth-token-life", lifeUsage("the auth_token of a web login can be used", baastest.DefaultAuthTokenLife), life(baastest.WithAuthTokenLife))
	c.option(flags, "safe-domain", "`origin` that the callback URL of a web login must have, as http://localhost:8080; repeat it for more "+
		"(default: every http and https URL is taken)", func(origin string) (baastest.Option, error) { return baastest.WithSafeDomains(origin), nil })
	c.option(flags, "web-origin", "`origin` of the pages of web logins, for browsers that reach the emulator under another name, as http://localhost:8899 "+
		"(default: the one that the server's request was sent to)", func(origin string) (baastest.Option, error) { return baastest.WithWebOrigin(origin), nil })
}

func lifeUsage(what string, standard time.Duration) string {
	return fmt.Sprintf("`duration` for which %s, as 90s, 12h or 7d; at least 1s (default %s)", what, duration.String(standard))
}

func life(with func(time.Duration) baastest.Option) func(string) (baastest.Option, error) {
	return func(text string) (baastest.Option, error) {
		d, err := duration.Parse(text)
		return with(d), err
	}
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
