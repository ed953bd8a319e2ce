// Package conformance compares this module with recordings of the vendor's own client.
//
// The recordings in testdata/wire/js are of the vendor's mini-program client on a
// simulated phone. testdata/wire/README.md describes their format. The tests make the
// recorded calls through our API, with the recorded responses, and compare every
// request and every outcome. The deliberate differences are listed in
// differences_test.go, each with its reason.
//
// testdata/wire/real has responses of the real backend, from the tests of the vendor's
// iOS client.
//
// Package conformance/live runs the vendor's client itself, in its builds for WeChat and
// for the web, on cmd/baas-emulator and through loginproxy.
package conformance
