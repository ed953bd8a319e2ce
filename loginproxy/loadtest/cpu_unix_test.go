//go:build unix

package loadtest_test

import (
	"syscall"
	"time"
)

// cpu returns the CPU time of this process, 0 where it is not known.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
