package transport

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/internal/response"
)

// errorText returns the text of an error response: error_msg, or else message, or else
// "". It returns "" if the body is not a JSON object.
func errorText(body string) string {
	if !response.Valid(body) {
		return ""
	}
	var text, message string
	gjson.Parse(body).ForEach(func(key, value gjson.Result) bool {
		switch {
		case value.Type != gjson.String:
		case key.Str == "error_msg":
			text = value.Str
		case key.Str == "message":
			message = value.Str
		}
		return true
	})
	if text == "" {
		return message
	}
	return text
}

// minSecret is the minimum length of a secret that is replaced. A shorter one would
// match unrelated text.
const minSecret = 4

// redact replaces the token and every secret in text.
func redact(text string, secrets []string, token string) string {
	if text == "" {
		return ""
	}
	var all []string
	for _, secret := range append(slices.Clone(secrets), token) {
		all = append(all, encodings(secret)...)
	}
	// The longest first, so that no part of a secret is left if it contains another one.
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range all {
		if len(secret) >= minSecret {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}

// encodings returns the forms in which a backend may repeat a secret of a request: as
// it is, encoded as in a query, and escaped as in JSON, also as in JSON within JSON.
func encodings(secret string) []string {
	forms := []string{secret}
	for range 2 {
		for _, form := range slices.Clone(forms) {
			forms = append(forms, jsonText(form, false), jsonText(form, true))
		}
	}
	forms = append(forms, url.QueryEscape(secret))
	slices.Sort(forms)
	return slices.Compact(forms)
}

// jsonText returns text escaped as in JSON, without the quotes.
func jsonText(text string, escapeHTML bool) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	if enc.Encode(text) != nil {
		return text
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}
