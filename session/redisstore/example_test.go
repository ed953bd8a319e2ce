package redisstore_test

import (
	"log"

	"github.com/redis/go-redis/v9"

	"github.com/hydrogen-go/baas"
	"github.com/hydrogen-go/baas/session"
	"github.com/hydrogen-go/baas/session/redisstore"
)

func ExampleNew() {
	client := redis.NewClient(&redis.Options{
		Addr:                  "localhost:6379",
		ContextTimeoutEnabled: true, // required: a call must stop at the deadline of its context
	})
	store, err := redisstore.New(client)
	if err != nil {
		log.Fatal(err)
	}
	_, err = baas.New("my-client-id", baas.WithSessionStore(store))
	if err != nil {
		log.Fatal(err)
	}
}

// A sealed store encrypts the sessions in Redis.
func ExampleNew_sealed() {
	var keyOfThisYear, keyOfLastYear []byte // 32 random bytes each, from the program's secret store

	client := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	store, err := redisstore.New(client, redisstore.WithPrefix("baas:sealed:"))
	if err != nil {
		log.Fatal(err)
	}
	sealed, err := session.NewSealed(store, keyOfThisYear, keyOfLastYear)
	if err != nil {
		log.Fatal(err)
	}
	_, err = baas.New("my-client-id", baas.WithSessionStore(sealed))
	if err != nil {
		log.Fatal(err)
	}
}
