//go:build unix

package pairbench

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// OpenAPIUsers is how many users the backend's Open API lists. Their ids are from 1 on.
const OpenAPIUsers = 100_000

const (
	tokensPath   = "/tokens"
	openAPIPath  = "/oserve/v2.2/miniapp/user_profile/"
	openAPIToken = `{"access_token":"35919068aa799eccdef19160e1da4bf21381d2a2","token_type":"Bearer","expires_in":86400}`
)

// openAPI serves the Open API: an access token in two steps, and lists of users after
// an id. It reports whether the request is for it.
func openAPI(w http.ResponseWriter, r *http.Request, tokens *atomic.Int64) bool {
	switch r.URL.Path {
	case tokensPath:
		_, _ = io.WriteString(w, strconv.FormatInt(tokens.Load(), 10))
	case "/api/oauth2/hydrogen/openapi/authorize/":
		_, _ = io.WriteString(w, `{"code":"code-1","expires_in":600}`)
	case "/api/oauth2/access_token/":
		tokens.Add(1)
		_, _ = io.WriteString(w, openAPIToken)
	case openAPIPath:
		writeUsers(w, r)
	default:
		return false
	}
	return true
}

// userEnd is the user without its id.
var userEnd = strings.TrimPrefix(User, `{"id":61736923`)

func writeUsers(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	after, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(query.Get("where"), `{"id":{"$gt":`), "}}"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	end := min(after+limit, OpenAPIUsers)
	next := "null"
	if end < OpenAPIUsers {
		next = `"` + openAPIPath + `?offset=` + strconv.Itoa(end) + `"`
	}
	page := []byte(`{"meta":{"limit":1000,"next":` + next + `,"offset":0,"previous":null},"objects":[`)
	for id := after + 1; id <= end; id++ {
		if id > after+1 {
			page = append(page, ',')
		}
		page = append(strconv.AppendInt(append(page, `{"id":`...), int64(id), 10), userEnd...)
	}
	_, _ = w.Write(append(page, "]}"...))
}

// Tokens returns how many access tokens the backend has handed out.
func Tokens(b *testing.B, backend string) int { return number(b, backend+tokensPath) }
