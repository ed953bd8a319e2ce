package settings

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/hydrogen-go/baas/internal/spelling"
)

// maxFile limits the size of the file of a secret.
const maxFile = 64 << 10

// Given tells which settings were given, by name: as the user wrote them, as in
// "-redis-url" or "BAAS_REDIS_URL".
type Given map[string]string

// Has reports whether the setting was given.
func (g Given) Has(name string) bool { return g[name] != "" }

// Read reads the flags, then the environment for what no flag gives. An empty variable
// counts as one that is not set. environ has the form of [os.Environ].
//
// The error is [flag.ErrHelp] if the flags ask for help. Otherwise it joins everything
// that is wrong: a flag that does not exist, or that is given twice; a variable with
// the table's prefix that does not exist; a file that cannot be read; a secret that is
// given twice; and every value that is refused. It contains no secret.
func (t Table) Read(args, environ []string) (Given, error) {
	flags, err := t.readFlags(args)
	if err != nil {
		return nil, err
	}
	variables, problems := t.readEnvironment(environ)
	given := Given{}
	for _, s := range t.Settings {
		text, from, err := t.find(s, flags, variables)
		if err == nil && from != "" {
			given[s.Name] = from
			err = s.Value.Set(text)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", t.names(s), err))
		}
	}
	return given, errors.Join(problems...)
}

// readFlags returns the texts of the flags, by name.
func (t Table) readFlags(args []string) (map[string]string, error) {
	texts := map[string]string{}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is the caller's to print
	var onLine, twice error
	for _, s := range t.Settings {
		name := s.flagName()
		keep := func(text string) error {
			if _, ok := texts[name]; ok {
				twice = fmt.Errorf("%s is given twice", s.flag())
			}
			texts[name] = text
			return nil
		}
		if s.Secret { // the error must not quote the value, as those of package flag do
			flags.Func(s.Name, "", func(string) error {
				onLine = fmt.Errorf("-%s: a secret is not taken from the command line: use %s or %s", s.Name, t.variable(s), s.flag())
				return nil
			})
		}
		if s.word() == "" {
			flags.BoolFunc(name, "", keep)
		} else {
			flags.Func(name, "", keep)
		}
	}
	err := flags.Parse(args)
	switch {
	case onLine != nil: // first, because what follows may be a part of the secret
		return nil, onLine
	case err != nil:
		return nil, t.suggestFlag(err)
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q; every setting is a flag, as -addr :8080", flags.Arg(0))
	}
	return texts, twice
}

// suggestFlag adds the flag that was probably meant to the error for an unknown one.
func (t Table) suggestFlag(err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return err
	}
	var known []string
	for _, s := range t.Settings {
		known = append(known, s.flagName())
	}
	return fmt.Errorf("unknown flag -%s%s", name, didYouMean("-", name, known))
}

// didYouMean proposes the name that was probably meant; nothing if all differ much.
func didYouMean(prefix, written string, known []string) string {
	meant := spelling.Closest(written, known)
	if meant == "" {
		return ""
	}
	return "; did you mean " + prefix + meant + "?"
}

// readEnvironment returns the texts of the variables, by name, and what is wrong.
func (t Table) readEnvironment(environ []string) (map[string]string, []error) {
	known := t.Variables()
	texts := map[string]string{}
	var problems []error
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		switch {
		case !strings.HasPrefix(name, t.Prefix) || text == "":
		case slices.Contains(known, name):
			texts[name] = text
		case !isServiceLink(name, text):
			problems = append(problems, fmt.Errorf("unknown environment variable %s%s", name, didYouMean("", name, known)))
		}
	}
	return texts, problems
}

// find returns the text of a setting and what gave it; nothing if the setting is not
// given.
func (t Table) find(s Setting, flags, variables map[string]string) (text, from string, err error) {
	onFlag, hasFlag := flags[s.flagName()]
	if s.Secret {
		return t.findSecret(s, onFlag, hasFlag, variables)
	}
	if hasFlag {
		if s.RefuseFlag != nil {
			err = s.RefuseFlag(onFlag)
		}
		return onFlag, s.flag(), err
	}
	if text := variables[t.variable(s)]; text != "" && !s.Mode {
		return text, t.variable(s), nil
	}
	return "", "", nil
}

func (t Table) findSecret(s Setting, onFlag string, hasFlag bool, variables map[string]string) (text, from string, err error) {
	text, file := variables[t.variable(s)], variables[t.fileVariable(s)]
	from = t.variable(s)
	if hasFlag {
		file = onFlag
	}
	switch {
	case text != "" && (file != "" || hasFlag):
		return "", "", errors.New("given both as a variable and as a file")
	case hasFlag && file == "":
		return "", "", errors.New("the name of the file is empty")
	case file != "":
		text, err = readSecret(file)
		return text, file, err
	case text == "":
		from = ""
	}
	return text, from, nil
}

// readSecret reads a file, without the line end that editors and echo add.
func readSecret(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxFile:
		return "", fmt.Errorf("%s has more than %d bytes", name, maxFile)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", name)
	}
	return secret, nil
}

// Kubernetes sets these variables in every pod for a service whose name begins like
// the prefix, as baas-loginproxy.
var (
	serviceLink     = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT|SERVICE_PORT_[A-Z0-9_]+|PORT_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?)$`)
	serviceLinkPort = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

func isServiceLink(name, text string) bool {
	return serviceLink.MatchString(name) ||
		(strings.HasSuffix(name, "_PORT") && serviceLinkPort.MatchString(text))
}
