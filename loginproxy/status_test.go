package loginproxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// responds has the backend respond with a status and a body, whatever is asked.
func (w *world) responds(status int, body string, header http.Header) {
	w.reply = func(r *http.Request) *http.Response {
		h := header.Clone()
		if h == nil {
			h = http.Header{"Content-Type": {"application/json"}}
		}
		return &http.Response{
			StatusCode: status, Request: r, Header: h, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
		}
	}
}

// A status of the backend that is no final status of HTTP is 502. net/http panics for a
// status under 100, and would wait for another response after 101.
func TestImpossibleStatus(t *testing.T) {
	for _, status := range []int{-1, 0, 1, 99, 100, 101, 103, 199, 600, 601, 999, 1000} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			w := newWorld(t)
			id := w.vendorLogin(w.Kuaishou("openid-1"), "")
			out := w.vendorLogin(w.Kuaishou("openid-1"), "")
			w.responds(status, `{}`, nil)
			w.observed()
			w.vendor("GET", me, id, nil).requireError(t, http.StatusBadGateway, "invalid response")
			w.vendor("POST", silentPath, "", m{"code": "c"}).requireError(t, http.StatusBadGateway, "invalid response")
			w.vendor("POST", silentPath, id, m{"code": "c"}).requireError(t, http.StatusBadGateway, "invalid response")
			for _, e := range w.observed() {
				require.EqualValues(t, 690, e.Code)
				require.Equal(t, http.StatusBadGateway, e.Status)
			}
			require.Equal(t, http.StatusCreated, w.vendor("POST", destroyPath, out, m{}).status, "a logout succeeds all the same")

			if status < 600 { // the SDK takes others for its own codes
				require.Equal(t, 5, w.post("/login/ks", "", m{"code": "c"}).status/100)
				require.Equal(t, 5, w.me(id).status/100)
			}
			w.reply = nil
			require.Equal(t, http.StatusOK, w.vendor("GET", me, id, nil).status, "the session lives on")
		})
	}
}
