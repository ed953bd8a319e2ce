package baastest

import (
	"net/http"
	"net/url"
	"strings"
)

// unmodelled are paths of the vendor's client and of the Open API that this package does
// not implement: decryption, QR codes, content checks, message templates, tables, files,
// deprecated endpoints. A last segment ** is any number of segments.
var unmodelled = patterns(
	"/hserve/v1/wechat/decrypt/**",
	"/hserve/v2.7/wechat/decrypt/**",
	"/hserve/v2.0/qq/decrypt/**",
	"/hserve/v2.4/miniappcode/",
	"/hserve/v2.0/idp/alipay/miniapp-qr-code/",
	"/hserve/v2.4/idp/bytedance/miniapp-qr-code/",
	"/hserve/v2.4/idp/wechat/jssdk-credentials/",
	"/hserve/v2.2/subscription-message/**",
	"/hserve/v2.0/template-message-ticket/",
	"/hserve/v2.0/template-message/**",
	"/hserve/v2.5/user-riskrank/",
	"/hserve/v2.5/private-message/",
	"/hserve/v1.7/censor-msg/",
	"/hserve/v1.7/censor-image/",
	"/hserve/v2.6/censor-image/",
	"/hserve/v2.2/async-censor/**",
	"/hserve/v2.2/qq/censor-image/",
	"/hserve/v2.2/qq/censor-msg/",
	"/hserve/v2.4/alipay/censor-msg/",
	"/hserve/v1/latest-sdk-version/",
	"/hserve/v1/cloud-function/**",
	"/hserve/v1/bulk-operation/**",

	"/oserve/v1/miniapp/user-profile/**",
	"/oserve/v1/user/info/**",
	"/oserve/*/bulk-operation/**",
	"/oserve/*/cloud-function/**",
	"/oserve/*/content/**",
	"/oserve/*/file/**",
	"/oserve/*/file-category/**",
	"/oserve/*/media/**",
	"/oserve/*/schema/**",
	"/oserve/*/table/**",
	"/oserve/*/upload/",
	"/oserve/v2.2/server/time/",
	"/oserve/v2.6/miniapp/custom-userdash/",
)

func patterns(routes ...string) []pattern {
	var out []pattern
	for _, route := range routes {
		out = append(out, parsePattern(route))
	}
	return out
}

// noRoute responds to a path without an endpoint. Examples for the Open API read a group
// without the slash at the end, with a client that follows redirects.
func noRoute(req request) (response, error) {
	slashed := url.URL{Path: req.path + "/", RawQuery: req.query}
	methods, _ := routes.find(slashed.Path)
	if req.method != http.MethodGet || methods[req.method] == nil || !strings.HasPrefix(req.path, openPrefix) {
		return response{}, notFound(req)
	}
	return response{status: http.StatusMovedPermanently, location: slashed.String()}, nil
}

// notFound refuses a path without an endpoint. The text tells a path that only this
// package does not have from one that nobody has.
func notFound(req request) *problem {
	path := req.path
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	for _, p := range unmodelled {
		if p.match(req.method, path) {
			return refuse(http.StatusNotFound, "baastest does not implement %s", req.path)
		}
	}
	return errNotFound
}
