package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/check"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":             "",
		"12345678":     "",
		"用户":           "",
		"a b":          "",
		"123456789":    "name is longer than 8 bytes",
		"用户用":          "name is longer than 8 bytes",
		"a\x00":        "name has control characters",
		"a\nb":         "name has control characters",
		"\x7f":         "name has control characters",
		"\xff":         "name is not UTF-8",
		"\xed\xa0\x80": "name is not UTF-8",
	} {
		for what, got := range map[string]error{"text": check.Text("name", text, 8), "required": check.Required("name", text, 8)} {
			switch {
			case text == "" && what == "required":
				require.EqualError(t, got, "605: incorrect parameter type: name is empty")
			case want == "":
				require.NoError(t, got, text)
			default:
				require.EqualError(t, got, "605: incorrect parameter type: "+want)
			}
		}
	}
}
