package baastest

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/platform"
)

// bilibili is a platform that this package has no entry for.
type bilibili struct{ platform.QQ }

func (bilibili) Name() string           { return "bilibili" }
func (bilibili) Client() string         { return "BILIBILI" }
func (bilibili) ProviderKeys() []string { return []string{"bilibili_miniapp"} }

// A platform that is new in package platform works here without an edit.
func TestNewPlatformIsStandard(t *testing.T) {
	entries := completed(ownEntries, append(platform.All(), bilibili{}))
	require.Len(t, entries, len(platforms)+1)
	added := entries[len(entries)-1]
	require.Equal(t, "bilibili", added.name)
	require.Equal(t, "BILIBILI", added.header)

	table := newRouteTable(entries)
	for _, path := range []string{
		"v2.5/idp/bilibili/silent-login/", "v2.5/idp/bilibili/authenticate/",
		"v2.0/idp/bilibili/user-association/", "v2.5/idp/bilibili/user-association/",
	} {
		methods, _ := table.find(prefix + path)
		require.Contains(t, methods, http.MethodPost, path)
	}
	require.Equal(t,
		table[prefix+"v2.5/idp/qq/authenticate/"][http.MethodPost].fields,
		table[prefix+"v2.5/idp/bilibili/authenticate/"][http.MethodPost].fields)
}

// Every platform of the SDK has an entry.
func TestEveryPlatformHasAnEntry(t *testing.T) {
	for _, p := range platform.All() {
		entry := platformNamed(p.Name())
		require.NotNil(t, entry, p.Name())
		require.Equal(t, p.Client(), entry.header)
	}
}
