package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/settings"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/clientconfig"
	"github.com/hydrogen-go/baas/session"
)

// minLimitSecret is the least length of -limit-secret, in bytes.
const minLimitSecret = 16

// validation collects what is wrong with settings that are fine one by one.
type validation struct {
	table    settings.Table
	given    settings.Given
	problems []error
}

// wrong notes a problem of a setting, if there is one.
func (v *validation) wrong(is bool, name, text string) {
	if is {
		v.problems = append(v.problems, fmt.Errorf("%s: %s", v.table.Names(name), text))
	}
}

// refused notes what the SDK says of a setting.
func (v *validation) refused(name string, err error) {
	var h *herror.HError
	if errors.As(err, &h) {
		v.wrong(true, name, h.Message)
	}
}

// both notes a setting that needs another one.
func (v *validation) both(name, needed string) {
	v.wrong(v.given.Has(name) && !v.given.Has(needed), name, "it needs "+v.table.Names(needed)+" too")
}

// validate returns everything that contradicts itself or is missing.
func (c config) validate(t settings.Table, given settings.Given) error {
	v := &validation{table: t, given: given}
	v.modes(c)
	switch {
	case c.mode.version || c.mode.healthcheck:
	case c.mode.demo:
		v.demo()
	default:
		v.backend(c.backend)
		v.redis(c.redis)
	}
	v.sessions(c.sessions)
	v.web(c.web)
	v.both("client-header", "trusted-proxies")
	v.wrong(c.limits.secret != "" && len(c.limits.secret) < minLimitSecret, "limit-secret", fmt.Sprintf("it has less than %d bytes", minLimitSecret))
	v.wrong(c.redis.prefix == "", "redis-prefix", "it is empty")
	return errors.Join(v.problems...)
}

func (v *validation) modes(c config) {
	chosen := 0
	for _, on := range []bool{c.mode.demo, c.mode.check, c.mode.healthcheck, c.mode.version} {
		if on {
			chosen++
		}
	}
	if chosen > 1 {
		v.problems = append(v.problems, errors.New("only one of -demo, -check, -healthcheck and -version can be given"))
	}
	v.wrong(c.mode.checkBackend && !c.mode.check, "check-backend", "it needs -check too")
}

// demo refuses the settings that the demo does not use.
func (v *validation) demo() {
	for _, s := range v.table.Settings {
		inUse := s.Group == groupMode || s.Group == groupLog || s.Group == groupStop || s.Group == groupListen ||
			s.Group == groupLimits || s.Group == groupClients || slices.Contains([]string{"session-idle", "session-absolute", "backend-timeout"}, s.Name)
		v.wrong(!inUse && v.given.Has(s.Name), s.Name, "-demo does not use it")
	}
}

func (v *validation) backend(b backendConfig) {
	v.wrong(b.clientID == "", "client-id", "it is missing; -demo runs a demo without it")
	if b.clientID != "" {
		v.refused("client-id", clientconfig.CheckClientID(b.clientID))
	}
	var c clientconfig.Config
	if v.given.Has("env") {
		v.refused("env", c.SetEnv(b.env))
	}
	v.refused("backend-timeout", c.SetTimeout(b.timeout))
	if !v.given.Has("backend") {
		v.wrong(b.insecureHTTP, "backend-insecure-http", "it needs "+v.table.Names("backend")+" too")
		return
	}
	c.Host, c.InsecureHTTP = b.host, true
	if _, err := c.BaseURL(); err != nil {
		v.refused("backend", err)
		return
	}
	c.InsecureHTTP = b.insecureHTTP
	_, err := c.BaseURL() // its text names an option of the library
	v.wrong(err != nil, "backend", "it is plain http and not on a loopback address: use https, or -backend-insecure-http")
}

func (v *validation) redis(r redisConfig) {
	ways := 0
	for _, name := range []string{"redis-url", "redis-cluster-addrs", "redis-sentinel-addrs"} {
		if v.given.Has(name) {
			ways++
		}
	}
	v.wrong(ways == 0, "redis-url", "it is missing; so are -redis-cluster-addrs and -redis-sentinel-addrs, of which one is needed")
	v.wrong(ways > 1, "redis-url", "only one of it, -redis-cluster-addrs and -redis-sentinel-addrs can be given")
	v.both("redis-sentinel-addrs", "redis-sentinel-primary")
	for _, name := range []string{"redis-sentinel-primary", "redis-sentinel-username", "redis-sentinel-password"} {
		v.both(name, "redis-sentinel-addrs")
	}
	v.both("redis-sentinel-username", "redis-sentinel-password")
	v.both("redis-username", "redis-password")
	v.wrong(v.given.Has("redis-db") && !v.given.Has("redis-sentinel-addrs"), "redis-db", "it is for Sentinels; a URL has the database in its path")
	useTLS := r.tls
	if v.given.Has("redis-url") {
		useTLS = v.redisURL(r)
	}
	for _, name := range []string{"redis-tls-ca-file", "redis-tls-cert-file", "redis-tls-key-file", "redis-tls-server-name"} {
		v.wrong(v.given.Has(name) && !useTLS, name, "it needs TLS: a rediss:// URL or -redis-tls")
	}
	v.both("redis-tls-cert-file", "redis-tls-key-file")
	v.both("redis-tls-key-file", "redis-tls-cert-file")
	v.wrong(r.timeout <= 0, "redis-timeout", "it is 0")
}

// redisURL checks the URL and reports whether it asks for TLS.
func (v *validation) redisURL(r redisConfig) bool {
	options, err := parseRedisURL(r.url)
	if err != nil {
		v.wrong(true, "redis-url", err.Error())
		return false
	}
	v.wrong(r.tls, "redis-tls", "it is for clusters and Sentinels; a URL says it with rediss://")
	v.wrong(options.Password != "" && v.given.Has("redis-password"), "redis-password", "the URL has a password too")
	v.wrong(options.Username != "" && v.given.Has("redis-username"), "redis-username", "the URL has a user too")
	return options.TLSConfig != nil
}

func (v *validation) sessions(s sessionConfig) {
	v.wrong(s.idle > s.absolute, "session-idle", "it is longer than "+v.table.Names("session-absolute"))
	v.both("sealing-accept-unsealed", "sealing-keys")
}

func (v *validation) web(w webConfig) {
	v.both("tls-cert-file", "tls-key-file")
	v.both("tls-key-file", "tls-cert-file")
	v.wrong(w.metricsAddr == w.addr && !strings.HasSuffix(w.addr, ":0"), "metrics-addr", "it is the same as "+v.table.Names("addr"))
	for _, name := range w.userFields {
		v.refused("user-fields", check.Required("the name of a field", name, check.MaxIdentifier))
	}
	v.both("cookie-origins", "cookie")
	if w.cookie == "" {
		return
	}
	sample := http.Cookie{Name: w.cookie, Value: "v", Path: "/", Secure: true}
	v.wrong(!strings.HasPrefix(w.cookie, "__Host-") || w.cookie == "__Host-" || sample.Valid() != nil, "cookie",
		"it is not __Host- with a name of letters, digits, - and _ after it")
	for _, origin := range w.corsOrigins {
		v.wrong(!slices.Contains(w.cookieOrigins, origin), "cors-origins",
			origin+" is not in "+v.table.Names("cookie-origins")+": with a cookie, its pages would read responses that are not for them")
	}
}

// checkOrigin returns an error unless text is an origin, as a browser sends it.
func checkOrigin(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || strings.Contains(u.Host, "*") ||
		u.Scheme+"://"+u.Host != text || strings.ToLower(text) != text {
		return fmt.Errorf("%q is not an origin as https://app.example.com, in lower case and without a path", text)
	}
	return nil
}

// refusePassword refuses a URL with a password on the command line.
func refusePassword(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return nil // it is refused later, without a quotation
	}
	if _, has := u.User.Password(); has {
		return errors.New("a password on the command line can be read by every user of the machine: give it in BAAS_REDIS_PASSWORD or in a file")
	}
	return nil
}

// parseRedisURL reads a URL. Its errors do not quote it, because it may have a password.
func parseRedisURL(text string) (*redis.Options, error) {
	options, err := redis.ParseURL(text)
	if err != nil {
		return nil, errors.New("it is not a redis://, rediss:// or unix:// URL of Redis")
	}
	if u, err := url.Parse(text); err != nil || u.Fragment != "" || len(u.Query()) > 1 || (len(u.Query()) == 1 && !u.Query().Has("db")) {
		return nil, errors.New("it has a query; the other settings of Redis have flags of their own")
	}
	return options, nil
}

// setSealingKeys reads the keys. Its errors do not quote them.
func (s *sessionConfig) setSealingKeys(text string) error {
	fields := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	for n, field := range fields {
		key, err := base64.StdEncoding.DecodeString(field)
		if err != nil || len(key) != session.SealingKeySize || bytes.Equal(key, make([]byte, len(key))) {
			return fmt.Errorf("key %d of %d is not %d random bytes in base64", n+1, len(fields), session.SealingKeySize)
		}
		if slices.ContainsFunc(s.sealingKeys, func(other []byte) bool { return bytes.Equal(other, key) }) {
			return fmt.Errorf("key %d of %d is there twice", n+1, len(fields))
		}
		s.sealingKeys = append(s.sealingKeys, key)
	}
	if len(fields) == 0 {
		return errors.New("there is no key")
	}
	return nil
}
