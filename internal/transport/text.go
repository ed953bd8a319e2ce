package transport

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
)

// errorText returns what an answer outside 2xx says: its error_msg, else its
// message, else nothing, as for an answer that is not a JSON object.
func errorText(body string) string {
	if !response.Valid(body) {
		return ""
	}
	var text, second string
	gjson.Parse(body).ForEach(func(key, value gjson.Result) bool {
		switch {
		case value.Type != gjson.String:
		case key.Str == "error_msg":
			text = value.Str
		case key.Str == "message":
			second = value.Str
		}
		return true
	})
	if text == "" {
		return second
	}
	return text
}

// minSecret is the length under which a secret is too common a text to look for.
const minSecret = 4

// scrub replaces every secret in text.
func scrub(text string, secrets []string, token string) string {
	if text == "" {
		return ""
	}
	var all []string
	for _, secret := range append(slices.Clone(secrets), token) {
		all = append(all, spellings(secret)...)
	}
	// The longest first, so that a secret within another leaves nothing of it behind.
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range all {
		if len(secret) >= minSecret {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}

// spellings returns the forms in which a backend may echo a secret that it found
// in a request: as it is, as in a query, and as in JSON, also in JSON within JSON.
func spellings(secret string) []string {
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

// jsonText returns text as JSON spells it, without the quotes around it.
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

// logTime returns the time if there is anybody to tell it to.
func (t *Transport) logTime() time.Time {
	if t.log == nil {
		return time.Time{}
	}
	return time.Now()
}

// logAttempt writes one line per attempt, at debug level: what was asked, what
// came of it, and nothing of what was sent or received.
func (t *Transport) logAttempt(ctx context.Context, r *Request, res *Response, err *herror.HError, attempt int, began time.Time) {
	if t.log == nil || !t.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	path, _, _ := strings.Cut(r.Path, "?")
	attrs := []slog.Attr{
		slog.String("method", r.Method),
		slog.String("path", path),
		slog.Int("attempt", attempt),
		slog.Duration("took", time.Since(began)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	} else {
		attrs = append(attrs, slog.Int("status", res.Status))
	}
	t.log.LogAttrs(ctx, slog.LevelDebug, "baas request", attrs...)
}
