package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// moduleRoot is the module's root, as seen from this package.
const moduleRoot = "../.."

func repositoryFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot, name))
	require.NoError(t, err)
	return string(text)
}

// stage is a FROM of the Dockerfile with what follows it.
type stage struct {
	base  string
	lines []instruction
}

type instruction struct{ name, text string }

// dockerfile returns the stages of the Dockerfile, by name.
func dockerfile(t *testing.T) map[string]*stage {
	t.Helper()
	stages := map[string]*stage{}
	var current *stage
	for line := range strings.Lines(repositoryFile(t, "Dockerfile")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, text, _ := strings.Cut(line, " ")
		if name == "FROM" {
			words := strings.Fields(text)
			require.Len(t, words, 3, line)
			require.Equal(t, "AS", words[1])
			current = &stage{base: words[0]}
			stages[words[2]] = current
			continue
		}
		require.NotNil(t, current)
		current.lines = append(current.lines, instruction{name, text})
	}
	return stages
}

// all returns the texts of the instructions of that name, with those of the stages below.
func all(stages map[string]*stage, name, instruction string) []string {
	var texts []string
	for s := stages[name]; s != nil; s = stages[s.base] {
		for _, line := range s.lines {
			if line.name == instruction {
				texts = append(texts, line.text)
			}
		}
	}
	return texts
}

// execForm returns the words of an instruction in its JSON form.
func execForm(t *testing.T, text string) []string {
	t.Helper()
	var words []string
	require.NoError(t, json.Unmarshal([]byte(text[strings.Index(text, "["):]), &words), text)
	return words
}

// The stages fit together, and what they copy and build exists.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	stages := dockerfile(t)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(repositoryFile(t, "go.mod"))
	require.Equal(t, "golang:"+version[1], stages["build"].base)
	for _, line := range stages["build"].lines {
		if line.name == "COPY" {
			words := strings.Fields(line.text)
			for _, source := range words[:len(words)-1] {
				_, err := os.Stat(filepath.Join(moduleRoot, source))
				require.NoError(t, err)
			}
		}
	}
	built := buildCommand(t, stages)
	require.Contains(t, built, "CGO_ENABLED=0")
	require.Contains(t, built, "-trimpath")
	for _, program := range []string{"baas-loginproxy", "baas-emulator"} {
		require.Contains(t, built, "./cmd/"+program)
		require.Equal(t, []string{"65532:65532"}, all(stages, program, "USER"), "a number, not root")
		require.ElementsMatch(t, []string{
			"--from=build /out/" + program + " /" + program,
			"--from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",
		}, all(stages, program, "COPY"))
		for _, name := range []string{"ENTRYPOINT", "HEALTHCHECK"} {
			texts := all(stages, program, name)
			require.Len(t, texts, 1)
			require.Equal(t, "/"+program, execForm(t, texts[0])[0])
		}
	}
	_, err := parse(append([]string{"-client-id", "c", "-redis-url", "redis://r"}, execForm(t, all(stages, "baas-loginproxy", "ENTRYPOINT")[0])[1:]...), imageEnvironment(t, stages))
	require.NoError(t, err)
	c, err := parse(execForm(t, all(stages, "baas-loginproxy", "HEALTHCHECK")[0])[1:], imageEnvironment(t, stages))
	require.NoError(t, err)
	require.True(t, c.mode.healthcheck)
	require.Equal(t, []string{strings.TrimPrefix(c.web.addr, ":")}, all(stages, "baas-loginproxy", "EXPOSE"))
}

// The secrets of the compose file stay out of the build and out of the repository. The
// build needs .git.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	patterns := func(name string) []string {
		var found []string
		for line := range strings.Lines(repositoryFile(t, name)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				found = append(found, strings.Trim(line, "/"))
			}
		}
		return found
	}
	dockerIgnores, gitIgnores := patterns(".dockerignore"), patterns(".gitignore")
	for name, secret := range compose(t, map[string]string{"BAAS_CLIENT_ID": "my-app"}).Secrets {
		dir := filepath.Dir(secret.File)
		require.NotEqual(t, ".", dir, name)
		require.Contains(t, dockerIgnores, dir, name)
		require.Contains(t, gitIgnores, dir, name)
	}
	for _, pattern := range dockerIgnores {
		for _, needed := range []string{".git", "go.mod", "cmd/baas-loginproxy/main.go"} {
			matched, err := filepath.Match(pattern, needed)
			require.NoError(t, err)
			require.False(t, matched || strings.HasPrefix(needed, pattern+"/"), "%s leaves out %s", pattern, needed)
		}
	}
}

func buildCommand(t *testing.T, stages map[string]*stage) string {
	t.Helper()
	for _, text := range all(stages, "build", "RUN") {
		if strings.Contains(text, "go build") {
			return text
		}
	}
	t.Fatal("nothing is built")
	return ""
}

// imageEnvironment is what ENV sets.
func imageEnvironment(t *testing.T, stages map[string]*stage) []string {
	t.Helper()
	var environ []string
	for _, text := range all(stages, "baas-loginproxy", "ENV") {
		environ = append(environ, strings.Fields(text)...)
	}
	require.NotEmpty(t, environ)
	return environ
}

// composeFile is what compose.yaml may have.
type composeFile struct {
	Services map[string]struct {
		Build struct {
			Context, Target string
		}
		Image       string
		Profiles    []string
		Command     []string
		Environment map[string]string
		Secrets     []string
		Ports       []string
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
		Healthcheck struct {
			Test              []string
			Interval, Timeout string
			Retries           int
		}
		Volumes         []string
		User            string
		Tmpfs           []string
		StopGracePeriod string `yaml:"stop_grace_period"`
		Restart         string
		ReadOnly        bool     `yaml:"read_only"`
		CapDrop         []string `yaml:"cap_drop"`
		SecurityOpt     []string `yaml:"security_opt"`
	}
	Secrets map[string]struct{ File string }
	Volumes map[string]struct{}
}

var variable = regexp.MustCompile(`\$\{(\w+)(:[-?])([^}]*)\}`)

// compose parses compose.yaml, with the variables as docker compose sets them.
func compose(t *testing.T, environment map[string]string) composeFile {
	t.Helper()
	text := variable.ReplaceAllStringFunc(repositoryFile(t, "compose.yaml"), func(match string) string {
		parts := variable.FindStringSubmatch(match)
		if value := environment[parts[1]]; value != "" {
			return value
		}
		require.Equal(t, ":-", parts[2], "%s is needed", parts[1])
		return parts[3]
	})
	require.NotRegexp(t, `[^$]\$[^$]`, text, "a variable that this test does not know")
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	var c composeFile
	require.NoError(t, decoder.Decode(&c))
	return c
}

// Every variable of the compose file is a setting, and they fit together.
func TestCompose(t *testing.T) {
	t.Parallel()
	stages := dockerfile(t)
	for name, environment := range map[string]map[string]string{
		"the real backend": {"BAAS_CLIENT_ID": "my-app"},
		"the emulator":     {"BAAS_CLIENT_ID": "test-client", "BAAS_BACKEND": "http://emulator:8899", "BAAS_BACKEND_INSECURE_HTTP": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := compose(t, environment)
			server := c.Services["loginproxy"]
			environ := imageEnvironment(t, stages)
			secrets := t.TempDir()
			for name, value := range server.Environment {
				if secret, ok := strings.CutPrefix(value, "/run/secrets/"); ok {
					require.Contains(t, server.Secrets, secret)
					require.Contains(t, c.Secrets, secret)
					value = filepath.Join(secrets, secret)
					require.NoError(t, os.WriteFile(value, []byte(keyOne+"\n"), 0o600))
				}
				environ = append(environ, name+"="+value)
			}
			config, err := parse(nil, environ)
			require.NoError(t, err)
			require.Equal(t, environment["BAAS_BACKEND"], config.backend.host)
			require.NotEmpty(t, config.redis.password)
			require.NotEmpty(t, config.sessions.sealingKeys)
			require.Contains(t, server.Ports, "127.0.0.1:8080"+config.web.addr)
			require.Contains(t, server.Ports, "127.0.0.1:9090"+config.web.metricsAddr)
			require.Contains(t, config.redis.url, "://redis:", "the name of the service")
			grace, err := parse(nil, append(environ, "BAAS_DRAIN_DELAY="+server.StopGracePeriod))
			require.NoError(t, err)
			require.Greater(t, grace.stop.drainDelay, config.stop.drainDelay+config.stop.timeout)
		})
	}
	c := compose(t, map[string]string{"BAAS_CLIENT_ID": "my-app"})
	for name, service := range c.Services {
		if service.Build.Target != "" {
			require.Contains(t, stages, service.Build.Target, name)
			require.True(t, service.ReadOnly && slices.Contains(service.CapDrop, "ALL"))
		}
		for needed := range service.DependsOn {
			require.Contains(t, c.Services, needed)
			require.NotEmpty(t, c.Services[needed].Healthcheck.Test)
		}
	}
	require.Equal(t, []string{"emulator"}, c.Services["emulator"].Profiles)
}
