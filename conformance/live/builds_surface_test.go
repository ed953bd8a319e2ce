package live_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// requireAllCalled asserts that every function of each build is called in a scenario or
// left out for a reason.
func requireAllCalled(t *testing.T, functions, called map[build][]string) {
	t.Helper()
	unknown := map[string]bool{}
	for name := range leftOut {
		unknown[name] = true
	}
	for _, kind := range []build{wechat, web} {
		require.NotEmpty(t, functions[kind])
		for _, name := range functions[kind] {
			entry := name
			if own := fmt.Sprintf("%s (%s)", name, kind); leftOut[own] != "" {
				entry = own
			}
			delete(unknown, entry)
			if slices.Contains(called[kind], name) {
				assert.Empty(t, leftOut[entry], "%s: %s is called, but listed as left out", kind, name)
			} else {
				assert.NotEmpty(t, leftOut[entry], "%s: %s is not called", kind, name)
			}
		}
	}
	assert.Empty(t, unknown, "left out, but in no build")
}

// Why functions are left out.
const (
	webLogin     = "leaves the page: see TestVendorsWebLogins"
	otherArea    = "no users: tables, contents, files, payments, messages, checks of texts and pictures, cloud functions"
	ofPlugins    = "for plugins of the client: it sends nothing"
	places       = "a query for users names id and nickname, which are no places"
	ofTheVersion = "asks for the client's newest version"
)

// leftOut are the functions that no scenario calls, with the reason. If a function is
// left out of one build only, that is in parentheses.
var leftOut = map[string]string{
	"auth.loginWithThirdParty":         webLogin,
	"CurrentUser.linkThirdParty (web)": webLogin,
	"auth.thirdPartyAuth":              webLogin,

	"use":                       ofPlugins,
	"CurrentUser.initAttribute": ofPlugins,
	"checkVersion":              ofTheVersion,

	"Query.include":      places,
	"Query.within":       places,
	"Query.withinCircle": places,
	"Query.withinRegion": places,
	"GeoPoint":           places,
	"GeoPolygon":         places,

	"censorAsync":                otherArea,
	"ContentGroup":               otherArea,
	"createRecord":               otherArea,
	"createRecordList":           otherArea,
	"deleteFile":                 otherArea,
	"deleteFiles":                otherArea,
	"deleteRecord":               otherArea,
	"deleteRecordList":           otherArea,
	"ErrorTracker.enable":        otherArea,
	"ErrorTracker.metaData":      otherArea,
	"ErrorTracker.track":         otherArea,
	"File":                       otherArea,
	"FileCategory":               otherArea,
	"getAsyncJobResult":          otherArea,
	"getCensorResult":            otherArea,
	"getContent":                 otherArea,
	"getContentCategory":         otherArea,
	"getContentCategoryList":     otherArea,
	"getContentGroup":            otherArea,
	"getContentGroupList":        otherArea,
	"getContentList":             otherArea,
	"getContentListV2":           otherArea,
	"getFileCategoryDetail":      otherArea,
	"getFileCategoryList":        otherArea,
	"getFileDetail":              otherArea,
	"getFileList":                otherArea,
	"getOrderList":               otherArea,
	"getRecord":                  otherArea,
	"getRecordList":              otherArea,
	"getTable":                   otherArea,
	"getTableList":               otherArea,
	"getWechatJSSDKCredentials":  otherArea,
	"getWXACode":                 otherArea,
	"invoke":                     otherArea,
	"invokeFunction":             otherArea,
	"multipartUploadFile":        otherArea,
	"Order":                      otherArea,
	"order":                      otherArea,
	"pay":                        otherArea,
	"payment.payWithAlipay":      otherArea,
	"payment.payWithQQ":          otherArea,
	"payment.payWithWechat":      otherArea,
	"queryRecordList":            otherArea,
	"reportTemplateMsgAnalytics": otherArea,
	"subscribeMessage":           otherArea,
	"TableObject":                otherArea,
	"updateRecord":               otherArea,
	"updateRecordList":           otherArea,
	"uploadFile":                 otherArea,
	"wxCensorImage":              otherArea,
	"wxCensorText":               otherArea,
	"wxCreateActivityID":         otherArea,
	"wxGetUserRiskRank":          otherArea,
	"wxReportTicket":             otherArea,
}
