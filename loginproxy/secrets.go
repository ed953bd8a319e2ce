package loginproxy

import (
	"encoding/json"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/response"
	"github.com/hydrogen-go/baas/internal/transport"
	"github.com/hydrogen-go/baas/session"
)

// This file keeps the backend's tokens out of the responses that are passed on. What
// it does not understand, it refuses.

// errToken is the error for a response that is not passed on, because it has a token
// where none is documented, or may have one.
var errToken = herror.New(herror.InvalidResponse, "a token in an unexpected place").WithSent(true)

// relayedHeaders are the headers of the backend that are passed on.
var relayedHeaders = [...]string{"Content-Type", "Retry-After"}

// minNamed is the length, in bytes, from which a text that a response names as a token
// is searched for in the rest of it. A shorter one is no token of the backend, and would
// be found everywhere. The token of a session has no minimum.
const minNamed = 8

// hide returns the body of res with id in the documented places of tokens. The error is
// 690 if the response would still have one of the tokens in own, or a text that it names
// as a token. Only in the app's own data may a member have the name of a token. In a
// login every value in a documented place is replaced, else only a token in own.
func (x *exchange) hide(res *transport.Response, own []string, id string, login bool) (string, error) {
	if len(own) == 0 && x.appData {
		return res.Body, nil // there is nothing to hide
	}
	if !readable(res) {
		return "", errToken
	}
	body, secrets := res.Body, slices.Clone(own)
	if !x.appData {
		found := namedIn(body, res.Status/100 == 2)
		for _, text := range found.texts {
			if len(text) >= minNamed {
				secrets = append(secrets, text)
			}
		}
	}
	if login || mayHaveAny(body, own) {
		body = replaceTokens(body, id, func(v gjson.Result) bool { return login || slices.Contains(own, v.Str) })
	}
	if !x.appData && !namedIn(body, res.Status/100 == 2).only(id) {
		return "", errToken
	}
	if mayHaveAny(body, secrets) {
		return "", errToken
	}
	for _, name := range relayedHeaders {
		for _, value := range res.Header[name] {
			if mayHaveAny(value, secrets) {
				return "", errToken
			}
		}
	}
	return body, nil
}

func mayHaveAny(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool { return mayHave(text, secret) })
}

// tokensOf returns the tokens of the sessions that have one.
func tokensOf(sessions ...session.Session) (tokens []string) {
	for _, s := range sessions {
		if token := s.Token.Reveal(); token != "" {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// checkShown returns an error if the text, which no token belongs in, may have the token
// of a session.
func checkShown(text string, sessions ...session.Session) error {
	if mayHaveAny(text, tokensOf(sessions...)) {
		return errToken
	}
	return nil
}

// readable reports whether the body of res is text that the phone reads as it is here:
// not compressed, and UTF-8.
func readable(res *transport.Response) bool {
	for _, encoding := range res.Header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return false
		}
	}
	for _, value := range res.Header["Content-Type"] {
		if value == jsonType || value == "" {
			continue
		}
		_, params, err := mime.ParseMediaType(value)
		if charset := params["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
			return false
		}
	}
	return utf8.ValidString(res.Body) && strings.IndexByte(res.Body, 0) < 0
}

// maxUnescapes limits how many times a text is unescaped, so that a hostile one does
// not take quadratic time. It is enough for 65,536 backslashes in a row.
const maxUnescapes = 16

// mayHave reports whether secret is in text: as it is, escaped as in JSON, also as in
// JSON within a string of JSON, or percent-encoded. A text that is escaped too many
// times counts as one that has it.
func mayHave(text, secret string) bool {
	for range maxUnescapes {
		if strings.Contains(text, secret) || strings.Contains(text, "%") && strings.Contains(unescapedPercent(text), secret) {
			return true
		}
		if !mayHide(text, secret) {
			return false
		}
		shorter := unescaped(text)
		if len(shorter) == len(text) {
			return false
		}
		text = shorter
	}
	return true
}

// mayHide reports whether unescaping text may bring secret to light. It is false for the
// usual escapes, so that most responses are searched without a copy: those of letters
// outside ASCII, quotes, slashes and line ends are no part of a usual token.
func mayHide(text, secret string) bool {
	if strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '/' || r == '\\' }) {
		return strings.Contains(text, `\`)
	}
	for {
		at := strings.IndexByte(text, '\\')
		if at < 0 || at+1 == len(text) {
			return false
		}
		text = text[at+1:]
		if text[0] == '\\' || strings.HasPrefix(text, "u00") {
			return true
		}
	}
}

// simpleEscapes are the escapes of JSON with one letter, and what they mean.
var simpleEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescaped returns text with every escape of JSON replaced by what it means. The text
// need not be JSON. A string within it is a part of the result, without its quotes. If
// there is no escape, the result is as long as text, else it is shorter.
func unescaped(text string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '\\')
		if at < 0 || at+1 == len(text) {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		text = text[at:]
		if c, ok := simpleEscapes[text[1]]; ok {
			b.WriteByte(c)
			text = text[2:]
			continue
		}
		r, ok := unicodeEscape(text)
		if !ok {
			b.WriteByte('\\')
			text = text[1:]
			continue
		}
		text = text[6:]
		if utf16.IsSurrogate(r) {
			if low, ok := unicodeEscape(text); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				r, text = utf16.DecodeRune(r, low), text[6:]
			}
		}
		b.WriteRune(r) // half a pair becomes the replacement character, as in encoding/json
	}
}

// unicodeEscape returns the value of the escape \uXXXX that text begins with.
func unicodeEscape(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(n), err == nil
}

// unescapedPercent returns text with every escape of a URL replaced by its byte.
func unescapedPercent(text string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '%')
		if at < 0 || at+3 > len(text) {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		n, err := strconv.ParseUint(text[at+1:at+3], 16, 8)
		if err != nil {
			b.WriteByte('%')
			text = text[at+1:]
			continue
		}
		b.WriteByte(byte(n))
		text = text[at+3:]
	}
}

// documentedNames are the members that have a token in the documented responses: of the
// response, and of the objects in it that documentedObjects names.
var (
	documentedNames   = [...]string{"token", "session_key"}
	documentedObjects = [...]string{"_session", "user_info"}
)

// replaceTokens returns body with id in the documented places of tokens, where replace
// returns true for the value. A body that is not a JSON object is returned as it is.
func replaceTokens(body, id string, replace func(gjson.Result) bool) string {
	if !response.Valid(body) || !gjson.Parse(body).IsObject() {
		return body
	}
	return string(replaceIn(response.Fields(strings.TrimSpace(body)), strconv.Quote(id), replace, len(documentedObjects)))
}

func replaceIn(fields response.Fields, quoted string, replace func(gjson.Result) bool, depth int) response.Fields {
	patch := ""
	for _, name := range documentedNames {
		if v := fields.Get(name); v.Exists() && v.Type != gjson.Null && replace(v) {
			patch += `,"` + name + `":` + quoted
		}
	}
	for _, name := range documentedObjects {
		inner := fields.Get(name)
		if depth == 0 || !inner.IsObject() {
			continue
		}
		if hidden := string(replaceIn(response.Fields(inner.Raw), quoted, replace, depth-1)); hidden != inner.Raw {
			patch += `,"` + name + `":` + hidden
		}
	}
	if patch == "" {
		return fields
	}
	return fields.Merge(response.Fields("{"+patch[1:]+"}"), response.SameName)
}

// named is what a response names as tokens.
type named struct {
	texts []string // every text in a member with the name of a token
	other bool     // such a member has a number, or the response cannot be read
}

// only reports whether no text but id is named as a token.
func (n named) only(id string) bool {
	return !n.other && !slices.ContainsFunc(n.texts, func(text string) bool { return text != id })
}

// namedIn returns what the body names as tokens. If it must be JSON and is not, other
// is true. A text that need not be JSON, such as an error page, must not have the word.
func namedIn(body string, mustBeJSON bool) (n named) {
	switch {
	case strings.TrimSpace(body) == "":
	case response.Valid(body):
		n.read(body, maxUnescapes)
	case mustBeJSON || hasTokenWord(body):
		n.other = true
	}
	return n
}

// tokenNames are the names of members that have a token, in lower case and without
// other characters than letters.
var tokenNames = []string{"token", "accesstoken", "authtoken", "refreshtoken", "sessiontoken", "usertoken", "sessionkey"}

// isTokenName reports whether a member's name is that of a token, in any case and with
// any separators.
func isTokenName(name string) bool {
	return slices.Contains(tokenNames, strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, folded(name)))
}

// folded returns text in lower case. Letters outside ASCII that have an ASCII letter as
// another case become that.
func folded(text string) string { return strings.ToLower(strings.ToUpper(text)) }

// hasTokenWord reports whether text that is not JSON has the name of a token.
func hasTokenWord(text string) bool {
	text = folded(unescaped(text))
	return strings.Contains(text, "token") || strings.Contains(strings.NewReplacer("_", "", "-", "", " ", "").Replace(text), "sessionkey")
}

// object is an array or an object whose end has not been read.
type object struct {
	members bool // it is an object
	key     bool // the next string is a key
	inToken bool // it is within a member with the name of a token
}

// read reads valid JSON. Levels limits how deeply JSON may be in strings of JSON.
func (n *named) read(text string, levels int) {
	if levels == 0 {
		n.other = true
		return
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var (
		open    []object
		inToken bool // the next value is within a member with the name of a token
	)
	for {
		t, err := dec.Token()
		if err != nil {
			return // the end, because the JSON is valid
		}
		top := &object{}
		if len(open) > 0 {
			top = &open[len(open)-1]
		}
		if key, ok := t.(string); ok && top.key {
			inToken, top.key = top.inToken || isTokenName(key), false
			n.readText(key, top.inToken, levels)
			continue
		}
		switch v := t.(type) {
		case json.Delim:
			if v == '}' || v == ']' {
				open = open[:len(open)-1]
				break
			}
			open = append(open, object{members: v == '{', key: v == '{', inToken: inToken || top.inToken})
			inToken = false
			continue
		case string:
			n.readText(v, inToken || top.inToken, levels)
		case json.Number:
			n.other = n.other || inToken || top.inToken
		}
		inToken = false
		if len(open) > 0 {
			open[len(open)-1].key = open[len(open)-1].members
		}
	}
}

// readText reads a string or a key.
func (n *named) readText(text string, inToken bool, levels int) {
	if inToken && text != "" {
		n.texts = append(n.texts, text)
	}
	if inner := strings.TrimSpace(text); strings.HasPrefix(inner, "{") || strings.HasPrefix(inner, "[") || strings.HasPrefix(inner, `"`) {
		if response.Valid(inner) {
			n.read(inner, levels-1)
		}
	}
}

// leavesOf returns every text and number in body, at any depth and also in JSON that is a
// text: what must not be in a text that may repeat the request. Complete is false if the
// body is nested too deeply to know.
func leavesOf(body string) (leaves []string, complete bool) {
	var read func(v gjson.Result, levels int)
	read = func(v gjson.Result, levels int) {
		if levels == 0 {
			complete = false
			return
		}
		switch {
		case v.IsObject(), v.IsArray():
			v.ForEach(func(_, inner gjson.Result) bool {
				read(inner, levels-1)
				return complete
			})
		case v.Type == gjson.Number:
			leaves = append(leaves, v.Raw)
		case v.Type == gjson.String:
			leaves = append(leaves, v.Str)
			if response.Valid(v.Str) {
				read(gjson.Parse(v.Str), levels-1)
			}
		}
	}
	complete = true
	if body != "" {
		read(gjson.Parse(body), maxUnescapes)
	}
	return leaves, complete
}
