package settings

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hydrogen-go/baas/internal/duration"
)

// Value reads a setting from text.
type Value struct {
	// Word is what the help calls the value, as in FILE; empty for a switch, which is on
	// if its flag stands alone.
	Word string
	// Default is the text of the default; empty if there is none.
	Default string
	// Set reads the value. Its error does not quote the value of a secret.
	Set func(text string) error
}

// Text is any text.
func Text(p *string, word string) Value {
	return Value{Word: word, Default: *p, Set: func(text string) error {
		*p = text
		return nil
	}}
}

// Switch is true or false.
func Switch(p *bool) Value {
	return Value{Default: strconv.FormatBool(*p), Set: func(text string) error {
		on, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is not true or false", text)
		}
		*p = on
		return nil
	}}
}

// Number is a whole number, lowest or more.
func Number(p *int, lowest int) Value {
	v := Value{Word: "N", Set: func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < lowest {
			return fmt.Errorf("%q is not a whole number of %d or more", text, lowest)
		}
		*p = n
		return nil
	}}
	if *p != 0 {
		v.Default = strconv.Itoa(*p)
	}
	return v
}

// Duration is a duration, shortest or longer. It may have days, see [duration.Parse].
func Duration(p *time.Duration, shortest time.Duration) Value {
	return Value{Word: "DURATION", Default: duration.String(*p), Set: func(text string) error {
		d, err := duration.Parse(text)
		if err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		if d < shortest {
			return fmt.Errorf("%q is shorter than %s", text, duration.String(shortest))
		}
		*p = d
		return nil
	}}
}

// List is a list with commas. Spaces around an element are dropped. check may be nil.
func List(p *[]string, word string, check func(element string) error) Value {
	return Value{Word: word + ",…", Default: strings.Join(*p, ","), Set: func(text string) error {
		var list []string
		for element := range strings.SplitSeq(text, ",") {
			element = strings.TrimSpace(element)
			if element == "" {
				return errors.New("an element of the list is empty")
			}
			if check != nil {
				if err := check(element); err != nil {
					return err
				}
			}
			if slices.Contains(list, element) {
				return fmt.Errorf("%q is in the list twice", element)
			}
			list = append(list, element)
		}
		*p = list
		return nil
	}}
}

// OneOf is one of these words. The default is *p.
func OneOf(p *string, words ...string) Value {
	return Value{Word: strings.Join(words, "|"), Default: *p, Set: func(text string) error {
		if !slices.Contains(words, text) {
			return fmt.Errorf("%q is not one of %s", text, strings.Join(words, ", "))
		}
		*p = text
		return nil
	}}
}

// textValue is a value that reads and prints itself.
type textValue interface {
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// Unmarshal is what p reads from text. The default is what p prints. It panics if p
// cannot print it.
func Unmarshal(p textValue, word string) Value {
	text, err := p.MarshalText()
	if err != nil {
		panic(err)
	}
	return Value{Word: word, Default: string(text), Set: func(text string) error { return p.UnmarshalText([]byte(text)) }}
}

// Address is host:port.
func Address(p *string) Value {
	return Value{Word: "HOST:PORT", Default: *p, Set: func(text string) error {
		if err := CheckAddress(text); err != nil {
			return err
		}
		*p = text
		return nil
	}}
}

// CheckAddress returns an error unless text is host:port. The host may be empty.
func CheckAddress(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not host:port", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port from 0 to 65535", text)
	}
	return nil
}
