package main

import (
	"net/netip"
	"time"

	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/clientaddr"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/loginproxy"
)

// config is what the settings say. [table] reads it.
type config struct {
	mode     modes
	backend  backendConfig
	redis    redisConfig
	sessions sessionConfig
	web      webConfig
	clients  clientConfig
	limits   limitConfig
	stop     stopConfig
	log      logConfig
}

// modes say what the program does. Without one it is the login server.
type modes struct {
	demo, check, checkBackend, healthcheck, version bool
}

type backendConfig struct {
	clientID     string
	host         string
	insecureHTTP bool
	env          string
	timeout      time.Duration
	maxConns     int
}

// redisConfig is one of: a URL, Sentinels, a cluster.
type redisConfig struct {
	url                string
	clusterAddrs       []string
	sentinelAddrs      []string
	sentinelPrimary    string
	sentinelUsername   string
	sentinelPassword   string
	username, password string
	db                 int
	tls                bool
	caFile             string
	certFile, keyFile  string
	serverName         string
	prefix             string
	poolSize           int
	timeout            time.Duration
}

type sessionConfig struct {
	sealingKeys    [][]byte
	acceptUnsealed bool
	userIndex      bool
	idle, absolute time.Duration
}

type webConfig struct {
	addr, metricsAddr string
	certFile, keyFile string
	cookie            string
	cookieOrigins     []string
	corsOrigins       []string
	maxBody           int
	userFields        []string
	openAPI           bool
}

// clientConfig says how the addresses of clients are found.
type clientConfig struct {
	trusted []netip.Prefix
	header  clientaddr.Header
	log     bool
}

type limitConfig struct {
	rules  ratelimit.Rules
	secret string
}

type stopConfig struct {
	drainDelay, timeout time.Duration
}

type logConfig struct {
	format, level string
}

// defaults are the settings that nobody gives.
func defaults() config {
	return config{
		backend:  backendConfig{timeout: 10 * time.Second, maxConns: 512},
		redis:    redisConfig{prefix: "baas:", timeout: 2 * time.Second},
		sessions: sessionConfig{idle: loginproxy.DefaultIdleTimeout, absolute: loginproxy.DefaultAbsoluteTimeout},
		web:      webConfig{addr: "127.0.0.1:8080", maxBody: loginproxy.DefaultMaxBody},
		clients:  clientConfig{header: clientaddr.ForwardedFor},
		limits:   limitConfig{rules: ratelimit.Defaults()},
		stop:     stopConfig{drainDelay: 5 * time.Second, timeout: 20 * time.Second},
		log:      logConfig{format: "text", level: "info"},
	}
}

// parse reads the settings.
func parse(args, environ []string) (config, error) {
	c := defaults()
	t := table(&c)
	given, err := t.Read(args, environ)
	if err != nil {
		return c, err
	}
	if c.mode.demo && !given.Has("drain-delay") {
		c.stop.drainDelay = 0 // there is no balancer
	}
	return c, c.validate(t, given)
}

// names returns the flag and the variable of a setting, for an error.
func names(setting string) string {
	c := defaults()
	return table(&c).Names(setting)
}
