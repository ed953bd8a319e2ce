package baastest

import (
	"cmp"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// consolePath is where the console is, after ControlPath.
const consolePath = "ui/"

// consoleMarkup is the one file of the console that requires the control token: without
// it a browser shows nothing but the form for the token.
const consoleMarkup = "console.html"

// consoleFiles are the files of the console. docs.html is docs/emulator.md; go test
// ./cmd/baas-emulator -run TestDocs -update writes it.
//
//go:embed console
var consoleFiles embed.FS

// consolePolicy lets the pages load their own scripts and styles, and nothing from elsewhere.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// consoleTypes are the types of the files, by the end of their names. Those of package
// mime depend on the machine.
var consoleTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// serveConsole serves a file of the console.
func serveConsole(w http.ResponseWriter, r *http.Request) {
	name := cmp.Or(r.PathValue("file"), "index.html")
	text, err := fs.ReadFile(consoleFiles, path.Join("console", name))
	if err != nil {
		failing(errNoPath).ServeHTTP(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", consoleTypes[path.Ext(name)])
	header.Set("Content-Security-Policy", consolePolicy)
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	_, _ = w.Write(text) // the client may be gone
}

// needsToken says whether a path requires the control token: not health, and not a file
// of the console that has nothing of the backend in it.
func needsToken(urlPath string) bool {
	name, ok := strings.CutPrefix(urlPath, ControlPath)
	if !ok {
		return true
	}
	file, isConsole := strings.CutPrefix(name, consolePath)
	return name != healthPath && name != "" && (!isConsole || file == consoleMarkup)
}
