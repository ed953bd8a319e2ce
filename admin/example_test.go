package admin_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas/admin"
	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/platform"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
	"github.com/hydrogen-go/baas/user"
)

// exampleClient returns a client of an Open API that responds to each call with the next
// of the bodies.
func exampleClient(bodies ...string) *admin.Client {
	c, err := admin.New(clientID, clientSecret, admin.WithHTTPClient(&http.Client{Transport: newAPI().answers(bodies...)}))
	if err != nil {
		log.Fatal(err)
	}
	return c
}

const examplePage = `{"meta":{"next":null,"total_count":2},"objects":[
	{"id":64501217,"nickname":"Ann","level":3,"_phone":"13800138000"},{"id":70695404,"nickname":"Bob","level":5,"_phone":null}]}`

func Example() {
	c := exampleClient(examplePage) // admin.New(clientID, clientSecret) in a program
	for u, err := range c.Users(context.Background(), admin.Where(admin.Field("level").GreaterOrEqual(3))) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(u.ID(), u.Nickname(), u.Get("level").Int())
	}
	// Output:
	// 64501217 Ann 3
	// 70695404 Bob 5
}

// Replicas share one access token, encrypted in Redis.
func ExampleWithTokenStore() {
	var sealingKey []byte // 32 random bytes, from the program's secret store

	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	store, err := redisstore.New(client)
	if err != nil {
		log.Fatal(err)
	}
	sealed, err := session.NewSealed(store, sealingKey)
	if err != nil {
		log.Fatal(err)
	}
	_, err = admin.New("my-client-id", "my-client-secret", admin.WithTokenStore(sealed))
	if err != nil {
		log.Fatal(err)
	}
}

// Users who have no phone number, or a level over 3 in one of two cities.
func ExampleWhere() {
	c := exampleClient(examplePage)
	n, err := c.CountUsers(context.Background(), admin.Where(user.Or(
		admin.Field("_phone").IsNull(),
		user.And(admin.Field("level").Greater(3), admin.Field("city").In("Guangzhou", "Huizhou")),
	)))
	fmt.Println(n, err)
	// Output: 2 <nil>
}

// Find the account of a person by the id on a platform.
func ExampleByProvider() {
	c := exampleClient(examplePage)
	for u, err := range c.Users(context.Background(), admin.ByProvider(platform.Alipay{}, "2088102150527498")) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(u.ID())
		break
	}
	// Output: 64501217
}

func ExampleClient_UpdateUser() {
	c := exampleClient(`{"id":64501217,"level":4,"points":110}`)
	u, err := c.UpdateUser(context.Background(), 64501217, admin.Set("level", 4), admin.IncrementBy("points", 10))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Get("points").Int())
	// Output: 110
}

func ExampleClient_UpdateUsers() {
	c := exampleClient(examplePage, `{"operation_result":[{"success":{"id":"1"}},{"error":{"code":11000,"err_msg":"write failed"}}],"succeed":1}`)
	result, err := c.UpdateUsers(context.Background(), []admin.Change{admin.Set("vip", true)},
		admin.Where(admin.Field("level").GreaterOrEqual(3)),
		admin.OnProgress(func(p admin.Progress) { fmt.Println(p.Found, "of", p.Total) }))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Succeeded, "changed")
	for _, o := range result.Operations {
		if o.Failed {
			fmt.Println(o.Message)
		}
	}
	// Output:
	// 2 of 2
	// 1 changed
	// write failed
}

// Give a user a new password, and remove a phone number that belongs to somebody else.
func ExampleClient_UpdateAccount() {
	c := exampleClient(`{"username":"ann","email":null,"email_verified":false,"phone":null,"phone_verified":false}`)
	account, err := c.UpdateAccount(context.Background(), 64501217, admin.NewPassword("a new password"), admin.ClearPhone())
	switch {
	case errors.Is(err, herror.NotFound):
		fmt.Println("no such user")
	case err != nil:
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", account)
	// Output: {Username:ann Email: EmailVerified:false Phone: PhoneVerified:false}
}

// A request of the Open API that this package does not make.
func ExampleClient_Token() {
	c := exampleClient()
	token, err := c.Token(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodGet, admin.DefaultHost+"/oserve/v2.2/server/time/", strings.NewReader(""))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	fmt.Println(token) // prints no secret
	// Output: [redacted]
}
