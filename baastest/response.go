package baastest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// response is what the backend sends back.
type response struct {
	status      int
	contentType string // "" means JSON
	allow       string // the Allow header of a 405
	location    string // the Location header of a redirect
	cookie      string // the Set-Cookie header
	body        []byte
}

const jsonType = "application/json"

// Bodies that many endpoints share.
const (
	statusOK  = `{"status":"ok"}`
	destroyed = `{"message":"Destroy succeed.","status":"ok"}`
)

// refusal is an error that the backend responds with.
type refusal interface {
	error
	response() response
}

// problem is a refusal: a status and the text a client may show.
type problem struct {
	status  int
	message string
}

func (p *problem) Error() string { return fmt.Sprintf("%d: %s", p.status, p.message) }

func refuse(status int, format string, args ...any) *problem {
	return &problem{status: status, message: fmt.Sprintf(format, args...)}
}

func (p *problem) response() response {
	body, _ := json.Marshal(struct { // two strings always marshal
		Status  string `json:"status"`
		Message string `json:"error_msg"`
	}{"error", p.message})
	return response{status: p.status, body: body}
}

// Refusals that many endpoints share.
var (
	errURL          = refuse(http.StatusBadGateway, "URL is too long")
	errNotFound     = refuse(http.StatusNotFound, "Not found.")
	errUserNotFound = refuse(http.StatusNotFound, "User not found.")
	errUnauthorized = refuse(http.StatusUnauthorized, "unauthorized")
	errForbidden    = refuse(http.StatusForbidden, "forbidden")
	errAnonymous    = refuse(http.StatusForbidden, "anonymous user is not allowed")
	errCode         = refuse(http.StatusBadRequest, "invalid code")
	errDecrypt      = refuse(http.StatusBadRequest, "encrypted data does not decrypt under the current session key")
	errSignature    = refuse(http.StatusBadRequest, "invalid signature")
	errAssociated   = refuse(http.StatusBadRequest, "already associated")
	errPhoneBound   = refuse(http.StatusBadRequest, "phone number already bound")
)
