package main

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

// healthcheckTimeout limits the question.
const healthcheckTimeout = 3 * time.Second

// healthcheck asks the server on this machine whether it is alive.
func healthcheck(ctx context.Context, w webConfig) error {
	url, err := w.ownURL()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/livez", nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{
		// The certificate is for the name of the server and not for an address of this
		// machine. Nothing secret is sent.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec
	}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("/livez responded with %d", res.StatusCode)
	}
	return nil
}

// ownURL is the server's URL as it is reached from this machine.
func (w webConfig) ownURL() (string, error) {
	host, port, err := net.SplitHostPort(w.addr)
	if err != nil {
		return "", err
	}
	if port == "0" {
		return "", errors.New("-healthcheck needs a port that is not 0 in " + names("addr"))
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	scheme := "http://"
	if w.certFile != "" {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, port), nil
}
