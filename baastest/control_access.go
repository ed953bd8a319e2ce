package baastest

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/hydrogen-go/baas/internal/check"
)

// WithControlHosts makes [Control] accept requests to these hosts too: names or IP
// addresses without a port, as they are in the Host header. Loopback addresses,
// localhost and the address that a connection was made to are always accepted.
func WithControlHosts(hosts ...string) Option {
	return func(c *config) error {
		for _, host := range hosts {
			if err := check.Required("control host", host, check.MaxIdentifier); err != nil {
				return err
			}
			if _, ip := parseIP(host); !ip && strings.ContainsFunc(host, notInName) {
				return check.Invalid("control host is neither a name nor an IP address")
			}
			if c.controlHosts == nil {
				c.controlHosts = make(map[string]bool)
			}
			c.controlHosts[canonicalHost(host)] = true
		}
		return nil
	}
}

// notInName is false for the characters of host names.
func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._", r)
}

// WithControlToken makes [Control] require the token as a bearer token, on every path
// but the one for health and the files of the console, which have no data. It is printable ASCII without spaces. The default is no token.
func WithControlToken(token string) Option {
	return func(c *config) error {
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return check.Invalid("control token is not printable ASCII without spaces")
		}
		c.controlToken = token
		return check.Required("control token", token, check.MaxCode)
	}
}

var (
	errOtherSite = errors.New("request on behalf of another site")
	errOtherHost = errors.New("the Host header has no loopback address and no host of WithControlHosts (-control-host)")
	errNoToken   = errors.New("the control token is missing or wrong")
)

// admit returns an error for a request that did not come from a script or page of the
// person who runs the backend. An open path needs no token.
func (c *config) admit(r *http.Request, open bool) error {
	switch {
	case fromOtherSite(r):
		return errOtherSite
	case !c.isControlHost(r):
		return errOtherHost
	case c.controlToken != "" && !open && !hasBearer(r, c.controlToken):
		return errNoToken
	default:
		return nil
	}
}

// fromOtherSite says whether a browser made the request for a page of another origin.
// [http.CrossOriginProtection] is not used because it admits every GET, and GET
// responses have secrets too.
func fromOtherSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
	default:
		return true
	}
	origin := r.Header.Get("Origin") // of a browser without Sec-Fetch-Site
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

// isControlHost says whether the Host header is one that this machine has. After DNS
// rebinding it is the name of the attacker's site.
func (c *config) isControlHost(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = canonicalHost(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if host == "localhost" || c.controlHosts[host] {
		return true
	}
	ip, ok := parseIP(host)
	if !ok {
		return false
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ip.IsLoopback() || local != nil && ip == local.AddrPort().Addr().Unmap().WithZone("")
}

// canonicalHost returns the one spelling of a host.
func canonicalHost(host string) string {
	if ip, ok := parseIP(host); ok {
		return ip.String()
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func parseIP(host string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(host)
	return ip.Unmap().WithZone(""), err == nil
}

// hasBearer compares in constant time, whatever the lengths.
func hasBearer(r *http.Request, token string) bool {
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, have := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(got))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(want[:], have[:]) == 1
}
