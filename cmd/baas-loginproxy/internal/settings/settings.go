// Package settings reads the settings of a program from its flags, its environment and
// files. One table has all of them: what is read, the help and the table of the
// documentation are made of it.
package settings

import (
	"strings"
)

// Setting is a row of a [Table].
type Setting struct {
	// Name is the name of the flag, as in redis-url. The environment variable is the
	// prefix of the table and the name, as in BAAS_REDIS_URL.
	Name string
	// Group is the heading of the help under which the setting stands.
	Group string
	// Help says what the setting is for, in one or more sentences.
	Help string
	// Value reads the setting.
	Value Value
	// Secret is a setting that must not stand on the command line, because every user of
	// the machine can read it there. Its value comes from the environment variable, or
	// from a file: the flag and the variable with "-file" and "_FILE" at their ends name it.
	Secret bool
	// Mode is a setting that tells what the program does at all. It has a flag and no
	// environment variable.
	Mode bool
	// RefuseFlag, unless nil, tells why a value must not stand on the command line.
	RefuseFlag func(text string) error
}

// Table has all settings of a program, in the order of its help.
type Table struct {
	// Prefix is that of all environment variables, as in BAAS_.
	Prefix   string
	Settings []Setting
}

// Names returns the name of a setting as errors show it: its flag and its variable. It
// panics if there is no such setting.
func (t Table) Names(name string) string {
	for _, s := range t.Settings {
		if s.Name == name {
			return t.names(s)
		}
	}
	panic("settings: no setting " + name)
}

func (t Table) names(s Setting) string {
	switch {
	case s.Mode:
		return s.flag()
	case s.Secret:
		return t.variable(s) + " (or a file: " + s.flag() + ", " + t.fileVariable(s) + ")"
	}
	return s.flag() + " (" + t.variable(s) + ")"
}

// Variables returns the names of all environment variables.
func (t Table) Variables() []string {
	var all []string
	for _, s := range t.Settings {
		all = append(all, t.variables(s)...)
	}
	return all
}

func (t Table) variables(s Setting) []string {
	switch {
	case s.Mode:
		return nil
	case s.Secret:
		return []string{t.variable(s), t.fileVariable(s)}
	}
	return []string{t.variable(s)}
}

func (t Table) variable(s Setting) string {
	return t.Prefix + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

func (t Table) fileVariable(s Setting) string { return t.variable(s) + "_FILE" }

// flagName is the name of the flag: that of a secret names its file.
func (s Setting) flagName() string {
	if s.Secret {
		return s.Name + "-file"
	}
	return s.Name
}

func (s Setting) flag() string { return "-" + s.flagName() }

// word is what the help calls the value of the flag.
func (s Setting) word() string {
	if s.Secret {
		return "FILE"
	}
	return s.Value.Word
}
