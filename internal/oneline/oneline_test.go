package oneline_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/oneline"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		" a\tb ":                        "a b",
		"a\r\nb\u2028c\u2029d\x00":      "a  b c d",
		"用户\xff":                        "用户",
		strings.Repeat("a", 600):        strings.Repeat("a", oneline.MaxText),
		strings.Repeat("用", 300):        strings.Repeat("用", oneline.MaxText/3),
		strings.Repeat("\n", 600) + "a": "",
	} {
		require.Equal(t, want, oneline.Of(text))
	}
}
