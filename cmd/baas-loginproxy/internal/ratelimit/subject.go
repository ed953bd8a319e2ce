package ratelimit

import (
	"net/netip"
	"strings"
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
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -().+\u00a0", r) {
			return -1
		}
		return r
	}, account)
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return account
	}
	national := strings.TrimPrefix(strings.TrimLeft(digits, "0"), chinaCode)
	if len(national) == chinaDigits && national[0] == '1' {
		return national
	}
	return digits
}
