package ratelimit

import (
	"net/netip"
	"strings"
	"unicode"
)

// customer is the length of the IPv6 prefix that one customer has: whoever has one
// address has all of its /64.
const customer = 64

// nat64 holds IPv4 addresses, in the last 32 bits (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// subjectOfAddress returns what an address is counted as. A text that is no address is
// counted as it is.
func subjectOfAddress(text string) string {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	addr = addr.Unmap().WithZone("")
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(customer)
	if err != nil { // not for an IPv6 address
		return addr.String()
	}
	return prefix.String()
}

const (
	chinaCode   = "86"
	chinaDigits = 11 // of a mobile number; the first is 1
)

// subjectOfAccount returns what an account is counted as. Many spellings of one phone
// number are counted together, so that they do not multiply text messages.
func subjectOfAccount(account string) string {
	digits := strings.Map(plainDigit, account)
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return account
	}
	digits = strings.TrimLeft(digits, "0")
	national := strings.TrimPrefix(digits, chinaCode)
	if len(national) == chinaDigits && national[0] == '1' {
		return national
	}
	return digits
}

// plainDigit returns a digit of a full-width form as a plain one, and -1 for what people
// write between digits.
func plainDigit(r rune) rune {
	switch {
	case r >= '０' && r <= '９':
		return r - '０' + '0'
	case unicode.IsSpace(r), unicode.In(r, unicode.Pd, unicode.Cf), strings.ContainsRune("().+/_", r):
		return -1
	}
	return r
}
