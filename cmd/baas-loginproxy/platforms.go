package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/hydrogen-go/baas/auth"
	"github.com/hydrogen-go/baas/baastest"
	"github.com/hydrogen-go/baas/platform"
)

// platformFacts is what the page must know about a platform to show a user of it and to
// disable the buttons that cannot work.
type platformFacts struct {
	Name         string   `json:"name"`
	ProviderKeys []string `json:"provider_keys"` // of the user's _provider
	PhoneLogin   bool     `json:"phone_login"`   // logs in with a phone number
	PhoneUpdate  bool     `json:"phone_update"`  // sets the phone number of a user who is logged in
}

// factsOfPlatforms tries the calls with a phone number on every platform, on a double of
// its own, so that the page says what the SDK does.
func factsOfPlatforms(ctx context.Context) ([]platformFacts, error) {
	backend, err := baastest.New()
	if err != nil {
		return nil, err
	}
	defer backend.Close()
	client, err := backend.Client()
	if err != nil {
		return nil, err
	}
	var all []platformFacts
	for i, p := range platform.All() {
		phone, err := backend.Phone(p.Name(), "somebody")
		if err != nil {
			return nil, err
		}
		a := client.Auth(p.Name())
		if _, err := a.LoginOn(ctx, p, nil, auth.Code(phone.Login())); err != nil {
			return nil, err
		}
		number := strconv.Itoa(13800138000 + i) // one account has each
		_, updateErr := a.UpdatePhoneNumber(ctx, phone.AllowPhoneNumber(number))
		code := auth.Code(phone.Login()) // before the data, which is encrypted with its session_key
		_, loginErr := a.LoginOn(ctx, p, phone.AllowPhoneNumber(number), code)
		all = append(all, platformFacts{
			Name:         p.Name(),
			ProviderKeys: p.ProviderKeys(),
			PhoneLogin:   loginErr == nil,
			PhoneUpdate:  updateErr == nil,
		})
	}
	return all, nil
}

// platformList responds with the facts of all platforms.
func platformList(ctx context.Context) (http.Handler, error) {
	facts, err := factsOfPlatforms(ctx)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(facts)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(body) // an error means that the browser has hung up
	}), err
}
