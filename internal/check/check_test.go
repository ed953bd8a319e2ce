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

func TestWebURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://app.example":              "",
		"HTTPS://app.example/a?b=c#d":      "",
		"http://[::1]:8080/":               "",
		"":                                 "name is empty",
		"https://app.example/\n":           "name has control characters",
		"/path":                            "name is not an absolute http or https URL",
		"//app.example":                    "name is not an absolute http or https URL",
		"https:app.example":                "name is not an absolute http or https URL",
		"https://:80/":                     "name is not an absolute http or https URL",
		"https://ann@app.example/":         "name is not an absolute http or https URL",
		"https://app.example:port/":        "name is not an absolute http or https URL",
		"javascript:alert(1)//app.example": "name is not an absolute http or https URL",
	} {
		u, err := check.WebURL("name", text)
		if want == "" {
			require.NoError(t, err, text)
			require.NotEmpty(t, u.Host)
			continue
		}
		require.EqualError(t, err, "605: incorrect parameter type: "+want, text)
		require.Nil(t, u)
	}
}
