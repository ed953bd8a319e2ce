package main

import (
	"time"

	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/clientaddr"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/ratelimit"
	"github.com/hydrogen-go/baas/cmd/baas-loginproxy/internal/settings"
)

// The groups of the settings, in the order of the help.
const (
	groupMode     = "What to do"
	groupBackend  = "Backend"
	groupRedis    = "Redis"
	groupSessions = "Sessions"
	groupListen   = "Addresses and TLS"
	groupClients  = "Phones and browsers"
	groupLimits   = "Limits"
	groupLog      = "Log"
	groupStop     = "Stopping"
)

// table has all settings. Its defaults are those of c.
func table(c *config) settings.Table {
	var rows []settings.Setting
	for _, group := range []struct {
		name string
		rows []settings.Setting
	}{
		{groupMode, c.mode.rows()},
		{groupBackend, c.backend.rows()},
		{groupRedis, c.redis.rows()},
		{groupSessions, c.sessions.rows()},
		{groupListen, c.web.listenRows()},
		{groupClients, append(c.web.clientRows(), c.clients.rows()...)},
		{groupLimits, c.limits.rows()},
		{groupLog, c.log.rows()},
		{groupStop, c.stop.rows()},
	} {
		for _, row := range group.rows {
			row.Group = group.name
			rows = append(rows, row)
		}
	}
	return settings.Table{Prefix: "BAAS_", Settings: rows}
}

func (m *modes) rows() []settings.Setting {
	return []settings.Setting{
		{Name: "demo", Mode: true, Value: settings.Switch(&m.demo),
			Help: "Run a demo: a double of the backend in this process, sessions in memory, and a page with simulated phones. " +
				"It listens on a loopback address only, because it gives login codes to every client."},
		{Name: "check", Mode: true, Value: settings.Switch(&m.check),
			Help: "Check the settings, read the files, write to Redis, print what is wrong, and exit: 0 all is well, 1 Redis or the backend fails, 2 the settings are wrong."},
		{Name: "check-backend", Mode: true, Value: settings.Switch(&m.checkBackend),
			Help: "With -check: also ask the backend for its time."},
		{Name: "healthcheck", Mode: true, Value: settings.Switch(&m.healthcheck),
			Help: "Ask the server that runs on the same machine, with the same settings, for /livez, and exit: 0 it is alive, 1 it is not. For containers without a shell."},
		{Name: "version", Mode: true, Value: settings.Switch(&m.version),
			Help: "Print the version and exit."},
	}
}

func (b *backendConfig) rows() []settings.Setting {
	return []settings.Setting{
		{Name: "client-id", Value: settings.Text(&b.clientID, "ID"),
			Help: "Client id of the mini-program in the backend. Needed."},
		{Name: "backend", Value: settings.Text(&b.host, "URL"),
			Help: "Address of the backend; if it is not given, https://{client-id}.myminapp.com."},
		{Name: "backend-insecure-http", Value: settings.Switch(&b.insecureHTTP),
			Help: "Allow a backend with plain http:// that is not on a loopback address. Everybody on the way then reads codes, passwords and tokens."},
		{Name: "env", Value: settings.Text(&b.env, "ID"),
			Help: "Environment of the backend; if it is not given, none is sent."},
		{Name: "backend-timeout", Value: settings.Duration(&b.timeout, time.Millisecond),
			Help: "Longest time for what one request needs of the backend and of Redis; under 15m."},
		{Name: "backend-max-conns", Value: settings.Number(&b.maxConns, 1),
			Help: "Most connections to the backend at once, with HTTP/1.1. Further requests wait."},
	}
}

func (r *redisConfig) rows() []settings.Setting {
	address := settings.CheckAddress
	return []settings.Setting{
		{Name: "redis-url", Value: settings.Text(&r.url, "URL"), RefuseFlag: refusePassword,
			Help: "A single Redis, as redis://HOST:6379/0, rediss://HOST:6379/0 with TLS, or unix:///PATH. A password in the URL is taken from the variable, not from the flag."},
		{Name: "redis-cluster-addrs", Value: settings.List(&r.clusterAddrs, "HOST:PORT", address),
			Help: "Some nodes of a Redis Cluster."},
		{Name: "redis-sentinel-addrs", Value: settings.List(&r.sentinelAddrs, "HOST:PORT", address),
			Help: "The Sentinels that know the primary of -redis-sentinel-primary."},
		{Name: "redis-sentinel-primary", Value: settings.Text(&r.sentinelPrimary, "NAME"),
			Help: "Name of the primary, as the Sentinels have it (master name)."},
		{Name: "redis-sentinel-username", Value: settings.Text(&r.sentinelUsername, "NAME"),
			Help: "User of the Sentinels themselves."},
		{Name: "redis-sentinel-password", Secret: true, Value: settings.Text(&r.sentinelPassword, ""),
			Help: "Password of the Sentinels themselves."},
		{Name: "redis-username", Value: settings.Text(&r.username, "NAME"),
			Help: "User of Redis."},
		{Name: "redis-password", Secret: true, Value: settings.Text(&r.password, ""),
			Help: "Password of Redis."},
		{Name: "redis-db", Value: settings.Number(&r.db, 0),
			Help: "Database of a primary with Sentinels. A URL has it in its path. A cluster has one only."},
		{Name: "redis-tls", Value: settings.Switch(&r.tls),
			Help: "Use TLS to a cluster, or to Sentinels and their primary. A URL says it with rediss://."},
		{Name: "redis-tls-ca-file", Value: settings.Text(&r.caFile, "FILE"),
			Help: "Certificates of the authorities that may sign the certificate of Redis, in PEM; if it is not given, those of the system."},
		{Name: "redis-tls-cert-file", Value: settings.Text(&r.certFile, "FILE"),
			Help: "Certificate of this server for Redis, in PEM. It is read again when it changes."},
		{Name: "redis-tls-key-file", Value: settings.Text(&r.keyFile, "FILE"),
			Help: "Private key of -redis-tls-cert-file, in PEM."},
		{Name: "redis-tls-server-name", Value: settings.Text(&r.serverName, "NAME"),
			Help: "Name in the certificate of Redis; if it is not given, the host of the address."},
		{Name: "redis-prefix", Value: settings.Text(&r.prefix, "TEXT"),
			Help: "Beginning of the names of all keys in Redis: of the sessions (baas:session:…), of the limits (baas:limit:…) and of what /readyz writes (baas:ready:…). Replicas that share sessions have the same one."},
		{Name: "redis-pool-size", Value: settings.Number(&r.poolSize, 1),
			Help: "Most connections to each Redis at once; if it is not given, 10 for each CPU."},
		{Name: "redis-timeout", Value: settings.Duration(&r.timeout, time.Millisecond),
			Help: "Longest time for one attempt to connect, to write or to read."},
	}
}

func (s *sessionConfig) rows() []settings.Setting {
	return []settings.Setting{
		{Name: "sealing-keys", Secret: true, Value: settings.Value{Set: s.setSealingKeys},
			Help: "Keys that encrypt the sessions in Redis, each 32 random bytes in base64, one a line or with commas. The first one encrypts, every one decrypts. Without a key the sessions are not encrypted."},
		{Name: "sealing-accept-unsealed", Value: settings.Switch(&s.acceptUnsealed),
			Help: "Also read sessions that are not encrypted: for the time in which -sealing-keys-file is introduced."},
		{Name: "user-index", Value: settings.Switch(&s.userIndex),
			Help: "Keep a set of the sessions of each user in Redis, so that a program with the library can list and revoke them."},
		{Name: "session-idle", Value: settings.Duration(&s.idle, time.Second),
			Help: "How long a session lives without a request."},
		{Name: "session-absolute", Value: settings.Duration(&s.absolute, time.Second),
			Help: "How long a session lives after its login, with or without requests."},
	}
}

func (w *webConfig) listenRows() []settings.Setting {
	return []settings.Setting{
		{Name: "addr", Value: settings.Address(&w.addr),
			Help: "Address to serve phones on. Port 0 picks a free one. Without a host it is every address of the machine."},
		{Name: "metrics-addr", Value: settings.Address(&w.metricsAddr),
			Help: "Address to serve /metrics on, and /livez and /readyz too. It is for operators: do not open it to the internet. If it is not given, there are no metrics."},
		{Name: "tls-cert-file", Value: settings.Text(&w.certFile, "FILE"),
			Help: "Certificate of -addr with its chain, in PEM. It is read again when it changes. Without it -addr is plain HTTP, for a balancer with TLS in front."},
		{Name: "tls-key-file", Value: settings.Text(&w.keyFile, "FILE"),
			Help: "Private key of -tls-cert-file, in PEM."},
	}
}

func (w *webConfig) clientRows() []settings.Setting {
	return []settings.Setting{
		{Name: "cookie", Value: settings.Text(&w.cookie, "NAME"),
			Help: "Give browsers the session id as a cookie of that name, which begins with __Host-. If it is not given, there is no cookie."},
		{Name: "cookie-origins", Value: settings.List(&w.cookieOrigins, "ORIGIN", checkOrigin),
			Help: "Other origins whose pages may use the cookie, as https://app.example.com."},
		{Name: "cors-origins", Value: settings.List(&w.corsOrigins, "ORIGIN", checkOrigin),
			Help: "Origins whose pages may call this server from a browser (CORS), as https://app.example.com."},
		{Name: "user-fields", Value: settings.List(&w.userFields, "NAME", nil),
			Help: "The fields of the user that the responses on /auth/ show; if it is not given, all that the backend sends."},
		{Name: "openapi", Value: settings.Switch(&w.openAPI),
			Help: "Serve the description of the routes in OpenAPI 3.1 on /auth/openapi.json."},
		{Name: "max-body", Value: settings.Number(&w.maxBody, 1024),
			Help: "Largest body of a request, in bytes."},
	}
}

func (c *clientConfig) rows() []settings.Setting {
	header := string(c.header)
	return []settings.Setting{
		{Name: "trusted-proxies", Value: settings.Value{Word: "PREFIX,…", Set: c.setTrusted},
			Help: "Addresses of the balancers in front, as 10.0.0.0/8, or the words loopback and private. Only from them the client's address, a request id and a trace are taken from headers. If it is not given, the client is whoever connects."},
		{Name: "client-header", Value: settings.Value{Word: "NAME", Default: header, Set: c.setHeader},
			Help: "Header in which the trusted proxies name the client: X-Forwarded-For, or X-Real-Ip."},
		{Name: "log-client-addr", Value: settings.Switch(&c.log),
			Help: "Log the addresses of clients. They are personal data in many countries."},
	}
}

func (c *clientConfig) setTrusted(text string) (err error) {
	c.trusted, err = clientaddr.ParsePrefixes(text)
	return err
}

func (c *clientConfig) setHeader(text string) (err error) {
	c.header, err = clientaddr.ParseHeader(text)
	return err
}

func (l *limitConfig) rows() []settings.Setting {
	limit := func(name string, limits *ratelimit.Limits, help string) settings.Setting {
		return settings.Setting{Name: "limit-" + name, Value: settings.Unmarshal(limits, "N/PERIOD,…|off"), Help: help}
	}
	r := &l.rules
	return []settings.Setting{
		limit("login-account", &r.Login.Account, "Logins with a password, for each account, as 10/1m,100/24h: at most 10 at once and one more every 6 seconds, and 100 in a day."),
		limit("login-address", &r.Login.Address, "Logins with a password, for each address of a client. An IPv6 address counts with its /64."),
		limit("sms-login-account", &r.SMSLogin.Account, "Logins with the code of a text message, for each phone number."),
		limit("sms-login-address", &r.SMSLogin.Address, "Logins with the code of a text message, for each address."),
		limit("register-account", &r.Register.Account, "Registrations, for each account."),
		limit("register-address", &r.Register.Address, "Registrations, for each address."),
		limit("sms-account", &r.SMS.Account, "Text messages, for each phone number."),
		limit("sms-address", &r.SMS.Address, "Text messages, for each address."),
		limit("sms-check-account", &r.SMSCheck.Account, "Checks of the code of a text message on the backend's paths, for each phone number."),
		limit("sms-check-address", &r.SMSCheck.Address, "Checks of the code of a text message on the backend's paths, for each address."),
		limit("password-reset-account", &r.PasswordReset.Account, "Mails to reset a password, for each mailbox."),
		limit("password-reset-address", &r.PasswordReset.Address, "Mails to reset a password, for each address."),
		limit("platform-login-address", &r.PlatformLogin, "Logins on a platform, for each address. While Redis fails, only these pass without being counted: their codes cannot be guessed."),
		limit("anonymous-login-address", &r.AnonymousLogin, "Anonymous logins, for each address."),
		{Name: "limit-secret", Secret: true, Value: settings.Text(&l.secret, ""),
			Help: "At least 16 random bytes of text, the same for all replicas. Accounts and addresses are hashed with it before they are counted in Redis, so that nobody who reads Redis finds them by trying all phone numbers."},
	}
}

func (l *logConfig) rows() []settings.Setting {
	return []settings.Setting{
		{Name: "log-format", Value: settings.OneOf(&l.format, "text", "json"),
			Help: "Form of the log on standard error."},
		{Name: "log-level", Value: settings.OneOf(&l.level, "debug", "info", "warn", "error"),
			Help: "Lowest level that is logged. debug has a line for each request to the backend."},
	}
}

func (c *stopConfig) rows() []settings.Setting {
	return []settings.Setting{
		{Name: "drain-delay", Value: settings.Duration(&c.drainDelay, 0),
			Help: "After SIGTERM or SIGINT, how long to serve on while /readyz is 503, so that balancers notice. With -demo it is 0s."},
		{Name: "stop-timeout", Value: settings.Duration(&c.timeout, 0),
			Help: "After -drain-delay, how long requests under way may take. A second signal ends the program at once, unless it comes within a second of the first."},
	}
}
