package baastest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hydrogen-go/baas/internal/spelling"
)

// unknownName is the error for a name that is none of the valid ones. It proposes the
// one that was probably meant, which may be an alias too.
func unknownName(what, got string, valid []string, aliases ...string) error {
	text := fmt.Sprintf("%s %q is not one of %s", what, got, strings.Join(valid, ", "))
	if meant := spelling.Closest(got, slices.Concat(valid, aliases)); meant != "" {
		text += fmt.Sprintf("; did you mean %s?", meant)
	}
	return &nameError{text}
}

// nameError is a name that nothing has.
type nameError struct{ text string }

func (e *nameError) Error() string { return e.text }
