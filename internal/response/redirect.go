package response

import (
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
)

// ParseRedirect parses the response to the beginning of a web login, {"status": "ok",
// "redirect_url"}. The error is 614 for another status, as in the vendor's client, and
// 690 if there is no URL to which a browser could go.
func ParseRedirect(body string) (redirectURL string, err error) {
	fields, err := Object(body, "redirect response")
	if err != nil {
		return "", err
	}
	if Str(fields.Get("status")) != "ok" {
		return "", herror.New(herror.ThirdPartyAuthFailed, "the status of the response is not ok").WithSent(true)
	}
	redirectURL = Str(fields.Get("redirect_url"))
	if _, err := check.WebURL("redirect_url", redirectURL); err != nil {
		return "", herror.New(herror.InvalidResponse, "redirect_url is not an absolute http or https URL").WithSent(true)
	}
	return redirectURL, nil
}
