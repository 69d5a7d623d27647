package config

import (
	"errors"
	"fmt"
	"time"
)

// Revocation says how withdrawn certificates are known, beside the files of SMTP.CRLs.
type Revocation struct {
	Online   bool     `yaml:"online" doc:"Fetch the lists that certificates name, over http, keep them in dataDir, and ask the OCSP responders that they name where no list tells (O50). Without it, and without crls, nothing would ever be found withdrawn: refused in production."`
	URLs     []string `yaml:"urls" doc:"Lists to fetch from the start, also when no certificate has named them yet."`
	OCSP     string   `yaml:"ocsp" doc:"OCSP responder for certificates that name none; empty: none."`
	SoftFail bool     `yaml:"softFail" may:"empty" doc:"Emergency switch: let certificates pass of which nothing valid tells. An alarm stays on meanwhile (O52)."`
}

// shortestRefresh keeps a slip of the pen from asking the publisher all the time.
const shortestRefresh = time.Minute

// trustFaults tells what of the trust settings cannot be.
func (c Config) trustFaults() []error {
	w, r := c.WhiteList, c.SMTP.Revocation
	errs := []error{
		urlFault("whiteList.url", w.URL, c.Environment),
		listURLFault("smtp.revocation.ocsp", r.OCSP),
	}
	if (w.File == "") == (w.URL == "") {
		errs = append(errs, errors.New("whiteList: write either url, to fetch the list, or file, when something else fetches it"))
	}
	if w.URL != "" && w.Roots == "" {
		errs = append(errs, errors.New("whiteList.roots is missing: name the roots of the server of whiteList.url, PEM; the system's are never used (O11)"))
	}
	if w.Every < shortestRefresh || w.Every > w.WarnAfter || w.WarnAfter > w.CriticalAfter || w.CriticalAfter > w.StopAfter {
		errs = append(errs, fmt.Errorf("whiteList: write delays with %v <= every <= warnAfter <= criticalAfter <= stopAfter (O16)", shortestRefresh))
	}
	for _, u := range r.URLs {
		errs = append(errs, listURLFault("smtp.revocation.urls", u))
	}
	if c.Environment == Production && !r.Online && len(c.SMTP.CRLs) == 0 {
		errs = append(errs, errors.New("smtp.revocation.online: withdrawn certificates are always looked for in production; write true, or name files in smtp.crls (O51)"))
	}
	return errs
}

// listURLFault asks for a URL that signed revocation information is at: plain http will do, it is how
// authorities publish it (O50).
func listURLFault(name, text string) error { return urlFault(name, text, Test) }
