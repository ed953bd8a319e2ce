package loginproxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/hydrogen-go/baas/herror"
	"github.com/hydrogen-go/baas/internal/oneline"
)

// cause is the error of an [Event].
type cause struct {
	text string
	// A pointer to the interface, because fmt never follows one: the texts of the errors
	// that err wraps may contain a secret.
	err *error
}

// causeOf returns err with a text that tells an operator what happened.
func causeOf(err error) error {
	if err == nil {
		return nil
	}
	return &cause{text: describe(err), err: &err}
}

// Error returns the text, without a secret.
func (c *cause) Error() string { return c.text }

// Unwrap returns the error itself.
func (c *cause) Unwrap() error { return *c.err }

// GoString returns the text, so that %#v does not print the error that is wrapped.
func (c *cause) GoString() string { return "loginproxy.cause(" + strconv.Quote(c.text) + ")" }

// describe returns the text of err, and of what it wraps as far as that shows no secret:
// the errors of this module, of the session store, of the program's own functions, and
// of the network.
func describe(err error) string {
	var parts []string
	add := func(text string) {
		if text = oneline.Of(text); text != "" {
			parts = append(parts, text)
		}
	}
	for err != nil {
		switch e := err.(type) { // errors.As would skip what stands in between
		case *herror.HError:
			add(withField(e))
			err = e.Unwrap()
			if err != nil && e.Code == herror.StoreFailed {
				add(err.Error()) // the contract of session.Store: its errors show no session
				err = nil
			}
		case *failed:
			add(e.Error())
			if err = e.cause; !isHError(err) {
				add(fmt.Sprint(err)) // of the program itself, or of this package: its method may panic
				err = nil
			}
		case *inputError:
			add(e.Error())
			err = nil
		case *refusal, *Refusal, herror.Code:
			add(err.Error())
			err = nil
		default:
			add(known(err))
			err = nil
		}
	}
	if len(parts) == 0 {
		return "an error of another kind"
	}
	return strings.Join(parts, ": ")
}

func isHError(err error) bool {
	_, ok := err.(*herror.HError)
	return ok
}

// withField returns the text of e, which names the field that is invalid.
func withField(e *herror.HError) string {
	text, field := e.Error(), e.Field()
	if field == "" || strings.Contains(text, field) {
		return text
	}
	return text + " (field " + field + ")"
}

// known returns the text of an error of the context or of the network, whose texts show
// neither a URL nor a body, and "" for any other error.
func known(err error) string {
	var (
		dns     *net.DNSError
		errno   syscall.Errno
		host    x509.HostnameError
		signer  x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	case errors.As(err, &dns):
		return dns.Error()
	case errors.As(err, &host):
		return host.Error()
	case errors.As(err, &signer):
		return signer.Error()
	case errors.As(err, &invalid):
		return invalid.Error()
	case errors.As(err, &record):
		return record.Error()
	case errors.As(err, &errno):
		return errno.Error()
	}
	for _, target := range []error{io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, os.ErrDeadlineExceeded, http.ErrSchemeMismatch, http.ErrAbortHandler} {
		if errors.Is(err, target) {
			return target.Error()
		}
	}
	return ""
}

// panicked is the error for a panic. Its text has the value only if that shows no secret.
type panicked struct{ value any }

func (p *panicked) Error() string {
	err, isError := p.value.(error)
	var (
		fault runtime.Error
		h     *herror.HError
	)
	switch {
	case !isError:
	case errors.As(err, &fault):
		return "panic: " + fault.Error()
	case errors.As(err, &h):
		return "panic: " + describe(h)
	case known(err) != "":
		return "panic: " + known(err)
	}
	return fmt.Sprintf("panic with a value of type %T", p.value)
}

// Unwrap returns the value if it is an error.
func (p *panicked) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
