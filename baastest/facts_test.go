package baastest_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var updateFacts = flag.Bool("update", false, "write the facts in doc.go anew")

// fact is something that a backend of this package does, and why.
type fact struct {
	name string // of the subtest of TestFacts that holds it
	// level is the strongest evidence: R a recorded response of the real backend, D
	// its documentation, C what the vendor's clients need or assert, T a stub in the
	// vendor's tests, G a guess.
	level  string
	says   string
	source string // empty for a guess
	holds  func(t *testing.T)
}

// facts are all facts, by heading.
var facts = []struct {
	heading string
	facts   []fact
}{
	{"Users", userFacts},
	{"Queries and updates", queryFacts},
	{"Platform logins", platformFacts},
	{"Web logins", webFacts},
	{"Accounts", accountFacts},
	{"Requests and statuses", statusFacts},
	{"Open API", openAPIFacts},
	{"Guesses", slices.Concat(guesses, webGuesses, openAPIGuesses)},
}

func TestFacts(t *testing.T) {
	for _, group := range facts {
		for _, f := range group.facts {
			t.Run(f.name, f.holds)
		}
	}
}

// Every fact has its source, and a guess has none.
func TestFactsAreComplete(t *testing.T) {
	var names []string
	for _, group := range facts {
		for _, f := range group.facts {
			require.NotContains(t, names, f.name)
			names = append(names, f.name)
			require.Regexp(t, `^[a-z0-9-]+$`, f.name)
			require.Contains(t, []string{"R", "D", "C", "T", "G"}, f.level, f.name)
			require.Equal(t, group.heading == "Guesses", f.level == "G", f.name)
			require.Equal(t, f.level == "G", f.source == "", f.name)
			require.NotEmpty(t, f.says, f.name)
		}
	}
}

// The documentation of the package ends with the table. Write it anew with
// go test -run TestFactsAreDocumented ./baastest -update.
func TestFactsAreDocumented(t *testing.T) {
	const file = "doc.go"
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	byHand, _, ok := strings.Cut(string(got), factsHeading)
	require.True(t, ok, "no section of facts")
	want := byHand + factsSection()
	if *updateFacts {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	if string(got) != want {
		t.Fatalf("the facts in %s are not those of the table: run with -update", file)
	}
}

// factsHeading begins the section that is generated.
const factsHeading = "// # Facts\n"

func factsSection() string {
	var b strings.Builder
	b.WriteString(factsHeading + "//\n")
	paragraph(&b, "// ", "// ", "What a backend of this package does, with the evidence for it: R is a recorded response of the real backend, "+
		"D its documentation (pages of ifanrx/hydrogen-sdk-doc), C what the vendor's clients need or assert, T a stub in the vendor's tests, G a guess. "+
		"Each name is that of a subtest of TestFacts, which holds the fact; go test -run TestFactsAreDocumented -update writes this section. Do not build on the guesses.")
	for _, group := range facts {
		b.WriteString("//\n")
		paragraph(&b, "// ", "// ", group.heading+":")
		for _, f := range group.facts {
			text := fmt.Sprintf("%s (%s): %s", f.name, f.level, f.says)
			if f.source != "" {
				text += " Source: " + f.source
			}
			paragraph(&b, "//   - ", "//     ", text)
		}
	}
	b.WriteString("package baastest\n")
	return b.String()
}

// paragraph writes text in lines of at most 88 bytes.
func paragraph(b *strings.Builder, first, rest, text string) {
	line := first
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > 88:
			b.WriteString(line + "\n")
			line = rest + word
		default:
			line += " " + word
		}
	}
	b.WriteString(line + "\n")
}

// names returns the sorted names of an object's members.
func names(o m) []string {
	var out []string
	for name := range o {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
