package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hydrogen-go/baas/internal/redistest"
	"github.com/hydrogen-go/baas/internal/testkit"
)

// The user of the images.
const imageUser = 65532

// image is the file system of an image of the Dockerfile, without Docker.
type image struct {
	t    *testing.T
	root string
	env  []string
}

// newImage builds the programs with the command of the Dockerfile, and puts them into an
// empty directory with the certificates of the authorities.
func newImage(t *testing.T) *image {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("chroot needs root")
	}
	const authorities = "/etc/ssl/certs/ca-certificates.crt"
	certificates, err := os.ReadFile(authorities)
	if err != nil {
		t.Skip("no certificates of authorities on this machine: ", err)
	}
	stages := dockerfile(t)
	// Others must be able to enter it, and the directory of a test is its owner's only.
	root, err := os.MkdirTemp("", "image")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	require.NoError(t, os.Chmod(root, 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(authorities)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, authorities), certificates, 0o644))
	build := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(buildCommand(t, stages), "/out/", root+"/"))
	build.Dir = moduleRoot
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return &image{t: t, root: root, env: imageEnvironment(t, stages)}
}

// command is a program of the image, as its user.
func (i *image) command(words []string, environ ...string) *exec.Cmd {
	c := exec.CommandContext(i.t.Context(), words[0], words[1:]...)
	c.Env, c.Dir = append(i.env, environ...), "/"
	c.SysProcAttr = &syscall.SysProcAttr{
		Chroot: i.root, Credential: &syscall.Credential{Uid: imageUser, Gid: imageUser}, Pdeathsig: syscall.SIGKILL,
	}
	return c
}

// runs starts a program, which ends at the end of the test.
func (i *image) runs(words []string, environ ...string) (log *testkit.Log, end func() error) {
	i.t.Helper()
	c, log := i.command(words, environ...), new(testkit.Log)
	c.Stdout, c.Stderr = log, log
	require.NoError(i.t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	i.t.Cleanup(func() {
		_ = c.Process.Kill()
		<-ended
	})
	return log, func() error {
		require.NoError(i.t, c.Process.Signal(syscall.SIGTERM))
		err := <-ended
		ended <- err
		return err
	}
}

// The programs run without a shell, a C library, a home directory or a writable file.
func TestImagesRun(t *testing.T) {
	if os.Getenv("CI") != "true" {
		t.Skip("builds both programs anew, which takes minutes: run with CI=true")
	}
	t.Parallel()
	i, stages := newImage(t), dockerfile(t)
	redis := redistest.Start(t, "--requirepass", password)
	secret := "/redis.password"
	require.NoError(t, os.WriteFile(i.root+secret, []byte(password), 0o644))

	// The ports of the images may be in use on this machine.
	backend, server := freeAddr(t), freeAddr(t)
	emulatorLog, _ := i.runs(append(execForm(t, all(stages, "baas-emulator", "ENTRYPOINT")[0]), "-addr", backend, "-client-id", "my-app"))
	loginproxy := execForm(t, all(stages, "baas-loginproxy", "ENTRYPOINT")[0])
	environ := []string{
		"BAAS_ADDR=" + server, "BAAS_CLIENT_ID=my-app", "BAAS_BACKEND=http://" + backend, "BAAS_REDIS_URL=redis://" + redis.Addr(),
		"BAAS_REDIS_PASSWORD_FILE=" + secret, "BAAS_DRAIN_DELAY=0s",
	}
	log, end := i.runs(loginproxy, environ...)
	healthy := func(program string, more ...string) func() bool {
		return func() bool {
			words := execForm(t, all(stages, program, "HEALTHCHECK")[0])
			return i.command(append(words, more...), environ...).Run() == nil
		}
	}
	require.Eventually(t, healthy("baas-emulator", "-addr", backend), 20*time.Second, 50*time.Millisecond, emulatorLog)
	require.Eventually(t, healthy("baas-loginproxy"), 20*time.Second, 50*time.Millisecond, log)
	v := &visitor{t: t, url: "http://" + server}
	requireReady(t, &process{url: v.url}, 200, ready)
	status, out := (&visitor{t: t, url: "http://" + backend}).do("POST", "/_emulator/people/kuaishou/ann/login", nil)
	require.Equal(t, 200, status)
	status, response := v.do("POST", "/auth/login/kuaishou", m{"code": out["code"]})
	require.Equal(t, 200, status, response)
	require.NoError(t, end(), log)
	require.False(t, healthy("baas-loginproxy")())

	out2, err := i.command(append(loginproxy, "-version")).CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out2), "baas-loginproxy v")
}
