// Package duration reads durations that may have days.
package duration

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Day is 24 hours.
const Day = 24 * time.Hour

var errForm = errors.New("not a duration, as 90s, 12h, 7d or 1d12h")

// Parse reads a duration as [time.ParseDuration] does, with whole days in front of
// it if there are any: "7d", "1d12h", "-1d". A day is 24 hours.
func Parse(text string) (time.Duration, error) {
	days, rest, ok := strings.Cut(text, "d")
	if !ok {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, errForm
		}
		return d, nil
	}
	days, negative := strings.CutPrefix(days, "-")
	if !negative {
		days = strings.TrimPrefix(days, "+")
	}
	n, err := strconv.ParseUint(days, 10, 32)
	if err != nil || rest != "" && (rest[0] == '-' || rest[0] == '+') {
		return 0, errForm
	}
	var more time.Duration
	if rest != "" {
		if more, err = time.ParseDuration(rest); err != nil {
			return 0, errForm
		}
	}
	if n > uint64((math.MaxInt64-more)/Day) {
		return 0, errors.New("the duration is too long")
	}
	d := time.Duration(n)*Day + more
	if negative {
		d = -d
	}
	return d, nil
}

// String writes a duration as [Parse] reads it, in days where it has whole ones: "30d",
// "1d12h", "1m30s".
func String(d time.Duration) string {
	if d < Day {
		return short(d)
	}
	days := strconv.FormatInt(int64(d/Day), 10) + "d"
	if d%Day == 0 {
		return days
	}
	return days + short(d%Day)
}

// short leaves out the zero minutes and seconds at the end.
func short(d time.Duration) string {
	text := d.String()
	if before, ok := strings.CutSuffix(text, "m0s"); ok {
		text = before + "m"
	}
	if before, ok := strings.CutSuffix(text, "h0m"); ok {
		text = before + "h"
	}
	return text
}
