// Package selfcheck asks a server on the same machine whether it is alive: the health
// check of a container that has no shell and no curl.
package selfcheck

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// timeout limits the question.
const timeout = 3 * time.Second

// Ask returns nil if the server that listens on addr responds to GET path with 200. addr
// is as the server got it, so its host may be empty or 0.0.0.0.
func Ask(ctx context.Context, addr string, withTLS bool, path string) error {
	host, err := reachable(addr)
	if err != nil {
		return err
	}
	scheme := "http://"
	if withTLS {
		scheme = "https://"
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+host+path, http.NoBody)
	if err != nil {
		return err
	}
	transport := &http.Transport{
		// The certificate is for the server's name and not for an address of this machine.
		// Nothing secret is sent.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s responded with %d", path, res.StatusCode)
	}
	return nil
}

// reachable returns the address at which a client on the same machine reaches a server.
func reachable(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	if port == "0" {
		return "", errors.New("a health check needs an address with a port that is not 0")
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}
