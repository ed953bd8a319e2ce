package baastest

import (
	"net/http"
	"strings"
)

// unmodelled are paths of the vendor's client that this package does not implement:
// decryption, QR codes, content checks, message templates. A last segment ** is any
// number of segments.
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
)

func patterns(routes ...string) []pattern {
	var out []pattern
	for _, route := range routes {
		out = append(out, parsePattern(route))
	}
	return out
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
