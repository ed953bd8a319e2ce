package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlatformFacts(t *testing.T) {
	t.Parallel()
	facts, err := factsOfPlatforms(t.Context())
	require.NoError(t, err)
	byName := map[string]platformFacts{}
	for _, f := range facts {
		require.NotEmpty(t, f.ProviderKeys, f.Name)
		byName[f.Name] = f
	}
	require.Len(t, byName, 7)
	for name, phone := range map[string]bool{"kuaishou": true, "wechat": true, "bytedance": false} {
		require.Equal(t, phone, byName[name].PhoneLogin, name)
		require.Equal(t, phone, byName[name].PhoneUpdate, name)
	}
	require.Contains(t, byName["bytedance"].ProviderKeys, "toutiao")
}
