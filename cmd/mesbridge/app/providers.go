package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/oauth"
)

// providerTimeout bounds each call to an identity provider.
const providerTimeout = 10 * time.Second

// upstream is a provider as oauth takes it.
func upstream(p config.Provider) (*oauth.Upstream, error) {
	secret, err := p.ClientSecret.Read()
	if err != nil {
		return nil, fmt.Errorf("read the client secret: %w", err)
	}
	u := &oauth.Upstream{
		Issuer: p.Issuer, DiscoveryURL: p.Discovery, ClientID: p.ClientID, ClientSecret: strings.TrimSpace(string(secret)),
		SecretInBody: p.ClientAuth == config.AuthPost, CertificateOnly: p.ClientAuth == config.AuthCertificate,
		AuthorizeURL: p.Endpoints.Authorize, TokenURL: p.Endpoints.Token, UserInfoURL: p.Endpoints.UserInfo, KeysURL: p.Endpoints.Keys,
		EndSessionURL: p.Endpoints.EndSession, Scopes: p.Scopes, Level: p.Level, UserInfo: true,
	}
	for _, f := range p.DecryptionKeys {
		key, err := readPrivateKey(f)
		if err != nil {
			return nil, fmt.Errorf("read a decryption key: %w", err)
		}
		u.DecryptionKeys = append(u.DecryptionKeys, key)
	}
	if u.CertificateOnly {
		if u.HTTPClient, err = certified(p); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// certified is a client that shows the certificate of the settings to the provider (I20), and trusts what the system
// trusts beside it.
func certified(p config.Provider) (*http.Client, error) {
	cert, err := tls.LoadX509KeyPair(string(p.Certificate), string(p.Key))
	if err != nil {
		return nil, fmt.Errorf("read the client certificate: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's authorities: %w", err)
	}
	return &http.Client{Timeout: providerTimeout, Transport: &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, RootCAs: roots},
		IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}}, nil
}
