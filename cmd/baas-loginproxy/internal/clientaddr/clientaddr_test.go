package clientaddr

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func finder(t testing.TB, trusted string, header Header) *Finder {
	t.Helper()
	prefixes, err := ParsePrefixes(trusted)
	require.NoError(t, err)
	f, err := New(prefixes, header)
	require.NoError(t, err)
	return f
}

func request(peer string, header Header, lines ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.RemoteAddr = peer
	for _, line := range lines {
		r.Header.Add(string(header), line)
	}
	return r
}

func TestForwardedFor(t *testing.T) {
	t.Parallel()
	f := finder(t, "10.0.0.0/8, 2001:db8:1::/48, 192.0.2.53", ForwardedFor)
	for name, tt := range map[string]struct {
		peer  string
		lines []string
		want  string
	}{
		"no proxy":                          {"203.0.113.7:5000", nil, "203.0.113.7"},
		"no proxy, forged header":           {"203.0.113.7:5000", []string{"198.51.100.1"}, "203.0.113.7"},
		"one proxy":                         {"10.0.0.1:5000", []string{"203.0.113.7"}, "203.0.113.7"},
		"one proxy, forged beginning":       {"10.0.0.1:5000", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		"forged trusted address":            {"10.0.0.1:5000", []string{"10.9.9.9, 203.0.113.7"}, "203.0.113.7"},
		"two proxies":                       {"10.0.0.1:5000", []string{"198.51.100.1, 203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		"two lines":                         {"10.0.0.1:5000", []string{"198.51.100.1, 203.0.113.7", "10.0.0.2"}, "203.0.113.7"},
		"two lines, the client's own first": {"10.0.0.1:5000", []string{"10.0.0.3", "203.0.113.7"}, "203.0.113.7"},
		"three lines":                       {"10.0.0.1:5000", []string{"198.51.100.1", "203.0.113.7,10.0.0.2", "192.0.2.53"}, "203.0.113.7"},
		"single addresses are trusted":      {"192.0.2.53:1", []string{"203.0.113.7"}, "203.0.113.7"},
		"and no others":                     {"192.0.2.54:1", []string{"203.0.113.7"}, "192.0.2.54"},
		"IPv6":                              {"[2001:db8:1::1]:5000", []string{"2001:db8:ffff::7"}, "2001:db8:ffff::7"},
		"mapped peer":                       {"[::ffff:10.0.0.1]:5000", []string{"203.0.113.7"}, "203.0.113.7"},
		"mapped client":                     {"10.0.0.1:5000", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		"mapped proxy in the list":          {"10.0.0.1:5000", []string{"203.0.113.7, ::ffff:10.0.0.2"}, "203.0.113.7"},
		"with a port":                       {"10.0.0.1:5000", []string{"203.0.113.7:1234"}, "203.0.113.7"},
		"brackets and a port":               {"10.0.0.1:5000", []string{"[2001:db8::7]:1234"}, "2001:db8::7"},
		"brackets":                          {"10.0.0.1:5000", []string{"[2001:db8::7]"}, "2001:db8::7"},
		"a zone":                            {"10.0.0.1:5000", []string{"fe80::7%eth0"}, "fe80::7"},
		"a peer with a zone":                {"[fe80::1%eth0]:5000", nil, "fe80::1"},
		"spaces and empty items":            {"10.0.0.1:5000", []string{" , 203.0.113.7 ,,\t", ""}, "203.0.113.7"},
		"no header":                         {"10.0.0.1:5000", nil, "10.0.0.1"},
		"an empty header":                   {"10.0.0.1:5000", []string{""}, "10.0.0.1"},
		"all trusted":                       {"10.0.0.1:5000", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"unknown":                           {"10.0.0.1:5000", []string{"203.0.113.7, unknown"}, "10.0.0.1"},
		"unknown behind a trusted one":      {"10.0.0.1:5000", []string{"203.0.113.7, unknown, 10.0.0.2"}, "10.0.0.2"},
		"brackets around IPv4":              {"10.0.0.1:5000", []string{"[203.0.113.7]"}, "10.0.0.1"},
		"a host name":                       {"10.0.0.1:5000", []string{"client.example.com"}, "10.0.0.1"},
		"leading zeros":                     {"10.0.0.1:5000", []string{"203.0.113.007"}, "10.0.0.1"},
		"a port out of range":               {"10.0.0.1:5000", []string{"203.0.113.7:99999"}, "10.0.0.1"},
		"a Unix socket":                     {"@", []string{"203.0.113.7"}, ""},
		"no peer":                           {"", []string{"203.0.113.7"}, ""},
	} {
		r := request(tt.peer, ForwardedFor, tt.lines...)
		require.Equal(t, tt.want, f.String(r), name)
	}
}

func TestRealIP(t *testing.T) {
	t.Parallel()
	f := finder(t, "private", RealIP)
	require.Equal(t, "203.0.113.7", f.String(request("10.0.0.1:5", RealIP, "203.0.113.7")))
	require.Equal(t, "203.0.113.7", f.String(request("10.0.0.1:5", RealIP, "198.51.100.1", "203.0.113.7"))) // the proxy's is the last
	require.Equal(t, "10.0.0.1", f.String(request("10.0.0.1:5", RealIP, "nobody")))
	require.Equal(t, "10.0.0.1", f.String(request("10.0.0.1:5", ForwardedFor, "203.0.113.7")))
	require.Equal(t, "203.0.113.9", f.String(request("203.0.113.9:5", RealIP, "203.0.113.7")))
}

func TestWithoutTrustedProxies(t *testing.T) {
	t.Parallel()
	r := request("127.0.0.1:5", ForwardedFor, "203.0.113.7")
	require.Equal(t, "127.0.0.1", finder(t, "", ForwardedFor).String(r))
	require.Equal(t, "127.0.0.1", new(Finder).String(r))
	require.False(t, new(Finder).FromTrusted(r))
	f := finder(t, "loopback", ForwardedFor)
	require.Equal(t, "203.0.113.7", f.String(r))
	require.True(t, f.FromTrusted(r))
	require.False(t, f.FromTrusted(request("@", ForwardedFor)))
}

func TestParsePrefixes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "",
		" , ":                     "",
		"10.0.0.7":                "10.0.0.7/32",
		"::ffff:10.0.0.7":         "10.0.0.7/32",
		"10.0.0.0/8,2001:db8::1":  "10.0.0.0/8 2001:db8::1/128",
		"Loopback":                "127.0.0.0/8 ::1/128",
		"private, 203.0.113.0/24": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 100.64.0.0/10 203.0.113.0/24",
		"0.0.0.0/0":               "0.0.0.0/0",
		"fe80::1%eth0":            "fe80::1/128",
	} {
		got, err := ParsePrefixes(text)
		require.NoError(t, err, text)
		texts := make([]string, len(got))
		for i, p := range got {
			texts[i] = p.String()
		}
		require.Equal(t, want, strings.Join(texts, " "), text)
	}
	for text, want := range map[string]string{
		"balancer":            `"balancer" is no address`,
		"10.0.0.0/33":         "is no address",
		"10.0.0.1-10.0.0.9":   "is no address",
		"10.0.0.1/8":          "the prefix is 10.0.0.0/8",
		"::ffff:10.0.0.0/104": "are IPv4 addresses",
		"10.0.0.0/8;loopback": "is no address",
	} {
		_, err := ParsePrefixes(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Header{"x-forwarded-for": ForwardedFor, "X-Real-IP": RealIP} {
		h, err := ParseHeader(name)
		require.NoError(t, err)
		require.Equal(t, want, h)
	}
	_, err := ParseHeader("Forwarded")
	require.ErrorContains(t, err, "neither X-Forwarded-For nor X-Real-IP")
	_, err = New(nil, "Forwarded")
	require.Error(t, err)
	_, err = New([]netip.Prefix{{}}, ForwardedFor)
	require.Error(t, err)
}

// Whatever a client sends before it, an address that a trusted proxy has appended wins.
// The result is always an address, and never one that only the client named.
func FuzzAddr(f *testing.F) {
	for _, line := range []string{"", "198.51.100.1", "10.0.0.2", "[::1]:1", "a,b,,c", "::ffff:1.2.3.4, fe80::1%eth0", "[", "[]", ":", "\"1.2.3.4\""} {
		f.Add(line, line)
	}
	find := finder(f, "10.0.0.0/8", ForwardedFor)
	f.Fuzz(func(t *testing.T, one, two string) {
		const client = "203.0.113.7"
		r := request("10.0.0.1:5000", ForwardedFor, one, two+","+client, "10.0.0.2")
		require.Equal(t, client, find.String(r))
		r = request(client+":5000", ForwardedFor, one, two)
		require.Equal(t, client, find.String(r))
		addr := find.Addr(request("10.0.0.1:5000", ForwardedFor, one, two))
		require.True(t, addr.IsValid())
		require.Empty(t, addr.Zone())
		require.False(t, addr.Is4In6())
		_, _ = ParsePrefixes(one)
	})
}
