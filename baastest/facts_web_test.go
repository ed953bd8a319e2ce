package baastest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/baastest"
)

// webProviders are the providers of web logins, with their keys of _provider.
var webProviders = map[string]string{
	baastest.WeChatWeb: "oauth_wechat_web", baastest.WeChatMP: "oauth_wechat_mp", baastest.Weibo: "oauth_weibo",
}

const callback = "https://app.example/back?handler=login&mode=redirect"

// redirect begins a web login and returns the redirect URL.
func (c *client) redirect(provider string, more m) string {
	c.t.Helper()
	body := merge(m{"callback_url": callback}, more)
	return c.ok(200, c.post("v2.0/idp/"+provider+"/redirect/", body)).body["redirect_url"].(string)
}

// webLogin logs a person in on the provider's page.
func webLogin(c *client, p *baastest.Phone, more m) reply {
	c.t.Helper()
	body := merge(m{"auth_token": p.Login(), "create_user": true, "update_userprofile": "setnx"}, more)
	return c.post("v2.0/idp/"+p.Platform()+"/authenticate/", body)
}

func webLink(c *client, p *baastest.Phone) reply {
	c.t.Helper()
	return c.post("v2.0/idp/"+p.Platform()+"/user-association/", m{"auth_token": p.Login(), "update_userprofile": "setnx"})
}

// eachWebProvider runs a test for each provider, with a person there.
func eachWebProvider(t *testing.T, test func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client)) {
	t.Helper()
	for provider := range webProviders {
		t.Run(provider, func(t *testing.T) {
			b := newBackend()
			p, err := b.Phone(provider, "o")
			require.NoError(t, err)
			test(t, b, p, newClient(t, b, ""))
		})
	}
}

var webFacts = []fact{
	{
		"web-redirect", "C", "A web login begins with POST v2.0/idp/{provider}/redirect/ of callback_url, which responds 200 with status ok and redirect_url. The providers are oauth-wechat-web, oauth-wechat-mp and oauth-weibo.",
		"hydrogen-js-sdk sdk-file/src/web/auth.js; js-sdk/web/signin-signout.md",
		func(t *testing.T) {
			eachWebProvider(t, func(t *testing.T, _ *baastest.Backend, p *baastest.Phone, c *client) {
				r := c.ok(200, c.post("v2.0/idp/"+p.Platform()+"/redirect/", m{"callback_url": callback}))
				require.Equal(t, []string{"redirect_url", "status"}, names(r.body))
				require.Equal(t, "ok", r.body["status"])
				require.Regexp(t, `^https://backend\.invalid/.*\?state=\w{26}$`, r.body["redirect_url"])
			})
		},
	}, {
		"web-hop", "D", "The provider sends the browser to the backend, whose domain is registered with the provider, and the backend sends it to callback_url.",
		"js-sdk/web/third-party-auth-config.md with its images weixin_web_domain.png, weixin_mp_domain.png, weibo_domain.png",
		func(t *testing.T) {
			eachWebProvider(t, func(t *testing.T, _ *baastest.Backend, p *baastest.Phone, c *client) {
				w := newBrowser(t, c)
				hop := w.agree(c.redirect(p.Platform(), nil), "o")
				require.Regexp(t, `^/web-login/`+p.Platform()+`/callback/\?code=\w+&state=\w+$`, hop)
				require.Regexp(t, `^https://app\.example/`, w.follow(hop))
			})
		},
	}, {
		"web-callback", "C", "The browser comes to callback_url with its query kept and token added.",
		"hydrogen-js-sdk sdk-file/src/web/auth.js, windowManager/composeUrl.js",
		func(t *testing.T) {
			eachWebProvider(t, func(t *testing.T, _ *baastest.Backend, p *baastest.Phone, c *client) {
				got, err := p.AllowWebLogin(c.redirect(p.Platform(), nil))
				require.NoError(t, err)
				require.Regexp(t, `^https://app\.example/back\?handler=login&mode=redirect&token=\w{26}$`, got)
				got, err = p.AllowWebLogin(c.redirect(p.Platform(), m{"callback_url": "http://localhost:8080/back"}))
				require.NoError(t, err)
				require.Regexp(t, `^http://localhost:8080/back\?token=\w{26}$`, got)
			})
		},
	}, {
		"web-login-response", "C", "A web login responds with user_id, token and expires_in; the client reads the user with a second request.",
		"hydrogen-js-sdk sdk-file/src/web/auth.js, polyfill.js handleLoginSuccess",
		func(t *testing.T) {
			eachWebProvider(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
				r := c.ok(201, webLogin(c, p, nil))
				require.Equal(t, []string{"expires_in", "token", "user_id"}, names(r.body))
				u, ok := b.UserOf(p)
				require.True(t, ok)
				require.EqualValues(t, u.ID, r.body["user_id"])
			})
		},
	}, {
		"web-silent-response", "C", "A silent web login, POST v2.5/idp/oauth-wechat-mp/silent-login/, responds with user_info, as those of mini-programs.",
		"hydrogen-js-sdk sdk-file/src/web/auth.js; js-sdk/web/signin-signout.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, "")
			r := c.ok(201, c.post(silentWebLogin, m{"auth_token": b.WeChatMP("o").Login(), "create_user": true}))
			require.Equal(t, []string{"expires_in", "token", "user_info"}, names(r.body))
			require.Equal(t, "o", r.body["user_info"].(m)["openid"])
		},
	}, {
		"web-provider-keys", "D", "The keys of _provider of web logins are oauth_wechat_web, oauth_wechat_mp and oauth_weibo. Their entries have openid, and on WeChat unionid where there is one.",
		"cloud-function/node-sdk/user.md",
		func(t *testing.T) {
			eachWebProvider(t, func(t *testing.T, _ *baastest.Backend, p *baastest.Phone, c *client) {
				entry := c.webUser(c.ok(201, webLogin(c, p.SetUnionID("u"), nil)))["_provider"].(m)[webProviders[p.Platform()]].(m)
				require.Equal(t, "o", entry["openid"])
				if p.Platform() == baastest.Weibo {
					require.NotContains(t, entry, "unionid")
				} else {
					require.Equal(t, "u", entry["unionid"])
				}
			})
		},
	}, {
		"web-unionid", "D", "A web login at WeChat finds the user by _provider.wechat_unionid, and sets it. So a mini-program's login by unionid and a web login are one user's.",
		"js-sdk/wechat/unionid-login.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			first := byUnionID(c, b.WeChat("o-1").SetUnionID("u"), true).body["user_info"].(m)["id"]
			c.token = ""
			require.Equal(t, first, c.ok(201, webLogin(c, b.WeChatWeb("o-2").SetUnionID("u"), nil)).body["user_id"])
			require.Equal(t, first, c.ok(201, webLogin(c, b.WeChatMP("o-3").SetUnionID("u"), m{"create_user": false})).body["user_id"])

			c.token = ""
			second := c.ok(201, webLogin(c, b.WeChatWeb("o-4").SetUnionID("v"), nil)).body["user_id"]
			require.Equal(t, second, byUnionID(c, b.WeChat("o-5").SetUnionID("v"), false).body["user_info"].(m)["id"])
		},
	}, {
		"web-other-openid", "D", "Without a unionid, a web login and a mini-program's login of one person are two users, until one links the other.",
		"js-sdk/wechat/unionid-login.md; js-sdk/web/signin-signout.md",
		func(t *testing.T) {
			b := newBackend()
			c := newClient(t, b, baastest.WeChat)
			mini := c.silent(b.WeChat("o-1")).body["user_info"].(m)["id"]
			require.NotEqual(t, mini, c.ok(201, webLogin(c, b.WeChatWeb("o-2"), nil)).body["user_id"])
			c.silent(b.WeChat("o-1"))
			c.ok(200, webLink(c, b.WeChatMP("o-3")))
			require.Equal(t, mini, c.ok(201, webLogin(c, b.WeChatMP("o-3"), m{"create_user": false})).body["user_id"])
		},
	},
}

const silentWebLogin = "v2.5/idp/oauth-wechat-mp/silent-login/"

// webGuesses are what no source says of web logins.
var webGuesses = []fact{
	guess("web-page", "The provider's page is this package's own: a person of the backend, or a new one, agrees or refuses there. So are the paths of the page and of the hop. A web login can go on for ten minutes, and ends at the callback.", func(t *testing.T) {
		eachWebProvider(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
			w := newBrowser(t, c)
			page := c.redirect(p.Platform(), nil)
			b.Clock().Advance(10*time.Minute - time.Second)
			require.Equal(t, 200, w.open(page).status)
			hop := w.agree(page, "somebody new")
			w.follow(hop)
			for _, ended := range []string{page, hop} {
				r := w.open(ended)
				require.Equal(t, 400, r.status)
				require.Contains(t, r.raw, "This login has ended.")
			}
			page = c.redirect(p.Platform(), nil)
			b.Clock().Advance(10 * time.Minute)
			require.Equal(t, 400, w.open(page).status)
			_, err := p.AllowWebLogin(page)
			require.ErrorContains(t, err, "has ended")
		})
	}),
	guess("web-refusal", "After a refusal the browser comes to callback_url as it was, without a token. Responses.RefusalWithError adds error=access_denied.", func(t *testing.T) {
		for withError, want := range map[bool]string{false: callback, true: callback + "&error=access_denied"} {
			b := responses(baastest.Responses{RefusalWithError: withError})
			c := newClient(t, b, "")
			got, err := b.Weibo("o").RefuseWebLogin(c.redirect(baastest.Weibo, nil))
			require.NoError(t, err)
			require.Equal(t, want, got)
			w := newBrowser(t, c)
			require.Equal(t, want, w.follow(w.refuse(c.redirect(baastest.Weibo, nil))))
		}
	}),
	guess("web-callback-url", "Every http or https URL is taken as callback_url, another one is 400. WithSafeDomains makes one of another origin 400 too.", func(t *testing.T) {
		c := newClient(t, newBackend(), "")
		for _, url := range []string{"/back", "javascript:alert(1)", "https:///", "https://ann:secret@app.example/", "https://app.example/\n"} {
			c.refused(400, "callback_url is not an http or https URL", c.post("v2.0/idp/oauth-weibo/redirect/", m{"callback_url": url}))
		}
		c = newClient(t, newBackend(baastest.WithSafeDomains("https://App.example:443/", "http://localhost:8080")), "")
		for url, safe := range map[string]bool{
			"https://app.example/back": true, "https://app.example:443": true, "HTTPS://APP.EXAMPLE/": true, "http://localhost:8080/?a=b": true,
			"http://app.example/": false, "https://app.example:8443/": false, "https://app.example.evil.example/": false,
			"https://evil.example/?https://app.example/": false, "http://localhost/": false,
		} {
			r := c.post("v2.0/idp/oauth-weibo/redirect/", m{"callback_url": url})
			if safe {
				c.ok(200, r)
			} else {
				c.refused(400, "callback_url is of no safe domain", r)
			}
		}
		c = newClient(t, newBackend(baastest.WithSafeDomains()), "")
		c.refused(400, "safe domain", c.post("v2.0/idp/oauth-weibo/redirect/", m{"callback_url": callback}))
	}),
	guess("web-auth-token", "An auth_token is good once, for five minutes or WithAuthTokenLife, at its own provider, and is spent even if the login or the link fails. A login is 201 and a link 200.", func(t *testing.T) {
		eachWebProvider(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
			other, err := b.Phone(map[bool]string{true: baastest.WeChatWeb, false: baastest.Weibo}[p.Platform() == baastest.Weibo], "o")
			require.NoError(t, err)
			b.Clock().Advance(time.Hour)
			for _, again := range []m{{"auth_token": p.Login(), "create_user": false}, {"auth_token": p.Login()}} {
				if again["create_user"] == nil {
					c.ok(201, webLogin(c, p, again))
				} else {
					c.refused(404, "User not found.", webLogin(c, p, again))
				}
				c.refused(400, "invalid auth_token", webLogin(c, p, again))
			}
			c.refused(400, "invalid auth_token", webLogin(c, p, m{"auth_token": other.Login()}))
			c.refused(400, "invalid auth_token", webLogin(c, p, m{"auth_token": "made-up"}))
			token := p.Login()
			b.Clock().Advance(5 * time.Minute)
			c.refused(400, "invalid auth_token", webLogin(c, p, m{"auth_token": token}))
		})
		b := newBackend(baastest.WithAuthTokenLife(2 * time.Second))
		c := newClient(t, b, "")
		token := b.Weibo("o").Login()
		b.Clock().Advance(time.Second)
		c.ok(201, webLogin(c, b.Weibo("o"), m{"auth_token": token}))
		token = b.Weibo("o").Login()
		b.Clock().Advance(2 * time.Second)
		c.refused(400, "invalid auth_token", webLogin(c, b.Weibo("o"), m{"auth_token": token}))
	}),
	guess("web-user-info", "A person who agreed shares user info, which update_userprofile syncs as for mini-programs.", func(t *testing.T) {
		eachWebProvider(t, func(t *testing.T, _ *baastest.Backend, p *baastest.Phone, c *client) {
			for _, tt := range [][3]string{{"Ann", "false", ""}, {"Ann", "setnx", "Ann"}, {"Bob", "setnx", "Ann"}, {"Bob", "overwrite", "Bob"}} {
				r := c.ok(201, webLogin(c, p.SetProfile(baastest.Profile{NickName: tt[0]}), m{"update_userprofile": tt[1]}))
				nickname, _ := c.webUser(r)["nickname"].(string)
				require.Equal(t, tt[2], nickname, tt)
			}
		})
	}),
	guess("web-silent", "With silent_login nobody is asked who agreed before in that browser; others see the page. The auth_token of a silent login tells who the person is and no user info, whichever call takes it. Other providers than oauth-wechat-mp refuse silent_login with 400.", func(t *testing.T) {
		b := newBackend()
		b.WeChatMP("o").SetProfile(baastest.Profile{NickName: "Ann"})
		c := newClient(t, b, "")
		w := newBrowser(t, c)
		silent := m{"silent_login": true}
		require.Equal(t, 200, w.open(c.redirect(baastest.WeChatMP, silent)).status, "nobody knows who it is")
		w.follow(w.agree(c.redirect(baastest.WeChatMP, silent), "o"))
		require.Equal(t, 200, w.open(c.redirect(baastest.WeChatMP, silent)).status, "a silent login is no agreement")
		w.follow(w.agree(c.redirect(baastest.WeChatMP, nil), "o"))
		require.Equal(t, 200, w.open(c.redirect(baastest.WeChatMP, nil)).status, "only a silent login asks nobody")
		r := w.open(c.redirect(baastest.WeChatMP, silent))
		require.Equal(t, 302, r.status)
		token := tokenIn(t, w.follow(r.header.Get("Location")))
		require.NotContains(t, c.webUser(c.ok(201, webLogin(c, b.WeChatMP("o"), m{"auth_token": token}))), "nickname")

		for _, provider := range []string{baastest.WeChatWeb, baastest.Weibo} {
			c.refused(400, "no silent login", c.post("v2.0/idp/"+provider+"/redirect/", m{"callback_url": callback, "silent_login": true}))
			c.ok(200, c.post("v2.0/idp/"+provider+"/redirect/", m{"callback_url": callback, "silent_login": false}))
		}
	}),
	guess("web-link-response", "A web link responds as that of a mini-program does. Where the identity is another user's, or the user has another one of that provider, it is 400. It sets no _provider.wechat_unionid.", func(t *testing.T) {
		eachWebProvider(t, func(t *testing.T, b *baastest.Backend, p *baastest.Phone, c *client) {
			id := c.register("Ann")
			r := c.ok(200, webLink(c, p.SetUnionID("u")))
			require.Equal(t, m{"message": "User associated.", "openid": "o", "status": "ok", "user_id": float64(id)}, r.body)
			require.NotContains(t, c.self(id)["_provider"], "wechat_unionid")
			c.ok(200, webLink(c, p))
			second, err := b.Phone(p.Platform(), "o-2")
			require.NoError(t, err)
			c.refused(400, "already associated", webLink(c, second))
			c.register("Bob")
			c.refused(400, "already associated", webLink(c, p))
		})
	}),
}
