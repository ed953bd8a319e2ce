// Package userquery has what the queries for users of packages auth and admin have in
// common.
package userquery

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/check"
	"github.com/hydrogen-go/baas/user"
)

// JSON returns the condition in the backend's form. The error has code 605.
func JSON(c user.Condition) (string, error) {
	text, err := json.Marshal(c)
	if err == nil {
		return string(text), nil
	}
	var bad *herror.HError
	if errors.As(err, &bad) {
		return "", bad
	}
	return "", check.Invalid("a condition is not JSON").WithCause(err)
}

// AddNames adds the names of fields, which must not be empty. The error has code 605.
func AddNames(to *[]string, names []string) error {
	for _, name := range names {
		if err := check.Required("a field's name", name, check.MaxIdentifier); err != nil {
			return err
		}
		if strings.Contains(name, ",") {
			return check.Invalid("a field's name has a comma")
		}
	}
	*to = append(*to, names...)
	return nil
}

// CheckPageSize returns an error with code 605 unless n is from 1 to largest.
func CheckPageSize(n, largest int) error {
	if n < 1 || n > largest {
		return check.Invalid("page size is not from 1 to " + strconv.Itoa(largest))
	}
	return nil
}

// CheckOffset returns an error with code 605 if n is under 0.
func CheckOffset(n int) error {
	if n < 0 {
		return check.Invalid("offset is under 0")
	}
	return nil
}
