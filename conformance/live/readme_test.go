package live_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README names every call that the vendor's client has in BaaS.auth.
func TestReadmeHasTheVendorsCalls(t *testing.T) {
	driver := installMinapp(t)
	nobody := &person{&emulator{"http://127.0.0.1"}, "nobody"} // nothing is sent
	functions := newVendor(t, driver, nobody, newBaseLibrary).surface(t).Functions

	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	names := 0
	for _, function := range functions {
		name, ok := strings.CutPrefix(function, "auth.")
		if !ok {
			continue
		}
		names++
		call := regexp.MustCompile("`(auth|user)\\." + regexp.QuoteMeta(name) + `\(`)
		require.True(t, call.Match(readme), "the README does not name %s", name)
	}
	require.NotZero(t, names)
}
