package conformance_test

import "github.com/hydrogen-go/baas"

// missingCall is a call that our API does not have.
type missingCall struct {
	scenarios []string // patterns, as of path.Match; each must match one with the call
	call      string
	because   string
}

// leftOut lists the calls that are left out of the scenarios, with their requests.
// One that can be made fails the test: delete it.
var leftOut = []missingCall{
	{
		scenarios: []string{"*__anonymous_612"},
		call:      "user.linkThirdParty",
		because:   "web OAuth goes through a page in a browser on the phone",
	},
}

// difference is something that we do otherwise than the vendor's client, on purpose.
type difference struct {
	// scenarios are patterns, as of path.Match; each scenario that one matches must
	// differ in this. None: wherever it shows.
	scenarios []string
	differs   string
	because   string
	// edit rewrites what was recorded into what we do.
	edit func(*recording)
}

// differences lists all that differs, in the order in which the edits are made.
var differences = []difference{
	{
		differs: "the version of the client is ours",
		because: "we are not that client",
		edit:    eachRequest(setHeader("X-Hydrogen-Client-Version", baas.Version)),
	}, {
		differs: "Accept, Accept-Encoding and User-Agent are sent too",
		because: "the backend's operators can tell us apart, and answers may come compressed",
		edit: eachRequest(
			setHeader("Accept", "application/json"),
			setHeader("Accept-Encoding", "gzip"),
			setHeader("User-Agent", "hydrogen-go-baas/"+baas.Version[1:]),
		),
	}, {
		differs: "PUT is PUT, not POST with X-Hydrogen-Request-Method",
		because: "that is for phones that can send only GET and POST",
		edit:    eachRequest(realMethod),
	}, {
		differs: "before the first request for a platform's identity, requests say that they come from WEB",
		because: "a server is no phone of any platform; what a session is of, the first login or link on a platform tells",
		edit:    comesFromWeb,
	},

	// Sessions.
	{
		scenarios: []string{
			"*__logout", "*__logout_twice", "wechat__legacy_logout", "*__env_header",
			"*__get_current_user_after_logout", "*__silent_login_logout_login",
		},
		differs: "a logout returns nothing but an error, and leaves nothing behind",
		because: "the answer says nothing more; what is left of one user must not show up at the next",
		edit:    at("auth.logout", "logout")(returnsNothing, storesNothing),
	}, {
		scenarios: []string{
			"*__env_header", "*__send_sms_code_signature", "*__verify_sms_code_string", "*__request_password_reset",
		},
		differs: "what is asked of the backend without a result returns nothing but an error",
		because: "the answer says nothing more",
		edit:    at("sendSmsCode", "verifySmsCode", "auth.requestPasswordReset")(returnsNothing),
	}, {
		scenarios: []string{"*__logout_twice"},
		differs:   "logging out without a session sends nothing",
		because:   "there is nothing to destroy",
		edit:      secondLogoutSendsNothing,
	}, {
		scenarios: []string{"*__auto_login_expired_session"},
		differs:   "an expired token is not sent with the login that replaces it",
		because:   "it proves nothing any more, and a secret goes out only where it is of use",
		edit:      expiredTokenStays,
	}, {
		scenarios: []string{"*__account_login_string_user_id"},
		differs:   "an id that comes as a string is kept as the number it is",
		because:   "ids are numbers everywhere else",
		edit:      at("auth.login")(storesNumericID),
	}, {
		scenarios: []string{"alipay__link_idp_session"},
		differs:   "a link leaves the id of the login in the session",
		because:   "the vendor's client forgets the id of Alipay's user where the response to a link does not repeat it",
		edit:      keepsAlipayID,
	}, {
		scenarios: []string{"*__phone_login_denied_logged_in"},
		differs:   "a refusal that comes with a code exchanges it, also where a session is live",
		because:   "the session may be another user's: the ids of the error are those of the code's owner",
		edit:      refusalExchangesCode,
	}, {
		scenarios: []string{"*__update_phone_not_logged_in_401", "*__update_phone_not_logged_in_403"},
		differs:   "a call that needs a session and finds none is 604 on every platform, and sends nothing",
		because:   "nothing of the user's data has to travel to find that out",
		edit:      at("auth.updatePhoneNumber")(sendsNothing, failsWith(604, "session missing")),
	},

	// Errors.
	{
		scenarios: []string{"*__init_missing"},
		differs:   "602 says what is missing",
		because:   "the reader of a server's log should not have to guess",
		edit:      at("auth.login")(failsWith(602, "uninitialized: no client id")),
	}, {
		scenarios: []string{
			"kuaishou__link_400", "kuaishou__auto_login_off_401_no_resend", "kuaishou__auto_login_403_no_resend",
			"jingdong__link_400", "jingdong__auto_login_off_401_no_resend", "jingdong__auto_login_403_no_resend",
		},
		differs: "the status of every answer is checked",
		because: "the clients of Kuaishou and JD take a refusal for success: one mapping for all platforms",
		edit:    at("user.linkKs", "user.linkJd", "getServerDate")(statusCounts),
	}, {
		scenarios: []string{"kuaishou__auto_login_401_resend", "jingdong__auto_login_401_resend", "alipay__auto_login_401_resend"},
		differs:   "on a 401 the client with a code source logs in and sends the request again",
		because:   "so it is documented, and so the other platforms' clients do",
		edit:      resends,
	}, {
		scenarios: []string{"*__error_402_no_message"},
		differs:   "a 402 without a text is \"payment required\"",
		because:   "so the documentation explains it; the vendor's client says \"unknown error\"",
		edit:      paymentRequired,
	}, {
		scenarios: []string{"*__account_login_user_detail_500"},
		differs:   "a read that is answered 5xx is tried three times",
		because:   "reads can be repeated, and most such answers pass",
		edit:      readsThrice,
	}, {
		scenarios: []string{"*__update_phone_overwrite_false_400", "alipay__auto_login_off_401_no_resend"},
		differs:   "the backend's text is kept",
		because:   "the vendor's client drops it in this call, and on Alipay for a 401",
		edit:      at("auth.updatePhoneNumber", "getServerDate")(statusCounts),
	}, {
		scenarios: []string{"bytedance__forced_login_denied_logged_in", "bytedance__forced_login_denied_logged_out"},
		differs:   "a refusal is 603, with the ids of the session",
		because:   "so it is documented; the vendor's client passes on the phone's own object",
		edit:      refusalIsUnauthorized,
	},

	// Results.
	{
		scenarios: []string{
			"alipay__link_silent", "alipay__link_idp_session", "alipay__link_user_info_sync_overwrite",
			"alipay__auto_login_logged_out", "alipay__auto_login_expired_session",
		},
		differs: "an answer has its status once",
		because: "the Alipay client gives it twice, as status and as statusCode",
		edit:    at("user.linkAlipay", "getServerDate")(hasOneStatus),
	}, {
		scenarios: []string{
			"*__set_username", "*__set_email", "*__set_email_send_verification", "*__set_mobile_phone",
			"*__set_account_password_first", "*__env_header",
		},
		differs: "the few fields of the answer are merged into the user",
		because: "the vendor's client forgets all others",
		edit:    at("user.setUsername", "user.setEmail", "user.setMobilePhone", "user.setAccount")(mergesAnswer),
	}, {
		scenarios: []string{"*__verify_mobile_phone"},
		differs:   "a number that was verified is so in the user too",
		because:   "the vendor's client leaves the user as it was",
		edit:      at("user.verifyMobilePhone")(phoneIsVerified),
	}, {
		scenarios: []string{"*__user_detail_by_id"},
		differs:   "reading a user returns the user, not the answer",
		because:   "its fields are typed",
		edit:      at("new User().get")(returnsData),
	}, {
		scenarios: []string{"*__set_email_send_verification"},
		differs:   "the request for the verification mail is part of the call",
		because:   "the vendor's client does not wait for it, and loses its failure",
		edit:      awaitsLast,
	}, {
		scenarios: []string{"*__user_set_update", "*__user_set_object_update", "*__user_increment_append_update"},
		differs:   "an update takes the answer over into the user",
		because:   "the vendor's client leaves the user as it was and returns the answer",
		edit:      at("user.update")(answerIsUser),
	}, {
		scenarios: []string{"*__update_phone_default", "wechat__update_phone_lib_2_21_1", "wechat__update_user_info", "wechat__update_user_info_lib_2_15_0"},
		differs:   "the user that an update returns knows when the session ends",
		because:   "it is known",
		edit:      at("auth.updatePhoneNumber", "auth.updateUserInfo")(knowsSessionEnd),
	}, {
		scenarios: []string{"wechat__legacy_handle_user_info_lib_old"},
		differs:   "handleUserInfo makes one request, and returns the documented fields",
		because:   "the login's answer has the user already",
		edit:      at("handleUserInfo")(returnsUserInfo),
	}, {
		scenarios: []string{"*__custom_request_header"},
		differs:   "headers that the SDK sets itself cannot be given: 605; without them the request is made",
		because:   "no caller can send another user's token by accident; the vendor's client lets Authorization pass",
		edit:      forgedHeadersFail,
	},
}
