package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOutput(t *testing.T) {
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)

	var got strings.Builder
	require.NoError(t, run(t.Context(), &got))
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), got.String())
}
