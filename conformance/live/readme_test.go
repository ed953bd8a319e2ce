package live_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// listAuth prints the names of all members of BaaS.auth in the vendor's client.
const listAuth = `
require('./phone.js').plugIn({ control: 'http://127.0.0.1/', openid: 'nobody', sdkVersion: process.argv[1] });
require('regenerator-runtime/runtime');
const BaaS = require('minapp-sdk');
BaaS.init('nobody', { host: 'http://127.0.0.1' });
process.stdout.write(JSON.stringify(Object.keys(BaaS.auth)));
`

// The README names every call that the vendor's client has in BaaS.auth.
func TestReadmeHasTheVendorsCalls(t *testing.T) {
	driver := installMinapp(t)
	node := exec.CommandContext(t.Context(), "node", "-e", listAuth, newBaseLibrary)
	node.Dir = filepath.Dir(driver)
	out, err := node.Output()
	require.NoError(t, err)
	var names []string
	require.NoError(t, json.Unmarshal(out, &names))
	require.NotEmpty(t, names)

	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasPrefix(name, "_") {
			continue // not documented
		}
		call := regexp.MustCompile("`(auth|user)\\." + regexp.QuoteMeta(name) + `\(`)
		require.True(t, call.Match(readme), "the README does not name %s", name)
	}
}
