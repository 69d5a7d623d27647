package config

import (
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/conversations/retention"
)

// Default returns the settings before a file is read. What has no default is empty.
func Default() Config {
	return Config{
		Role:          Hosted,
		Environment:   Production,
		CitizenDomain: "patient.mssante.fr",
		INSKeyCheck:   true,
		Redis:         Redis{Server: Managed, Bridges: 1, WaitTimeout: time.Second},
		Store:         Store{Kind: LocalStore, Timeout: 30 * time.Second},
		Listen:        Listen{HTTP: "127.0.0.1:8080", SMTP: ":25", Ops: "127.0.0.1:9090"},
		Limits:        Limits{MaxMessageBytes: 26_214_400, MaxReplyBytes: 10_000_000, QuotaBytes: 2_000_000_000, VerdictsPerHour: 60, APIPerMinute: 600, LoginsPerMinute: 300, TokensPerMinute: 600},
		Enrolment:     Enrolment{Days: 7},
		Windows:       Windows{AfterAnswerDays: 7},
		SMTP:          SMTP{Revocation: Revocation{Online: true}},
		WhiteList: WhiteList{
			SignerCN: []string{trust.SignerName}, Every: time.Hour, WarnAfter: trust.DefaultWarnAfter,
			CriticalAfter: trust.DefaultCriticalAfter, StopAfter: trust.DefaultStopAfter,
		},
		Directory:     Directory{FHIR: DirectoryFHIR{Every: time.Hour, PerSecond: 10}},
		Mail:          Mail{Bounces: "dialogue", WrongPatient: "refuse", PerMinute: 6000, PerSender: 600, SenderBurst: 2000, Copies: true},
		Scan:          Scan{Timeout: 30 * time.Second},
		Oppositions:   Hard,
		Confidential:  Refused,
		Retention:     retentionOf(retention.Default()),
		Delivery:      Delivery{GiveUpHours: 48, AskDelivered: true},
		Journal:       Journal{SealEvery: 10 * time.Minute},
		Patients:      Provider{Level: "eidas2", ClientAuth: AuthBasic},
		INSClaim:      "ins",
		Professionals: Provider{Level: "eidas1", ClientAuth: AuthBasic},
		Log:           Log{Format: "json", Level: "info"},
	}
}

// sample returns the defaults with every other setting filled in, as an example to change.
func sample() Config {
	c := Default()
	c.DataDir = "/var/lib/mesbridge"
	c.Redis.Nodes = []string{}
	c.PublicURL = "https://messagerie.exemple.fr"
	c.Contact = "accessibilite@exemple.fr"
	c.Store.Endpoint, c.Store.Bucket, c.Store.Region = "https://s3.exemple.fr", "mesbridge", "eu-west-3"
	c.SMTP = SMTP{
		Hostname:    "smtp.exemple.fr",
		Certificate: "/etc/mesbridge/smtp.pem",
		Key:         "/etc/mesbridge/smtp.key",
		CA:          "/etc/mesbridge/igc-sante.pem",
		CRLs:        []File{},
		Revocation:  Revocation{Online: true, URLs: []string{"http://igc-sante.esante.gouv.fr/CRL/ACI-EL-ORG.crl"}, OCSP: "http://ocsp.esante.gouv.fr"},
	}
	c.Mailboxes = []Mailbox{{
		Address: "cardiologie@exemple.mssante.fr", Kind: "ORG", Responsible: []Person{{ID: "810000000017", Name: "Irène Chapuisat"}},
	}}
	c.Enrolment.Officers = []Person{{ID: "810000000017", Name: "Irène Chapuisat"}}
	c.Windows.Mailboxes = map[string]int{"secretariat@exemple.mssante.fr": 30}
	c.WhiteList.URL = "https://espacedeconfiance.mssante.fr/listeblanchemssante.xml"
	c.WhiteList.Roots = "/etc/mesbridge/igc-sante.pem"
	c.WhiteList.SignerRoots = "/etc/mesbridge/igc-sante.pem"
	c.Mail.Office = "/var/mail/mesbridge"
	c.Webhooks.Networks = []string{"10.20.0.0/16"}
	c.Scan.Clamd = "/run/clamav/clamd.ctl"
	c.Directory.File = "/var/lib/mesbridge-lists/Extraction_Correspondance_MSSante.txt"
	c.Directory.FHIR.URL, c.Directory.FHIR.Key = "https://gateway.api.esante.gouv.fr/fhir/v2", "/etc/mesbridge/annuaire.key"
	c.Keys = Keys{Master: "/etc/mesbridge/master.key", PatientHash: "/etc/mesbridge/patient-hash.key"}
	c.OAuth = OAuth{Secret: "/etc/mesbridge/oauth.secret", SigningKey: "/etc/mesbridge/oauth.key"}
	c.Listen.MutualTLS = ":8443"
	c.OAuth.MutualTLS = MutualTLS{
		URL: "https://mtls.messagerie.exemple.fr:8443", Certificate: "/etc/mesbridge/mtls.pem", Key: "/etc/mesbridge/mtls.key",
	}
	c.Patients.Issuer, c.Patients.Discovery = "https://auth.exemple.gouv.fr", "https://auth.exemple.gouv.fr/.well-known/openid-configuration"
	c.Patients.ClientID, c.Patients.ClientSecret = "mesbridge-patients", "/etc/mesbridge/patients.secret"
	c.Professionals.Issuer, c.Professionals.Discovery = "https://auth.exemple.esante.fr", "https://wallet.exemple.esante.fr/.well-known/openid-configuration"
	c.Professionals.ClientID, c.Professionals.ClientSecret = "mesbridge", "/etc/mesbridge/psc.secret"
	c.Professionals.Endpoints.Authorize = "https://wallet.exemple.esante.fr/auth"
	c.Structures = []Structure{{
		Key: "ch-exemple", FINESS: "990000010", Name: "Centre hospitalier d’Exemple", Users: "/etc/mesbridge/ch-exemple-users.csv", SubjectClaim: "sub",
		Provider: Provider{
			Issuer: "https://identite.ch-exemple.fr", ClientID: "mesbridge", ClientSecret: "/etc/mesbridge/ch-exemple.secret", Level: "eidas1",
			ClientAuth: AuthBasic, Scopes: []string{}, DecryptionKeys: []SecretFile{},
		},
	}}
	for _, p := range []*Provider{&c.Patients, &c.Professionals} {
		p.Scopes, p.DecryptionKeys = []string{}, []SecretFile{}
	}
	c.Notifications = Mailer{SmartHost: "relais.exemple.fr:25", From: "ne-pas-repondre@exemple.fr"}
	return c
}
