package ratelimit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limit allows Count requests in Period. The package documentation says what this means.
type Limit struct {
	Count  int
	Period time.Duration
}

// The bounds of a Limit, and of the number of them for one subject.
const (
	MaxCount  = 1_000_000
	MinPeriod = time.Second
	MaxPeriod = 31 * 24 * time.Hour
	maxLimits = 4
	maxText   = 40 // of one limit, in bytes
)

// off is the text of no limit.
const off = "off"

// Limits are the limits of one subject, which hold together. Without one, nothing is
// limited.
type Limits []Limit

// Parse reads limits as in "10/1m", "5/1h,20/24h" or "off": counts from 1 to [MaxCount],
// and periods in the form of [time.ParseDuration], in whole seconds, from [MinPeriod] to
// [MaxPeriod]. Each period may be there once.
func Parse(text string) (Limits, error) {
	if text == off {
		return nil, nil
	}
	parts := strings.Split(text, ",")
	if len(parts) > maxLimits {
		return nil, errTooMany
	}
	limits := make(Limits, 0, len(parts))
	for _, part := range parts {
		l, err := parseLimit(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		limits = append(limits, l)
	}
	if err := limits.check(); err != nil {
		return nil, err
	}
	return limits, nil
}

func parseLimit(text string) (Limit, error) {
	if len(text) > maxText {
		return Limit{}, fmt.Errorf("a limit is longer than %d bytes", maxText)
	}
	count, period, ok := strings.Cut(text, "/")
	if !ok {
		return Limit{}, fmt.Errorf("limit %q is not a count and a period as in 10/1m, nor %q", text, off)
	}
	var l Limit
	var err error
	if l.Count, err = strconv.Atoi(count); err != nil {
		return Limit{}, fmt.Errorf("limit %q: the count is not a number", text)
	}
	if l.Period, err = time.ParseDuration(period); err != nil {
		return Limit{}, fmt.Errorf("limit %q: the period is not a duration as in 1m or 24h", text)
	}
	return l, nil
}

// check returns an error for limits that Parse does not return.
func (l Limits) check() error {
	if len(l) > maxLimits {
		return errTooMany
	}
	for i, limit := range l {
		switch {
		case limit.Count < 1 || limit.Count > MaxCount:
			return fmt.Errorf("limit %s: the count is not from 1 to %d", limit, MaxCount)
		case limit.Period < MinPeriod || limit.Period > MaxPeriod:
			return fmt.Errorf("limit %s: the period is not from %s to %s", limit, text(MinPeriod), text(MaxPeriod))
		case limit.Period%time.Second != 0:
			return fmt.Errorf("limit %s: the period is not in whole seconds", limit)
		}
		for _, other := range l[:i] {
			if other.Period == limit.Period {
				return fmt.Errorf("limit %s: another limit has the same period", limit)
			}
		}
	}
	return nil
}

// String returns the limit as [Parse] reads it.
func (l Limit) String() string { return strconv.Itoa(l.Count) + "/" + text(l.Period) }

// text returns a duration without units that are zero, as in 1h.
func text(d time.Duration) string {
	t := d.String()
	if strings.HasSuffix(t, "m0s") {
		t = strings.TrimSuffix(t, "0s")
	}
	if strings.HasSuffix(t, "h0m") {
		t = strings.TrimSuffix(t, "0m")
	}
	return t
}

// String returns the limits as [Parse] reads them.
func (l Limits) String() string {
	if len(l) == 0 {
		return off
	}
	texts := make([]string, len(l))
	for i, limit := range l {
		texts[i] = limit.String()
	}
	return strings.Join(texts, ",")
}

// MarshalText returns what String returns, for [flag.TextVar].
func (l Limits) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is [Parse], for [flag.TextVar].
func (l *Limits) UnmarshalText(text []byte) error {
	limits, err := Parse(string(text))
	if err == nil {
		*l = limits
	}
	return err
}

// interval returns the part of the period that one request takes, in microseconds,
// rounded up.
func (l Limit) interval() int64 {
	n := int64(l.Count)
	return (l.Period.Microseconds() + n - 1) / n
}

// window returns the time that all requests of a burst take together, in microseconds.
func (l Limit) window() int64 { return l.interval() * int64(l.Count) }

var errTooMany = fmt.Errorf("more than %d limits for one subject", maxLimits)
