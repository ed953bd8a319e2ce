package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/hydrogen-go/baas/baastest"
)

const helpIntro = `Baas-emulator serves a double of the MinCloud (知晓云) login backend on a local
address, for programs in any language. Its users, codes, signatures and encrypted
data are its own: it asks no platform and no real backend.

Usage:
  baas-emulator [flags]
  baas-emulator -h     prints this help

Examples:
  baas-emulator
      serves on http://127.0.0.1:8899; have your program use this host and the
      client id "test-client"
  baas-emulator -addr 127.0.0.1:0 -client-id my-app -seed seed.json
      for tests: a free port, which the first line on stdout has:
      "listening on http://127.0.0.1:40123"
  curl -X POST http://127.0.0.1:8899/_emulator/people/ks/ann/login
      the login code that ann's phone gets on Kuaishou
  curl -X POST http://127.0.0.1:8899/_emulator/clock -d '{"advance":"7d"}'
      a week later
  baas-emulator -addr 0.0.0.0:8899 -allow-non-loopback -control-host emulator
      in a container that others reach as "emulator"; it prints the control token
`

const helpOutro = `
The console: open http://127.0.0.1:8899/ in a browser. It shows people and their
phones, users, sessions, messages and the requests as they come, mints login codes,
injects faults and moves the clock.

The control API, under ` + baastest.ControlPath + `, does the same for tests and scripts: people,
codes, users, groups, seed, clock, faults, journal, sms, mail, reset, health.

The form of the seed file and every path of the control API:
  http://127.0.0.1:8899` + baastest.ControlPath + `ui/docs.html   while it runs
  https://github.com/hydrogen-go/baas/blob/main/docs/emulator.md
`

// helpWidth is the longest line of the help.
const helpWidth = 88

// printHelp prints the flags by group, with examples.
func printHelp(w io.Writer, flags *flag.FlagSet, groups []flagGroup) {
	fmt.Fprint(w, helpIntro)
	for _, group := range groups {
		fmt.Fprintf(w, "\n%s:\n", group.title)
		for _, name := range group.names {
			value, usage := flag.UnquoteUsage(flags.Lookup(name))
			fmt.Fprintln(w, strings.TrimRight("  -"+name+" "+value, " "))
			for _, line := range wrap(usage+defaultOf(flags.Lookup(name)), helpWidth-6) {
				fmt.Fprintln(w, "      "+line)
			}
		}
	}
	fmt.Fprint(w, helpOutro)
}

// defaultOf is the default of a flag whose usage does not tell it.
func defaultOf(f *flag.Flag) string {
	if f.DefValue == "" || f.DefValue == "false" {
		return ""
	}
	return " (default " + f.DefValue + ")"
}

// wrap breaks a text into lines of at most width bytes, between words.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}

// version is the version of the module, or the commit that it was built from.
func version() string {
	name := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		name = info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" && name == "(devel)" {
				name += " " + setting.Value
			}
		}
	}
	return fmt.Sprintf("baas-emulator %s (%s, %s/%s)", name, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
