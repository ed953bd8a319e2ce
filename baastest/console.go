package baastest

import (
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

// consoleRoutes are the paths of the console, and the patterns of those without a token:
// their files have nothing of the backend in them.
func consoleRoutes(mux *http.ServeMux) (open []string) {
	const console = "GET " + ControlPath + consolePath
	toConsole := http.RedirectHandler(ControlPath+consolePath, http.StatusSeeOther)
	for pattern, h := range map[string]http.Handler{
		"GET " + ControlPath + "{$}":     toConsole,
		strings.TrimSuffix(console, "/"): toConsole,
		console + "{$}":                  consoleFile("index.html"),
		console + "{file}":               http.HandlerFunc(anyConsoleFile),
	} {
		mux.Handle(pattern, h)
		open = append(open, pattern)
	}
	mux.Handle(console+consoleMarkup, consoleFile(consoleMarkup))
	return open
}

// anyConsoleFile serves the file that the path names, but the one that requires the token.
func anyConsoleFile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if name == consoleMarkup || strings.Contains(name, "/") {
		failing(errNoPath).ServeHTTP(w, r)
		return
	}
	consoleFile(name).ServeHTTP(w, r)
}

// consoleFile is the name of a file of the console, which it serves.
type consoleFile string

// ServeHTTP serves the file.
func (f consoleFile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := fs.ReadFile(consoleFiles, "console/"+string(f))
	if err != nil {
		failing(errNoPath).ServeHTTP(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", consoleTypes[path.Ext(string(f))])
	header.Set("Content-Security-Policy", consolePolicy)
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	_, _ = w.Write(text) // the client may be gone
}
