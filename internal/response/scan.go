package response

import (
	"strings"

	"github.com/tidwall/gjson"
)

// scanner reads JSON from front to back: it checks it as encoding/json does and shows,
// in the same pass, where the values are.
type scanner struct {
	text   string
	at     int // of the next byte
	depth  int // of the objects under way
	failed bool
	// Where the last key is that name has read, without its quotes.
	keyFrom, keyTo int
}

// maxDepth is how deeply encoding/json lets values be nested.
const maxDepth = 10_000

// document calls value, which reads the one value of the text, and reports whether the
// text is JSON.
func (s *scanner) document(value func()) bool {
	s.next()
	value()
	return s.next() == 0 && s.at == len(s.text) && !s.failed
}

// fail ends the scan: there is no next byte any more.
func (s *scanner) fail() { s.failed, s.at = true, len(s.text) }

// next skips white space and returns the byte after it, or 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// object reads the object that comes next. It calls member with each key, unescaped;
// member reads the value.
func (s *scanner) object(member func(key string)) {
	if s.depth++; s.depth > maxDepth {
		s.fail()
		return
	}
	s.at++
	for end := s.next(); end != '}'; {
		key := s.name()
		s.next()
		member(key)
		if end = s.next(); end == ',' {
			s.at++
		} else if end != '}' {
			s.fail()
			return
		}
	}
	s.at++
	s.depth--
}

// array reads the array that comes next. It calls element for each element, which reads
// it.
func (s *scanner) array(element func()) {
	if s.depth++; s.depth > maxDepth {
		s.fail()
		return
	}
	s.at++
	for end := s.next(); end != ']'; {
		s.next()
		element()
		if end = s.next(); end == ',' {
			s.at++
		} else if end != ']' {
			s.fail()
			return
		}
	}
	s.at++
	s.depth--
}

// name reads a key and the colon after it, and returns the key, unescaped.
func (s *scanner) name() string {
	if s.next() != '"' {
		s.fail()
		return ""
	}
	s.keyFrom = s.at + 1
	quoted := s.string()
	s.keyTo = s.at - 1
	if s.next() != ':' {
		s.fail()
		return ""
	}
	s.at++
	if strings.IndexByte(quoted, '\\') >= 0 {
		return gjson.Parse(quoted).Str
	}
	return quoted[1 : len(quoted)-1]
}

// result reads the value that comes next.
func (s *scanner) result() gjson.Result { return gjson.Parse(s.value()) }

// value reads the value that comes next, and returns its text.
func (s *scanner) value() string {
	from := s.at
	switch c := s.next(); c {
	case '{', '[':
		s.nested()
	default:
		s.scalar(c)
	}
	return s.text[from:s.at]
}

// scalar reads a value that begins with c and has no brackets.
func (s *scanner) scalar(c byte) {
	switch c {
	case '"':
		s.string()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

// nested reads an object or an array. The brackets that are open are in a slice and
// not on the stack, because the text may have thousands.
func (s *scanner) nested() {
	var few [32]byte
	close := few[:0] // the brackets that end what is open
	for {
		switch c := s.next(); c {
		case '{', '[':
			if s.depth+len(close) == maxDepth {
				s.fail()
				return
			}
			s.at++
			if s.next() == c+2 { // in ASCII, } and ] come two after { and [
				s.at++
				break
			}
			close = append(close, c+2)
			if c == '{' {
				s.name()
			}
			continue
		default:
			s.scalar(c)
		}
		if close = s.closed(close); len(close) == 0 {
			return
		}
	}
}

// closed reads on from the end of a value to the beginning of the next one, and
// returns the brackets that are still open there.
func (s *scanner) closed(close []byte) []byte {
	for len(close) > 0 {
		end := close[len(close)-1]
		switch s.next() {
		case end:
			s.at++
			close = close[:len(close)-1]
		case ',':
			s.at++
			if end == '}' {
				s.name()
			}
			return close
		default:
			s.fail()
			return nil
		}
	}
	return nil
}

// string reads a string and returns it with its quotes.
func (s *scanner) string() string {
	from := s.at
	for i := from + 1; i < len(s.text); i++ {
		c := s.text[i]
		if c > '"' && c != '\\' || c == ' ' || c == '!' {
			continue
		}
		if c == '"' {
			s.at = i + 1
			return s.text[from:s.at]
		}
		length := escape(s.text[i:])
		if length == 0 {
			break // or a control character
		}
		i += length - 1
	}
	s.fail()
	return `""`
}

// escape returns the length of the escape that text begins with, or 0 for none.
func escape(text string) int {
	switch {
	case len(text) < 2 || text[0] != '\\':
		return 0
	case text[1] == 'u' && isHex4(text[2:]):
		return 6
	case strings.IndexByte(`"\/bfnrt`, text[1]) >= 0:
		return 2
	}
	return 0
}

// isHex4 reports whether text begins with four hexadecimal digits.
func isHex4(text string) bool {
	if len(text) < 4 {
		return false
	}
	for i := range 4 {
		switch c := text[i]; {
		case isDigit(c), 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		default:
			return false
		}
	}
	return true
}

func (s *scanner) literal(word string) {
	if !strings.HasPrefix(s.text[s.at:], word) {
		s.fail()
		return
	}
	s.at += len(word)
}

// number reads a number: no leading zeros, and digits around a point.
func (s *scanner) number() {
	s.skip('-')
	if !s.skip('0') && !s.digits() {
		s.fail()
		return
	}
	if s.skip('.') && !s.digits() {
		s.fail()
		return
	}
	if s.skip('e') || s.skip('E') {
		if !s.skip('+') {
			s.skip('-')
		}
		if !s.digits() {
			s.fail()
		}
	}
}

// skip skips c if it comes next, and reports whether it does.
func (s *scanner) skip(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// digits skips digits, and reports whether there are any.
func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return s.at > from
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
