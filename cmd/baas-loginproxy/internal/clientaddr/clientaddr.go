package clientaddr

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Header is the header in which the trusted proxies name the client.
type Header string

// The headers.
const (
	// ForwardedFor is a list of addresses. Each proxy appends the one that it got the
	// request from.
	ForwardedFor Header = "X-Forwarded-For"
	// RealIP is one address. The proxy must replace what the client sends.
	RealIP Header = "X-Real-Ip"
)

// ParseHeader returns the header with that name. Case does not count.
func ParseHeader(name string) (Header, error) {
	for _, h := range []Header{ForwardedFor, RealIP} {
		if strings.EqualFold(name, string(h)) {
			return h, nil
		}
	}
	return "", fmt.Errorf("the client address header %q is neither X-Forwarded-For nor X-Real-IP", name)
}

// The names that ParsePrefixes takes in the place of addresses.
var named = map[string][]string{
	"loopback": {"127.0.0.0/8", "::1/128"},
	// RFC 1918 and RFC 4193, and the shared space of RFC 6598, which clouds use for balancers.
	"private": {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "100.64.0.0/10"},
}

// ParsePrefixes reads a list of the addresses of proxies, separated by commas: addresses
// as in 10.0.0.7, prefixes as in 10.0.0.0/8, and the names loopback and private. An
// empty text is an empty list.
func ParsePrefixes(text string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		list, ok := named[strings.ToLower(item)]
		if !ok {
			list = []string{item}
		}
		for _, one := range list {
			p, err := parsePrefix(one)
			if err != nil {
				return nil, err
			}
			prefixes = append(prefixes, p)
		}
	}
	return prefixes, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = canonical(addr)
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("the trusted proxy %q is no address, no prefix as in 10.0.0.0/8, and neither loopback nor private", text)
	}
	if p.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("the trusted proxies %q are IPv4 addresses: write them as such", text)
	}
	if p.Masked() != p {
		return netip.Prefix{}, fmt.Errorf("the trusted proxies %q: the prefix is %s", text, p.Masked())
	}
	return p, nil
}

// Finder finds the addresses of clients. It is immutable and safe for concurrent use.
// The zero Finder trusts no proxy.
type Finder struct {
	trusted []netip.Prefix
	header  Header
}

// New returns a Finder that reads header in requests from trusted proxies. Without
// trusted proxies, the address is always that of the connection.
func New(trusted []netip.Prefix, header Header) (*Finder, error) {
	if header != ForwardedFor && header != RealIP {
		return nil, fmt.Errorf("the client address header %q is neither X-Forwarded-For nor X-Real-IP", header)
	}
	for _, p := range trusted {
		if !p.IsValid() {
			return nil, fmt.Errorf("a prefix of trusted proxies is invalid")
		}
	}
	return &Finder{trusted: append([]netip.Prefix(nil), trusted...), header: header}, nil
}

// Addr returns the address of the client: without port and zone, and as IPv4 if it is
// mapped into IPv6. If the header names nobody, or something that is no address, it is
// the address of the last trusted proxy that is known, so that such clients are counted
// together. It is the zero Addr if the connection has no address, as on a Unix socket.
func (f *Finder) Addr(r *http.Request) netip.Addr {
	peer, ok := parse(r.RemoteAddr)
	if !ok || !f.isTrusted(peer) {
		return peer
	}
	lines := r.Header.Values(string(f.header))
	if f.header == RealIP {
		lines = lines[max(0, len(lines)-1):]
	}
	client := peer
	for i := len(lines) - 1; i >= 0; i-- { // more than one line is one list
		rest := lines[i]
		for more := true; more; {
			var item string
			if item, rest, more = cutLast(rest); strings.TrimSpace(item) == "" {
				continue
			}
			addr, ok := parse(strings.TrimSpace(item))
			if !ok {
				return client
			}
			if client = addr; !f.isTrusted(client) || f.header == RealIP {
				return client
			}
		}
	}
	return client
}

// cutLast returns the last item of a list, and the list before it.
func cutLast(list string) (item, rest string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return list, "", false
	}
	return list[i+1:], list[:i], true
}

// String returns the text of [Finder.Addr], for [loginproxy.WithClientAddr]. It is empty
// for the zero Addr.
//
// [loginproxy.WithClientAddr]: https://pkg.go.dev/github.com/hydrogen-go/baas/loginproxy#WithClientAddr
func (f *Finder) String(r *http.Request) string {
	addr := f.Addr(r)
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// FromTrusted reports whether the connection comes from a trusted proxy. Only then may
// other headers of proxies be believed, as a request id.
func (f *Finder) FromTrusted(r *http.Request) bool {
	peer, ok := parse(r.RemoteAddr)
	return ok && f.isTrusted(peer)
}

func (f *Finder) isTrusted(addr netip.Addr) bool {
	for _, p := range f.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parse reads an address with or without a port, and an IPv6 address with or without
// brackets.
func parse(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		var with netip.AddrPort
		with, err = netip.ParseAddrPort(text)
		addr = with.Addr()
	}
	if err != nil && len(text) > 2 && text[0] == '[' && text[len(text)-1] == ']' {
		addr, err = netip.ParseAddr(text[1 : len(text)-1])
		if err == nil && !addr.Is6() {
			return netip.Addr{}, false
		}
	}
	if err != nil {
		return netip.Addr{}, false
	}
	return canonical(addr), true
}

func canonical(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
