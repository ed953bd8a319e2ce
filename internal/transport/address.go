package transport

import (
	"net/url"
	"strings"
)

// address makes the URLs of requests from the base URL.
type address struct {
	base string   // without a trailing slash
	url  *url.URL // of base; nil if paths cannot just be added to it
}

func newAddress(base string) address {
	a := address{base: base}
	if u, err := url.Parse(base); err == nil && u.Host != "" && isPlain(u.EscapedPath()) {
		a.url = u
	}
	return a
}

// of returns what url.Parse returns for base and path together. Documented paths need
// no parsing.
func (a address) of(path string) (url.URL, error) {
	plain, query, asked := strings.Cut(path, "?")
	if a.url != nil && strings.HasPrefix(path, "/") && isPlain(plain) && isPlainQuery(query) {
		u := *a.url
		u.Path += plain
		u.RawQuery, u.ForceQuery = query, asked && query == ""
		return u, nil
	}
	u, err := url.Parse(a.base + path)
	if err != nil {
		return url.URL{}, err
	}
	return *u, nil
}

// isPlain reports whether a path needs no escapes and has none.
func isPlain(path string) bool {
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '/', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// isPlainQuery reports whether url.Parse takes a query as it is.
func isPlainQuery(query string) bool {
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return true
}
