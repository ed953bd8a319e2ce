// Package clientconfig has the settings that the clients of packages baas and admin
// have in common, and checks them.
package clientconfig

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// Config has the settings of a client. The methods that set a field check the value;
// their errors have code 605.
type Config struct {
	Host         string
	InsecureHTTP bool
	Env          string
	HTTPClient   *http.Client
	Timeout      time.Duration
	MaxConns     int
	Logger       *slog.Logger
	Now          func() time.Time
}

// SetEnv sets the backend environment.
func (c *Config) SetEnv(id string) error {
	if !isToken(id) {
		return check.Invalid("an environment id is letters, digits, - and _")
	}
	c.Env = id
	return nil
}

// SetHTTPClient sets the caller's HTTP client.
func (c *Config) SetHTTPClient(hc *http.Client) error {
	if hc == nil {
		return check.Invalid("HTTP client is nil")
	}
	c.HTTPClient = hc
	return nil
}

// SetMaxConns sets how many connections may be open to one host.
func (c *Config) SetMaxConns(n int) error {
	if n < 1 {
		return check.Invalid("max connections per host is less than 1")
	}
	c.MaxConns = n
	return nil
}

// SetTimeout sets how long a call may take. It must be less than [session.Grace].
func (c *Config) SetTimeout(d time.Duration) error {
	if d <= 0 || d >= session.Grace {
		return check.Invalid("timeout is not over 0 and under " + session.Grace.String())
	}
	c.Timeout = d
	return nil
}

// SetLogger sets the log of requests.
func (c *Config) SetLogger(l *slog.Logger) error {
	if l == nil {
		return check.Invalid("logger is nil")
	}
	c.Logger = l
	return nil
}

// SetNow sets the clock.
func (c *Config) SetNow(now func() time.Time) error {
	if now == nil {
		return check.Invalid("clock is nil")
	}
	c.Now = now
	return nil
}

// CheckClientID returns an error with code 605 unless id can be a client id.
func CheckClientID(id string) error {
	if !isToken(id) {
		return check.Invalid("a client id is letters, digits, - and _")
	}
	return nil
}

// Transport returns the settings of the client's transport for this base URL.
func (c *Config) Transport(baseURL, version string) transport.Config {
	return transport.Config{
		BaseURL:    baseURL,
		Env:        c.Env,
		Version:    version,
		HTTPClient: c.HTTPClient,
		MaxConns:   c.MaxConns,
		Timeout:    c.Timeout,
		Logger:     c.Logger,
	}
}

// BaseURL checks the host and returns it without a slash at its end.
func (c *Config) BaseURL() (string, error) {
	u, err := url.Parse(c.Host)
	base := ""
	if err == nil {
		base = strings.TrimRight(u.Path, "/")
	}
	switch {
	case err != nil, u.Hostname() == "", u.Opaque != "":
		return "", check.Invalid("host is not a URL with a scheme and a host")
	case u.Port() == "" && strings.HasSuffix(u.Host, ":"), u.Port() != "" && !isPort(u.Port()):
		return "", check.Invalid("the port of the host is not from 1 to 65535")
	case base != "" && path.Clean(base) != base:
		return "", check.Invalid("the path of the host has empty or dot segments")
	case u.User != nil, strings.ContainsAny(c.Host, "?#"): // also an empty query, which would swallow the path
		return "", check.Invalid("host has a user, a query or a fragment")
	case u.Scheme == "https":
	case u.Scheme == "http":
		if !c.InsecureHTTP && !isLoopback(u.Hostname()) {
			return "", check.Invalid("host is plain http off the loopback interface: use https, or WithInsecureHTTP")
		}
	default:
		return "", check.Invalid("host is neither https nor http")
	}
	return strings.TrimRight(c.Host, "/"), nil
}

// isPort reports whether text is the number of a port.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isToken reports whether s can stand in a header and in a host name as it is.
func isToken(s string) bool {
	if s == "" || len(s) > check.MaxIdentifier {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}
