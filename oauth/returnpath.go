package oauth

import (
	"net/url"
	"path"
	"strings"
)

// maxReturnBytes bounds the return path of a login; an authorization request fits well.
const maxReturnBytes = 2048

// returnPath gives the path and query on this host to go to after a login: asked, if it is one,
// else the start page of this kind of person. Whatever a browser could read as another host (two
// slashes, backslashes, a scheme) or as the login itself is not.
func returnPath(asked string, kind Kind) string {
	home := "/"
	if kind == Professional {
		home = "/pro"
	}
	if len(asked) > maxReturnBytes || !strings.HasPrefix(asked, "/") || strings.ContainsRune(asked, '\\') {
		return home
	}
	u, err := url.Parse(asked)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return home
	}
	// What a browser makes of dots is judged, and only paths that are clean already pass.
	clean := path.Clean(u.Path)
	if clean != u.Path && clean+"/" != u.Path {
		return home
	}
	if strings.HasPrefix(clean, loginPath) || strings.HasPrefix(clean, callbackPath) || clean == logoutPath {
		return home
	}
	return u.RequestURI()
}
