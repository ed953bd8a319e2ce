// Package clientaddr finds the address of a client behind trusted proxies, such as a
// load balancer.
//
//	trusted, err := clientaddr.ParsePrefixes("10.0.0.0/8,fd00::/8")
//	…
//	clients, err := clientaddr.New(trusted, clientaddr.ForwardedFor)
//	…
//	loginproxy.New(backend, loginproxy.WithClientAddr(clients.String))
//
// A client can send X-Forwarded-For itself, and a proxy only appends to it. So the
// header is read from its end: the address of the client is the last one that is not of
// a trusted proxy. The header is not read at all unless the connection comes from a
// trusted proxy.
package clientaddr
