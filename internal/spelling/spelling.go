// Package spelling finds the name that somebody probably meant.
package spelling

import "strings"

// Closest returns the name that differs least from what was written, or "" if all
// differ much. Of equally close names it is the first.
func Closest(written string, names []string) string {
	written = strings.ToLower(written)
	if len(written) > 64 {
		return ""
	}
	best, least := "", min(len(written)/2+1, 4)
	for _, name := range names {
		if d := distance(written, strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two texts, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
