package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	keyOne = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
	keyTwo = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
)

// samples has a value other than the default for every setting.
var samples = map[string]string{
	"demo": "true", "check": "true", "check-backend": "true", "healthcheck": "true", "version": "true",
	"client-id": "my-app", "backend": "https://backend.example", "backend-insecure-http": "true", "env": "test",
	"backend-timeout": "3s", "backend-max-conns": "7",
	"redis-url": "redis://redis.example:6379/1", "redis-cluster-addrs": "a:1,b:2", "redis-sentinel-addrs": "c:3",
	"redis-sentinel-primary": "sessions", "redis-sentinel-username": "watcher", "redis-sentinel-password": "canary-1",
	"redis-username": "login", "redis-password": "canary-2", "redis-db": "3", "redis-tls": "true", "redis-tls-ca-file": "ca.pem",
	"redis-tls-cert-file": "r.crt", "redis-tls-key-file": "r.key", "redis-tls-server-name": "redis.internal", "redis-prefix": "app:",
	"redis-pool-size": "9", "redis-timeout": "750ms",
	"sealing-keys": keyOne, "sealing-accept-unsealed": "true", "user-index": "true", "session-idle": "12h", "session-absolute": "14d",
	"addr": ":8443", "metrics-addr": ":9090", "tls-cert-file": "tls.crt", "tls-key-file": "tls.key",
	"cookie": "__Host-login", "cookie-origins": "https://a.example", "cors-origins": "https://a.example,http://localhost:3000",
	"user-fields": "id,nickname", "max-body": "4096", "openapi": "true", "trusted-proxies": "10.0.0.0/8", "client-header": "X-Real-IP", "log-client-addr": "true",
	"limit-login-account": "1/1m", "limit-login-address": "2/1m", "limit-sms-login-account": "3/1m", "limit-sms-login-address": "4/1m",
	"limit-register-account": "6/1m", "limit-register-address": "7/1m", "limit-sms-account": "8/1m", "limit-sms-address": "9/1m",
	"limit-sms-check-account": "15/1m", "limit-sms-check-address": "16/1m",
	"limit-password-reset-account": "11/1m", "limit-password-reset-address": "12/1m", "limit-platform-login-address": "off",
	"limit-anonymous-login-address": "13/1m,14/1h", "limit-secret": "canary-3-canary-3",
	"log-format": "json", "log-level": "debug", "drain-delay": "1d", "stop-timeout": "0s",
}

// read reads the settings without their validation.
func read(t *testing.T, args, environ []string) config {
	t.Helper()
	c := defaults()
	_, err := table(&c).Read(args, environ)
	require.NoError(t, err)
	return c
}

// changed returns the fields in which two configs differ.
func changed(a, b reflect.Value, path string) []string {
	if a.Kind() != reflect.Struct {
		if reflect.DeepEqual(fmt.Sprint(a), fmt.Sprint(b)) {
			return nil
		}
		return []string{path}
	}
	var names []string
	for i := range a.NumField() {
		names = append(names, changed(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name)...)
	}
	return names
}

// Each setting can be given in each way, and changes one field, which no other changes.
func TestEverySetting(t *testing.T) {
	t.Parallel()
	none := defaults()
	fields := map[string]string{}
	for _, s := range table(&none).Settings {
		sample, ok := samples[s.Name]
		require.True(t, ok, "no sample of %s", s.Name)
		variable := "BAAS_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
		file := filepath.Join(t.TempDir(), "value")
		require.NoError(t, os.WriteFile(file, []byte(sample+"\n"), 0o600))
		var ways []config
		switch {
		case s.Mode:
			ways = []config{read(t, []string{"-" + s.Name}, nil)}
		case s.Secret:
			ways = []config{read(t, nil, []string{variable + "=" + sample}), read(t, nil, []string{variable + "_FILE=" + file}), read(t, []string{"-" + s.Name + "-file", file}, nil)}
		default:
			ways = []config{read(t, []string{"-" + s.Name + "=" + sample}, nil), read(t, nil, []string{variable + "=" + sample})}
		}
		for _, way := range ways {
			require.Equal(t, ways[0], way, s.Name)
			differ := changed(reflect.ValueOf(defaults()), reflect.ValueOf(way), "")
			require.Len(t, differ, 1, s.Name)
			require.Contains(t, []string{"", s.Name}, fields[differ[0]], "another setting changes the same field")
			fields[differ[0]] = s.Name
		}
	}
	require.Len(t, samples, len(table(&none).Settings), "a sample of no setting")
}

// Settings that contradict each other, or that lack another one, do not start a server.
func TestContradictions(t *testing.T) {
	t.Parallel()
	needed := []string{"-client-id", "c", "-redis-url", "redis://r:6379"}
	cluster := []string{"-client-id", "c", "-redis-cluster-addrs", "r:6379"}
	sentinel := []string{"-client-id", "c", "-redis-sentinel-addrs", "s:26379", "-redis-sentinel-primary", "p"}
	for name, tt := range map[string]struct {
		base    []string
		args    []string
		environ []string
		want    string // empty if it is fine
	}{
		"the least":           {base: needed},
		"a cluster":           {base: cluster},
		"Sentinels":           {base: sentinel},
		"demo":                {args: []string{"-demo"}},
		"demo with all else":  {args: []string{"-demo", "-metrics-addr", "127.0.0.1:0", "-log-format", "json", "-session-idle", "1h", "-limit-login-account", "off"}},
		"version":             {args: []string{"-version"}},
		"healthcheck":         {args: []string{"-healthcheck", "-addr", ":1"}},
		"check":               {base: needed, args: []string{"-check", "-check-backend"}},
		"demo with Redis":     {args: []string{"-demo", "-redis-url", "redis://r"}, want: "-redis-url (BAAS_REDIS_URL): -demo does not use it"},
		"demo, client id":     {args: []string{"-demo"}, environ: []string{"BAAS_CLIENT_ID=c"}, want: "-client-id (BAAS_CLIENT_ID): -demo does not use it"},
		"demo, sealing":       {args: []string{"-demo"}, environ: []string{"BAAS_SEALING_KEYS=" + keyOne}, want: "BAAS_SEALING_KEYS"},
		"two modes":           {args: []string{"-demo", "-check"}, want: "only one of"},
		"check-backend alone": {base: needed, args: []string{"-check-backend"}, want: "-check-backend: it needs -check too"},
		"no Redis":            {args: []string{"-client-id", "c"}, want: "-redis-url (BAAS_REDIS_URL): it is missing"},
		"two kinds of Redis":  {base: needed, args: []string{"-redis-cluster-addrs", "a:1"}, want: "only one of it"},
		"no primary":          {args: []string{"-client-id", "c", "-redis-sentinel-addrs", "a:1"}, want: "it needs -redis-sentinel-primary (BAAS_REDIS_SENTINEL_PRIMARY) too"},
		"no Sentinels":        {base: needed, args: []string{"-redis-sentinel-primary", "p"}, want: "-redis-sentinel-primary"},
		"Sentinel's password": {base: needed, environ: []string{"BAAS_REDIS_SENTINEL_PASSWORD=canary"}, want: "BAAS_REDIS_SENTINEL_PASSWORD"},
		"user, no password":   {base: needed, args: []string{"-redis-username", "u"}, want: "it needs BAAS_REDIS_PASSWORD"},
		"db of a URL":         {base: needed, args: []string{"-redis-db", "1"}, want: "-redis-db (BAAS_REDIS_DB)"},
		"db of a cluster":     {base: cluster, args: []string{"-redis-db", "1"}, want: "-redis-db (BAAS_REDIS_DB)"},
		"db of a primary":     {base: sentinel, args: []string{"-redis-db", "1"}},
		"no Redis URL":        {args: []string{"-client-id", "c", "-redis-url", "http://r"}, want: "-redis-url (BAAS_REDIS_URL): it is not a redis://"},
		"broken Redis URL":    {args: []string{"-client-id", "c"}, environ: []string{"BAAS_REDIS_URL=redis://u:canary@r:x%"}, want: "BAAS_REDIS_URL"},
		"password in a flag":  {args: []string{"-client-id", "c", "-redis-url", "redis://u:canary@r"}, want: "every user of the machine"},
		"password in the URL": {args: []string{"-client-id", "c"}, environ: []string{"BAAS_REDIS_URL=redis://u:canary@r"}},
		"two passwords":       {args: []string{"-client-id", "c"}, environ: []string{"BAAS_REDIS_URL=redis://u:canary@r", "BAAS_REDIS_PASSWORD=canary"}, want: "the URL has a password too"},
		"two users":           {args: []string{"-client-id", "c", "-redis-username", "v"}, environ: []string{"BAAS_REDIS_URL=redis://u:canary@r", "BAAS_REDIS_PASSWORD=canary"}, want: "the URL has a user too"},
		"a query":             {args: []string{"-client-id", "c", "-redis-url", "redis://r?pool_size=3"}, want: "it has a query"},
		"a socket's database": {args: []string{"-client-id", "c", "-redis-url", "unix:///r.sock?db=1"}},
		"TLS twice":           {args: []string{"-client-id", "c", "-redis-url", "rediss://r", "-redis-tls"}, want: "-redis-tls (BAAS_REDIS_TLS)"},
		"TLS files, no TLS":   {base: needed, args: []string{"-redis-tls-ca-file", "ca"}, want: "it needs TLS"},
		"TLS name, no TLS":    {base: cluster, args: []string{"-redis-tls-server-name", "r"}, want: "it needs TLS"},
		"TLS to a cluster":    {base: cluster, args: []string{"-redis-tls", "-redis-tls-ca-file", "ca", "-redis-tls-cert-file", "c", "-redis-tls-key-file", "k"}},
		"TLS to Sentinels":    {base: sentinel, args: []string{"-redis-tls", "-redis-tls-server-name", "r"}},
		"cert without key":    {base: cluster, args: []string{"-redis-tls", "-redis-tls-cert-file", "c"}, want: "it needs -redis-tls-key-file"},
		"server cert, no key": {base: needed, args: []string{"-tls-cert-file", "c"}, want: "it needs -tls-key-file"},
		"server key, no cert": {base: needed, args: []string{"-tls-key-file", "k"}, want: "it needs -tls-cert-file"},
		"same address":        {base: needed, args: []string{"-addr", ":1", "-metrics-addr", ":1"}, want: "-metrics-addr (BAAS_METRICS_ADDR)"},
		"idle over absolute":  {base: needed, args: []string{"-session-idle", "31d"}, want: "-session-idle (BAAS_SESSION_IDLE): it is longer than -session-absolute"},
		"idle is absolute":    {base: needed, args: []string{"-session-idle", "30d"}},
		"unsealed, no key":    {base: needed, args: []string{"-sealing-accept-unsealed"}, want: "it needs BAAS_SEALING_KEYS"},
		"bad key":             {base: needed, environ: []string{"BAAS_SEALING_KEYS=" + keyOne + ",canary"}, want: "key 2 of 2 is not 32 random bytes"},
		"zero key":            {base: needed, environ: []string{"BAAS_SEALING_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, want: "key 1 of 1"},
		"a key twice":         {base: needed, environ: []string{"BAAS_SEALING_KEYS=" + keyOne + "\n" + keyOne}, want: "key 2 of 2 is there twice"},
		"two keys":            {base: needed, environ: []string{"BAAS_SEALING_KEYS=" + keyOne + "\n" + keyTwo + "\n"}},
		"no key":              {base: needed, environ: []string{"BAAS_SEALING_KEYS= ,"}, want: "there is no key"},
		"long timeout":        {base: needed, args: []string{"-backend-timeout", "15m"}, want: "-backend-timeout (BAAS_BACKEND_TIMEOUT)"},
		"bad environment":     {base: needed, args: []string{"-env", "a b"}, want: "-env (BAAS_ENV)"},
		"bad client id":       {args: []string{"-client-id", "a b", "-redis-url", "redis://r"}, want: "-client-id (BAAS_CLIENT_ID)"},
		"plain http":          {base: needed, args: []string{"-backend", "http://backend.example"}, want: "-backend (BAAS_BACKEND): it is plain http and not on a loopback address: use https, or -backend-insecure-http"},
		"no backend host":     {base: needed, args: []string{"-backend", "http://"}, want: "-backend (BAAS_BACKEND): "},
		"a bad user field":    {base: needed, args: []string{"-user-fields", strings.Repeat("x", 300)}, want: "-user-fields (BAAS_USER_FIELDS): "},
		"plain http, allowed": {base: needed, args: []string{"-backend", "http://backend.example", "-backend-insecure-http"}},
		"http to itself":      {base: needed, args: []string{"-backend", "http://127.0.0.1:80"}},
		"insecure nothing":    {base: needed, args: []string{"-backend-insecure-http"}, want: "it needs -backend (BAAS_BACKEND) too"},
		"a plain cookie":      {base: needed, args: []string{"-cookie", "login"}, want: "-cookie (BAAS_COOKIE)"},
		"a bad cookie":        {base: needed, args: []string{"-cookie", "__Host-a b"}, want: "-cookie (BAAS_COOKIE)"},
		"a cookie":            {base: needed, args: []string{"-cookie", "__Host-login"}},
		"origins, no cookie":  {base: needed, args: []string{"-cookie-origins", "https://a.example"}, want: "it needs -cookie (BAAS_COOKIE) too"},
		"a path":              {base: needed, args: []string{"-cors-origins", "https://a.example/"}, want: "-cors-origins (BAAS_CORS_ORIGINS)"},
		"every origin":        {base: needed, args: []string{"-cors-origins", "*"}, want: "-cors-origins (BAAS_CORS_ORIGINS)"},
		"a wildcard":          {base: needed, args: []string{"-cors-origins", "https://*.example"}, want: "-cors-origins (BAAS_CORS_ORIGINS)"},
		"CORS, no cookie":     {base: needed, args: []string{"-cors-origins", "https://a.example"}},
		"CORS and a cookie":   {base: needed, args: []string{"-cookie", "__Host-l", "-cookie-origins", "https://a.example", "-cors-origins", "https://a.example"}},
		"CORS beside cookie":  {base: needed, args: []string{"-cookie", "__Host-l", "-cors-origins", "https://a.example"}, want: "is not in -cookie-origins (BAAS_COOKIE_ORIGINS)"},
		"header, no proxies":  {base: needed, args: []string{"-client-header", "X-Real-IP"}, want: "it needs -trusted-proxies (BAAS_TRUSTED_PROXIES) too"},
		"other header":        {base: needed, args: []string{"-trusted-proxies", "loopback", "-client-header", "Forwarded"}, want: "-client-header (BAAS_CLIENT_HEADER)"},
		"bad proxies":         {base: needed, args: []string{"-trusted-proxies", "balancer"}, want: "-trusted-proxies (BAAS_TRUSTED_PROXIES)"},
		"bad limit":           {base: needed, args: []string{"-limit-sms-account", "5"}, want: "-limit-sms-account (BAAS_LIMIT_SMS_ACCOUNT)"},
		"short limit secret":  {base: needed, environ: []string{"BAAS_LIMIT_SECRET=canary"}, want: "BAAS_LIMIT_SECRET"},
		"no prefix":           {base: needed, args: []string{"-redis-prefix="}, want: "-redis-prefix (BAAS_REDIS_PREFIX)"},
	} {
		_, err := parse(append(append([]string{}, tt.base...), tt.args...), tt.environ)
		if tt.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tt.want, name)
		require.NotContains(t, err.Error(), "canary", name)
	}
}

// A demo that is told to stop does so at once, unless it is told otherwise.
func TestDemoDoesNotDrain(t *testing.T) {
	t.Parallel()
	c, err := parse([]string{"-demo"}, nil)
	require.NoError(t, err)
	require.Zero(t, c.stop.drainDelay)
	c, err = parse([]string{"-demo"}, []string{"BAAS_DRAIN_DELAY=3s"})
	require.NoError(t, err)
	require.Equal(t, 3*time.Second, c.stop.drainDelay)
}

// The defaults that the help shows are those that are in use.
func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	c := defaults()
	for _, s := range table(&c).Settings {
		if s.Value.Default != "" {
			require.NoError(t, s.Value.Set(s.Value.Default), s.Name)
		}
	}
	require.Empty(t, changed(reflect.ValueOf(defaults()), reflect.ValueOf(c), ""))
}
