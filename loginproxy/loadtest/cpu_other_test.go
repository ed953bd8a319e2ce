//go:build !unix

package loadtest_test

import "time"

// cpu returns the CPU time of this process, 0 where it is not known.
func cpu() time.Duration { return 0 }
