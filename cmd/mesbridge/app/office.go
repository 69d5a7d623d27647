package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mesbridge/bridge"
)

// officeFolder is the Maildir of the operator's mail in the data directory.
const officeFolder = "operator-mail"

// openOffice opens the Maildir of mail to postmaster and abuse (O97).
func (a *App) openOffice() (*bridge.Maildir, error) {
	dir := a.Config.Mail.Office
	if dir == "" {
		dir = filepath.Join(a.Config.DataDir, officeFolder)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make mail.office: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open mail.office: %w", err)
	}
	a.onStop("operator mail", time.Second, func(context.Context) error { return root.Close() })
	return bridge.NewMaildir(root)
}
