package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/hydrogen-go/baas"
)

// writeVersion prints what this program was built from.
func writeVersion(w io.Writer) {
	fmt.Fprintf(w, "baas-loginproxy %s\n", baas.Version)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	fmt.Fprintf(w, "module %s %s\ngo %s\n", info.Main.Path, info.Main.Version, info.GoVersion)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision", "vcs.time", "vcs.modified", "GOOS", "GOARCH":
			fmt.Fprintf(w, "%s %s\n", s.Key, s.Value)
		}
	}
}
