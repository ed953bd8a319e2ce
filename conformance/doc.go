// Package conformance compares this module with recorded runs of the vendor's own
// client. The recordings, in testdata/wire/js, are of the vendor's mini-program
// client on a simulated phone; its README tells how to read one. Those in
// testdata/wire/real are answers of the real backend, from the tests of the
// vendor's iOS client. The tests play each recording through our API, against the
// answers that stand in it, and compare every request and every outcome. What
// differs on purpose stands in differences_test.go, each with its reason. Package
// conformance/live runs the vendor's client itself.
package conformance
