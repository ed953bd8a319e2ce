package conformance_test

import "github.com/hydrogen-go/baas"

// difference is a deliberate difference between our client and the vendor's.
type difference struct {
	// scenarios are patterns of path.Match. Every scenario that matches one must have
	// the difference. Without a pattern, at least one scenario must have it.
	scenarios []string
	differs   string
	because   string
	// edit changes a recording into what our client does.
	edit func(*recording)
}

// differences lists every difference that a recording shows, in the order of the edits.
// docs/differences.md has all of them, and those that no recording shows.
var differences = []difference{
	{
		differs: "the version of the client is ours",
		because: "we are not that client",
		edit:    eachRequest(setHeader("X-Hydrogen-Client-Version", baas.Version)),
	}, {
		differs: "Accept, Accept-Encoding and User-Agent are sent too",
		because: "the backend's operators can recognize our client, and responses may be compressed",
		edit: eachRequest(
			setHeader("Accept", "application/json"),
			setHeader("Accept-Encoding", "gzip"),
			setHeader("User-Agent", "hydrogen-go-baas/"+baas.Version[1:]),
		),
	}, {
		differs: "PUT is PUT, not POST with X-Hydrogen-Request-Method",
		because: "the header is for phones that can send only GET and POST",
		edit:    eachRequest(realMethod),
	}, {
		differs: "before the first request for a platform's identity, requests say that they come from WEB",
		because: "a server is not a phone; the platform of a session is known after the first login or link",
		edit:    comesFromWeb,
	},

	// Sessions.
	{
		scenarios: []string{
			"*__logout", "*__logout_twice", "wechat__legacy_logout", "*__env_header",
			"*__get_current_user_after_logout", "*__silent_login_logout_login",
		},
		differs: "a logout returns only an error, and removes the whole session",
		because: "the response contains no result; no data of one user may reach the next",
		edit:    at("auth.logout", "logout")(returnsNothing, storesNothing),
	}, {
		scenarios: []string{
			"*__env_header", "*__send_sms_code_signature", "*__verify_sms_code_string", "*__request_password_reset",
		},
		differs: "a call without a result returns only an error",
		because: "the response contains no result",
		edit:    at("sendSmsCode", "verifySmsCode", "auth.requestPasswordReset")(returnsNothing),
	}, {
		scenarios: []string{"*__logout_twice"},
		differs:   "logging out without a session sends nothing",
		because:   "there is no session to destroy",
		edit:      secondLogoutSendsNothing,
	}, {
		scenarios: []string{"*__auto_login_expired_session"},
		differs:   "an expired token is not sent with the login that replaces it",
		because:   "it is no longer valid, and a secret is sent only when it is needed",
		edit:      expiredTokenStays,
	}, {
		scenarios: []string{"*__account_login_string_user_id"},
		differs:   "an id that is a string in the response is stored as a number",
		because:   "ids are numbers everywhere else",
		edit:      at("auth.login")(storesNumericID),
	}, {
		scenarios: []string{"alipay__link_idp_session"},
		differs:   "after a link, the session still has the openid of the login",
		because:   "the vendor's client removes the id of Alipay's user if the response to a link does not contain it",
		edit:      keepsAlipayID,
	}, {
		scenarios: []string{"*__phone_login_denied_logged_in"},
		differs:   "a refusal with a code exchanges the code, even if there is a session",
		because:   "the session may be another user's; the error must have the ids of the code's owner",
		edit:      refusalExchangesCode,
	}, {
		scenarios: []string{"*__update_phone_not_logged_in_401", "*__update_phone_not_logged_in_403"},
		differs:   "a call that needs a session and has none fails with 604 on every platform, and sends nothing",
		because:   "the user's data is not needed to find that out",
		edit:      at("auth.updatePhoneNumber")(sendsNothing, failsWith(604, "session missing")),
	},

	// Errors.
	{
		scenarios: []string{"*__init_missing"},
		differs:   "the text of 602 names what is missing",
		because:   "it is read in a server's log",
		edit:      at("auth.login")(failsWith(602, "uninitialized: no client id")),
	}, {
		scenarios: []string{
			"kuaishou__link_400", "kuaishou__auto_login_off_401_no_resend", "kuaishou__auto_login_403_no_resend",
			"jingdong__link_400", "jingdong__auto_login_off_401_no_resend", "jingdong__auto_login_403_no_resend",
		},
		differs: "the status of every response is checked",
		because: "the clients of Kuaishou and JD treat an error as success; we use one mapping for all platforms",
		edit:    at("user.linkKs", "user.linkJd", "getServerDate")(statusCounts),
	}, {
		scenarios: []string{"kuaishou__auto_login_401_resend", "jingdong__auto_login_401_resend", "alipay__auto_login_401_resend"},
		differs:   "on a 401 the client with a code source logs in and sends the request again",
		because:   "it is documented, and the clients of the other platforms do it",
		edit:      resends,
	}, {
		scenarios: []string{"*__error_402_no_message"},
		differs:   "a 402 without a text is \"payment required\"",
		because:   "it is the documented meaning of 402; the vendor's client says \"unknown error\"",
		edit:      paymentRequired,
	}, {
		scenarios: []string{"*__account_login_user_detail_500"},
		differs:   "a read with a 5xx response is sent three times",
		because:   "reads can be repeated, and most such errors are temporary",
		edit:      readsThrice,
	}, {
		scenarios: []string{"*__update_phone_overwrite_false_400", "alipay__auto_login_off_401_no_resend"},
		differs:   "the error has the backend's text",
		because:   "the vendor's client removes it in this call, and on Alipay for a 401",
		edit:      at("auth.updatePhoneNumber", "getServerDate")(statusCounts),
	}, {
		scenarios: []string{"bytedance__forced_login_denied_logged_in", "bytedance__forced_login_denied_logged_out"},
		differs:   "a refusal is 603, with the ids of the session",
		because:   "it is documented; the vendor's client returns the phone's own object",
		edit:      refusalIsUnauthorized,
	},

	// Results.
	{
		scenarios: []string{
			"alipay__link_silent", "alipay__link_idp_session", "alipay__link_user_info_sync_overwrite",
			"alipay__auto_login_logged_out", "alipay__auto_login_expired_session",
		},
		differs: "a response has one status",
		because: "the Alipay client returns it twice, as status and as statusCode",
		edit:    at("user.linkAlipay", "getServerDate")(hasOneStatus),
	}, {
		scenarios: []string{
			"*__set_username", "*__set_email", "*__set_email_send_verification", "*__set_mobile_phone",
			"*__set_account_password_first", "*__env_header",
		},
		differs: "the few fields of the response are merged into the user",
		because: "the vendor's client removes all other fields",
		edit:    at("user.setUsername", "user.setEmail", "user.setMobilePhone", "user.setAccount")(mergesResponse),
	}, {
		scenarios: []string{"*__verify_mobile_phone"},
		differs:   "after a phone number is verified, the user's field says so",
		because:   "the vendor's client does not change the user",
		edit:      at("user.verifyMobilePhone")(phoneIsVerified),
	}, {
		scenarios: []string{"*__user_detail_by_id"},
		differs:   "reading a user returns the user, not the response",
		because:   "its fields are typed",
		edit:      at("new User().get")(returnsData),
	}, {
		scenarios: []string{"*__set_email_send_verification"},
		differs:   "the call waits for the request for the verification mail",
		because:   "the vendor's client does not wait for it, and ignores its error",
		edit:      awaitsLast,
	}, {
		scenarios: []string{"*__user_set_update", "*__user_set_object_update", "*__user_increment_append_update"},
		differs:   "an update merges the response into the user",
		because:   "the vendor's client does not change the user, and returns the response",
		edit:      at("user.update")(responseIsUser),
	}, {
		scenarios: []string{"*__update_phone_default", "wechat__update_phone_lib_2_21_1", "wechat__update_user_info", "wechat__update_user_info_lib_2_15_0"},
		differs:   "the user that an update returns has the expiry of the session",
		because:   "the expiry is known",
		edit:      at("auth.updatePhoneNumber", "auth.updateUserInfo")(knowsSessionEnd),
	}, {
		scenarios: []string{"wechat__legacy_handle_user_info_lib_old"},
		differs:   "handleUserInfo makes one request, and returns the documented fields",
		because:   "the response to the login already has the user",
		edit:      at("handleUserInfo")(returnsUserInfo),
	}, {
		scenarios: []string{"*__custom_request_header"},
		differs:   "a request with a header that the SDK sets fails with 605; without it the request is sent",
		because:   "no caller can send another user's token by mistake; the vendor's client accepts Authorization",
		edit:      forgedHeadersFail,
	},
}
