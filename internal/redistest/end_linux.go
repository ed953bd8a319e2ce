package redistest

import (
	"os/exec"
	"syscall"
)

// endWithTest has the kernel kill the process if the test binary ends without its
// cleanup, as after a timeout.
func endWithTest(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
