package oauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// discoveryDocument describes the server (OpenID Connect Discovery 1.0 section 3, RFC 8414). The
// scopes of the API are not listed: they are agreed with each client.
func discoveryDocument(c Config) ([]byte, error) {
	issuer := c.Issuer
	proofs := []string{"client_secret_basic", "private_key_jwt"}
	if c.MutualTLS != nil {
		proofs = append(proofs, "tls_client_auth", "self_signed_tls_client_auth")
	}
	authMethods := append(slices.Clone(proofs), "none")
	grants := []string{"authorization_code", "refresh_token", "client_credentials"}
	if c.MutualTLS != nil && c.Professionals != nil {
		grants = append(grants, exchangeGrant)
	}
	about := map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                issuer + authorizePath,
		"pushed_authorization_request_endpoint": issuer + pushPath,
		"token_endpoint":                        issuer + tokenPath,
		"introspection_endpoint":                issuer + introspectPath,
		"revocation_endpoint":                   issuer + revokePath,
		"userinfo_endpoint":                     issuer + userInfoPath,
		"end_session_endpoint":                  issuer + endSessionPath,
		"jwks_uri":                              issuer + keysPath,
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 grants,
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"code_challenge_methods_supported":      []string{"S256"},
		"scopes_supported":                      []string{scopeOpenID, scopeOffline, scopeProfile},
		"claims_supported":                      []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "at_hash", "exercise", "name"},
		"acr_values_supported":                  []string{eidas1, eidas2, eidas3},
		"prompt_values_supported":               []string{"none", "login", "consent"},
		"ui_locales_supported":                  []string{"fr"},
		"claims_parameter_supported":            false,
		"request_parameter_supported":           false,
		"request_uri_parameter_supported":       false, // references of pushed requests are another thing (RFC 9126)

		"authorization_response_iss_parameter_supported": true, // RFC 9207

		"token_endpoint_auth_methods_supported":                    authMethods,
		"token_endpoint_auth_signing_alg_values_supported":         []string{"ES256", "RS256"},
		"introspection_endpoint_auth_methods_supported":            proofs,
		"introspection_endpoint_auth_signing_alg_values_supported": []string{"ES256", "RS256"},
		"revocation_endpoint_auth_methods_supported":               authMethods,
		"revocation_endpoint_auth_signing_alg_values_supported":    []string{"ES256", "RS256"},
	}
	if c.MutualTLS != nil { // RFC 8705 sections 3.3 and 5
		about["tls_client_certificate_bound_access_tokens"] = true
		about["mtls_endpoint_aliases"] = map[string]string{
			"token_endpoint":                        c.MutualTLS.URL + tokenPath,
			"introspection_endpoint":                c.MutualTLS.URL + introspectPath,
			"revocation_endpoint":                   c.MutualTLS.URL + revokePath,
			"pushed_authorization_request_endpoint": c.MutualTLS.URL + pushPath,
			"userinfo_endpoint":                     c.MutualTLS.URL + userInfoPath,
		}
	}
	doc, err := json.Marshal(about)
	if err != nil {
		return nil, fmt.Errorf("encode discovery document: %w", err)
	}
	return doc, nil
}

func (s *Server) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, json.RawMessage(s.discovery))
}

func (s *Server) serveKeys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, s.keySet)
}

// writeJSON answers with v, which always encodes: it is made of plain fields. An error of writing
// means that the client left.
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_ = json.NewEncoder(w).Encode(v)
}
