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
		ContextTimeoutEnabled: true, // or a request would wait on for Redis after its deadline
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

// Sealed, what is in Redis is of no use to those who read it.
func ExampleNew_sealed() {
	var keyOfThisYear, keyOfLastYear []byte // 32 random bytes each, from where the program keeps its secrets

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
