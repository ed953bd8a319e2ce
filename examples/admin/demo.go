package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
)

// demoUsers is how many users the double has beside Ann's two accounts.
const demoUsers = 3000

// Ann's ids on the platforms, and the custom fields of the app.
const (
	annUnionID  = "unionid-ann"
	annWeChat   = "wx-ann"
	annKuaishou = "ks-ann"
	annUsername = "ann"
)

var demoFields = []string{"level", "coupons"}

// demo does all tasks on a double of the backend.
func demo(ctx context.Context, c config, out, progress io.Writer) error {
	backend, err := newBackend()
	if err != nil {
		return err
	}
	defer backend.Close()
	client, err := admin.New(backend.ClientID(), backend.ClientSecret(), admin.WithHTTPClient(&http.Client{Transport: backend.Transport()}))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "A double of the backend in this process has %d users.\n", len(backend.Users()))
	t := &tool{client: client, out: out, progress: progress, write: true}
	if err := t.withoutPhone(ctx); err != nil {
		return err
	}
	id, err := t.merge(ctx, annUnionID, demoFields)
	if err != nil {
		return err
	}
	if err := t.linkKuaishou(ctx, backend); err != nil {
		return err
	}
	if err := t.setAndTryPassword(ctx, backend, id); err != nil {
		return err
	}
	if c.csv != "" {
		return t.exportFile(ctx, c.csv, demoFields)
	}
	return t.exportAndShow(ctx)
}

// newBackend returns a double with users. Ann has two accounts: one of the WeChat
// mini-program, and one of the web site, where she logged in with WeChat.
func newBackend() (*baastest.Backend, error) {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	backend, err := baastest.New(baastest.WithClock(baastest.NewClock(start)))
	if err != nil {
		return nil, err
	}
	users := []baastest.User{
		{
			Username: annUsername, Authorized: true, Profile: baastest.Profile{NickName: "Ann"},
			Identities: []baastest.Identity{{Platform: baastest.WeChat, OpenID: annWeChat, UnionID: annUnionID}},
			Custom:     map[string]any{"level": 4},
		},
		{
			Phone: "13900139000", Profile: baastest.Profile{NickName: "Ann on the web"}, WeChatUnionID: annUnionID,
			Custom: map[string]any{"level": 1, "coupons": []string{"tea"}, mergedInto: 0},
		},
		{Profile: baastest.Profile{NickName: `=HYPERLINK("https://evil.example","Bob")`}},
	}
	for i := len(users); i < demoUsers+2; i++ {
		u := baastest.User{Profile: baastest.Profile{NickName: "User " + strconv.Itoa(i)}, Custom: map[string]any{"level": i % 5}}
		if i%7 != 0 {
			u.Phone = strconv.Itoa(13000000000 + i)
		}
		users = append(users, u)
	}
	for _, u := range users {
		if _, err := backend.AddUser(u); err != nil {
			return nil, err
		}
	}
	return backend, nil
}

// linkKuaishou has Ann link her Kuaishou account, before it has an account of its own. The
// Open API cannot link: only the user can, with a code of the phone.
func (t *tool) linkKuaishou(ctx context.Context, backend *baastest.Backend) error {
	t.title("Ann links Kuaishou to the account")
	client, err := backend.Client()
	if err != nil {
		return err
	}
	ann := client.Auth(baas.NewVisitorKey())
	u, err := ann.LoginWithWechat(ctx, nil, auth.Code(backend.WeChat(annWeChat).Login()), auth.CreateUser(false))
	if err != nil {
		return err
	}
	linked, err := u.LinkKs(ctx, nil, auth.Code(backend.Kuaishou(annKuaishou).Login()))
	if err != nil {
		return err
	}
	t.tell("her own login on WeChat, then LinkKs: %s", linked.Message)
	for found, err := range t.client.Users(ctx, admin.ByProvider(platform.Kuaishou{}, annKuaishou)) {
		if err != nil {
			return err
		}
		t.tell("the openid on Kuaishou finds user %d", found.ID())
	}
	return nil
}

// setAndTryPassword sets a random password and has Ann log in with it.
func (t *tool) setAndTryPassword(ctx context.Context, backend *baastest.Backend, id int64) error {
	password := session.NewSecret(rand.Text())
	if err := t.setPassword(ctx, id, password); err != nil {
		return err
	}
	client, err := backend.Client()
	if err != nil {
		return err
	}
	u, err := client.Auth(baas.NewVisitorKey()).Login(ctx, auth.Credentials{Username: annUsername, Password: password.Reveal()})
	if err != nil {
		return err
	}
	t.tell("the login with it: user %d", u.ID())
	return nil
}

// exportAndShow exports to memory, and shows the first lines.
func (t *tool) exportAndShow(ctx context.Context) error {
	t.title("Export all users")
	var file bytes.Buffer
	n, err := t.export(ctx, &file, demoFields)
	if err != nil {
		return err
	}
	t.tell("%d users; with -csv FILE they go to a file. The first lines:", n)
	for _, line := range strings.SplitN(file.String(), "\n", 5)[:4] {
		t.tell("%s", line)
	}
	return nil
}
