package config

import "time"

// Config is every setting. Field tags: doc is the comment of the example file, need:"yes" marks what
// has no default, oneOf lists the values that are allowed, may:"empty" marks what the example leaves empty.
type Config struct {
	Role          Role        `yaml:"role" oneOf:"hosted relay simulator" doc:"What the bridge is in the exchange (D1). Only hosted is offered so far: the bridge holds the inboxes of the citizen domain."`
	Environment   Environment `yaml:"environment" oneOf:"production test" doc:"production, or test for a test PKI and test identities (O56, D20, D26)."`
	CitizenDomain string      `yaml:"citizenDomain" doc:"Domain of the patients' addresses; the verified white list must carry our own certificate for it (D2)."`
	INSKeyCheck   bool        `yaml:"insKeyCheck" doc:"Check the two key digits of a matricule INS; off only in environment test (D20)."`
	DataDir       string      `yaml:"dataDir" need:"yes" doc:"Directory of messages, journal and keys, of this bridge alone. Back it up whole."`
	Redis         Redis       `yaml:"redis" doc:"The state: a server of its own, or a Redis Cluster that several bridges share (docs/operations.md)."`
	Store         Store       `yaml:"store" doc:"Where the bytes of messages and the data keys are kept, both sealed."`
	PublicURL     string      `yaml:"publicURL" need:"yes" doc:"Address under which browsers reach the bridge, without a path; also the issuer of its tokens."`
	Contact       string      `yaml:"contact" doc:"E-mail address at which people reach you whom a page keeps out; the accessibility statement gives it, and must (I216). Empty: the statement says that there is none yet."`
	Listen        Listen      `yaml:"listen" doc:"Where the bridge listens."`
	Limits        Limits      `yaml:"limits" doc:"Sizes in octets of whole messages as they travel (D19), how often one may ask (D29) and call."`
	Mailboxes     []Mailbox   `yaml:"mailboxes" doc:"Organisational (ORG) and practice (CAB) mailboxes whose users write from here, and who is responsible, by national identifier: 8 and the RPPS number. They list the users on the pages, and read nothing by it (I119, D27). A personal mailbox needs no entry: the directory knows its holder (I120)."`
	Enrolment     Enrolment   `yaml:"enrolment" doc:"Enrolment of patients face to face, with a one-time code, where the patients' provider gives no matricule (D26)."`
	Windows       Windows     `yaml:"replyWindows" doc:"Reply windows of mailboxes; none by default (D8)."`
	Mail          Mail        `yaml:"mail" doc:"How mail from professionals is taken."`
	Scan          Scan        `yaml:"scan" doc:"The look into messages and attachments for viruses (O168)."`
	Retention     Retention   `yaml:"retention" doc:"How long each kind of data stays (D16); check-config prints the table. In a role but hosted the controller decides: each period is then needed."`
	Oppositions   Oppositions `yaml:"oppositions" oneOf:"hard soft" doc:"How binding a refusal is that a professional recorded on the patient's word (D14 d). hard: the desk and the API do not write; soft: they do with a reason, which is traced (I140)."`
	Confidential  Secrecy     `yaml:"confidential" oneOf:"refused hidden" doc:"What becomes of a first message that the desk or the API marks as confidential to a known minor (D28). refused: the author is told to use another way; hidden: it is taken, and nobody who acts for the minor sees it."`
	SMTP          SMTP        `yaml:"smtp" doc:"This server among the operators (O47-O65). PEM files."`
	Delivery      Delivery    `yaml:"delivery" doc:"Mail to the other operators (O81-O91)."`
	WhiteList     WhiteList   `yaml:"whiteList" doc:"The signed list of the domains of the trust space (O10-O46)."`
	Directory     Directory   `yaml:"directory" doc:"The local table of professional mailboxes (O138, O139)."`
	Keys          Keys        `yaml:"keys" doc:"Keys of this installation, made once each: openssl rand -hex 32 > FILE; chmod 600 FILE. Losing the master key loses every message."`
	Journal       Journal     `yaml:"journal" doc:"The journal of every act, which audit and rebuild read."`
	OAuth         OAuth       `yaml:"oauth" doc:"The bridge's own authorization server."`
	Patients      Provider    `yaml:"patients" doc:"Identity provider of the patients, of level substantial: one that gives the INS, or FranceConnect+ with enrolment (D26, O145)."`
	INSClaim      string      `yaml:"insClaim" may:"empty" doc:"Claim of the patients' provider that holds the matricule INS: only the ENS front or a pairing service may give one. Empty for FranceConnect+, which gives none: patients are then enrolled (I76)."`
	Professionals Provider    `yaml:"professionals" doc:"Identity provider of the professionals: Pro Santé Connect (D26, I5-I15)."`
	Structures    []Structure `yaml:"structures" doc:"Structures whose own OpenID provider lets their staff in, beside Pro Santé Connect: key, a short name for URLs that never changes, finess, name, users, the list of who may come in (CSV; see mesbridge users), subjectClaim, the claim that the list knows people by, and provider, with the settings of professionals. It vouches for mailboxes of that structure alone (D26)."`
	Webhooks      Webhooks    `yaml:"webhooks" doc:"Calls to software that asked by the API to be told what happens in a mailbox."`
	Notifications Mailer      `yaml:"notifications" doc:"Neutral e-mails to the private addresses that patients gave; they hold no health information and no link (O90, R123)."`
	Log           Log         `yaml:"log" doc:"Technical log, on standard error; it holds no personal data."`
}

// Role is what the bridge is in the exchange (D1).
type Role string

// Roles of D1.
const (
	Hosted    Role = "hosted"
	Relay     Role = "relay"
	Simulator Role = "simulator"
)

// Environment tells whether people and messages are real.
type Environment string

// Environments.
const (
	Production Environment = "production"
	Test       Environment = "test"
)

// Listen holds the addresses to listen on, HOST:PORT.
type Listen struct {
	HTTP string `yaml:"http" doc:"Pages and API, without TLS: a reverse proxy on the same machine stands before it."`
	SMTP string `yaml:"smtp" doc:"Mail from the other operators, STARTTLS (O57)."`
	// MutualTLS terminates TLS itself.
	MutualTLS string `yaml:"mutualTLS" may:"empty" doc:"API and token endpoints for software that shows a certificate (RFC 8705), with TLS of our own: no proxy may stand before it. Empty: there is none. Needs oauth.mutualTLS."`
	Ops       string `yaml:"ops" doc:"Health and metrics; never open to the outside."`
}

// Limits holds sizes of whole messages in octets, and how often one may ask.
type Limits struct {
	MaxMessageBytes int64 `yaml:"maxMessageBytes" doc:"Largest message from a professional, advertised as SIZE (D19, O78)."`
	MaxReplyBytes   int64 `yaml:"maxReplyBytes" doc:"Largest reply of a patient, encoded, so that any operator takes it; at most maxMessageBytes (D19, O165)."`
	QuotaBytes      int64 `yaml:"quotaBytes" doc:"Room of one mailbox: its messages and saved documents. A full mailbox defers mail for 48 hours, then refuses it; its holder is told from 80 % on (D19, O167). 0: no limit."`
	// APIPerMinute counts callers.
	APIPerMinute int `yaml:"apiPerMinute" doc:"How many calls of the API one caller, a person or an application, may make in a minute; over it 429. 0: any number."`
	// LoginsPerMinute and TokensPerMinute count sources, the latter clients too.
	LoginsPerMinute int `yaml:"loginsPerMinute" doc:"How many logins may begin in a minute from one source, an address or an IPv6 network of 64 bits, which the proxy on this machine names last in X-Forwarded-For; over it 429. A hospital is one source. 0: any number."`
	TokensPerMinute int `yaml:"tokensPerMinute" doc:"How often in a minute one source, and one client that proved who it is, may ask for tokens; over it 429. 0: any number."`
	// VerdictsPerHour counts persons.
	VerdictsPerHour int `yaml:"verdictsPerHour" doc:"How often one person may ask in an hour whether a patient can be reached; 0: as often as he likes (D29)."`
}

// Mailbox is one that several persons use.
type Mailbox struct {
	Address     string   `yaml:"address"`
	Kind        string   `yaml:"kind"`
	Responsible []Person `yaml:"responsible"`
	FINESS      string   `yaml:"finess,omitempty"` // of its structure, when the directory does not know the mailbox
}

// Structure is the OpenID provider of one structure (D26).
type Structure struct {
	Key          string   `yaml:"key"`
	FINESS       string   `yaml:"finess"`
	Name         string   `yaml:"name"`
	Users        File     `yaml:"users"`
	SubjectClaim string   `yaml:"subjectClaim"`
	Provider     Provider `yaml:"provider"`
}

// Person is somebody named by his national identifier (I109).
type Person struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

// Enrolment says who enrols patients face to face (D26).
type Enrolment struct {
	Officers []Person `yaml:"officers" doc:"Who may enrol, and hand a code over, by national identifier as in mailboxes. They get a page of their own."`
	Days     int      `yaml:"days" doc:"How long a code waits for the patient."`
}

// Windows are the reply windows of mailboxes.
type Windows struct {
	Mailboxes       map[string]int `yaml:"mailboxes" doc:"Days during which a patient may answer a message of a mailbox, by its address. The end is announced, and never comes while the patient waits for an answer."`
	AfterAnswerDays int            `yaml:"afterAnswerDays" doc:"Days that an answer to the patient leaves him at least."`
}

// Mail says how mail from professionals is taken.
type Mail struct {
	Bounces      string `yaml:"bounces" oneOf:"dialogue data mes" doc:"How a sender learns that a patient takes no mail (D18). dialogue: refused at RCPT. data: who cannot reach the patient is refused after DATA, so that a block of an author who is not the envelope's sender looks like a closed mailbox (D36). mes: accepted and then reported, as Mon espace santé does."`
	Office       string `yaml:"office" doc:"Maildir in which mail to postmaster and abuse of the citizen domain is filed, for you to read (O97); empty: operator-mail in dataDir."`
	PerMinute    int    `yaml:"perMinute" doc:"Messages a minute from one operator, counted by each bridge; 0: no limit (D35, O169)."`
	PerSender    int    `yaml:"perSender" doc:"Messages a minute from one sender; 0: no limit (D35)."`
	WrongPatient string `yaml:"wrongPatient" oneOf:"refuse flag" doc:"What is done with a message whose health document names another patient than the recipient (D31). refuse: it is refused, also from the API. flag: it is delivered with a notice, and traced."`
	Copies       bool   `yaml:"copies" may:"empty" doc:"Send a professional's mailbox a copy of what is written for it here, so that its own software has it too (D30)."`
	SenderBurst  int    `yaml:"senderBurst" doc:"Messages at once from one sender, before perSender counts (D35)."`
}

// FlagWrongPatient is the value of Mail.WrongPatient that lets such messages through.
const FlagWrongPatient = "flag"

// Scan says which scanner looks into messages.
type Scan struct {
	Clamd   string        `yaml:"clamd" doc:"Socket of ClamAV's clamd, a path or HOST:PORT, and StreamMaxLength there above maxMessageBytes. Empty: nothing is scanned. Without an answer mail waits (D35)."`
	Timeout time.Duration `yaml:"timeout" doc:"How long clamd may take to connect, to take octets, and to judge."`
}

// Retention holds periods; each end is traced. Its table is printed by check-config.
type Retention struct {
	ArchiveYears   int `yaml:"archiveYears" doc:"A closed account is kept so many years, reversible, then erased (O113)."`
	SuspensionDays int `yaml:"suspensionDays" doc:"An account suspended by authority is closed after so many days without opposition (O116)."`
	TrashDays      int `yaml:"trashDays" doc:"A conversation that the patient deleted is erased after so many days, unreadable meanwhile (OP18)."`
	DeadBodyHours  int `yaml:"deadBodyHours" doc:"What was received for a message that was never committed is removed after so many hours."`
	// FunctionalYears and TechnicalDays part the journal.
	FunctionalYears int `yaml:"functionalYears" doc:"Traces of what was done with messages and rights, those of security among them, stay so many years (D16, O153)."`
	TechnicalDays   int `yaml:"technicalDays" doc:"Technical traces, of how the program ran, stay so many days; no longer than the others (D16, I185)."`
	PurgeEveryDays  int `yaml:"purgeEveryDays" doc:"Traces are purged every so many days, and stay so much longer at most: each purge writes the whole state anew, in the place of what goes."`
}

// Secrecy says what becomes of a confidential message to a known minor.
type Secrecy string

// Values of Secrecy.
const (
	Refused Secrecy = "refused"
	Hidden  Secrecy = "hidden"
)

// Oppositions says how binding a recorded refusal is.
type Oppositions string

// Values of Oppositions.
const (
	Hard Oppositions = "hard"
	Soft Oppositions = "soft"
)

// SMTP is our server and client among the operators.
type SMTP struct {
	Hostname    string     `yaml:"hostname" need:"yes" doc:"Name of this server in MX records and greetings; the CN of its certificate (O32)."`
	Certificate File       `yaml:"certificate" need:"yes" doc:"Our certificate, leaf first, for both directions (O55)."`
	Key         SecretFile `yaml:"key" need:"yes" doc:"Its key, unencrypted, of this machine alone (O54)."`
	CA          File       `yaml:"ca" need:"yes" doc:"Chain that other operators' certificates must come from, never the system's (O48, O49)."`
	CRLs        []File     `yaml:"crls" doc:"Revocation lists of that chain that you keep fresh, beside those that the bridge fetches (O52)."`
	Revocation  Revocation `yaml:"revocation" doc:"How else withdrawn certificates are known (O50-O52)."`
	Strict      bool       `yaml:"strict" may:"empty" doc:"Do not deliver to a server whose certificate does not name the host of its MX; otherwise that is an alarm only (D23, O84)."`
}

// Delivery is how replies leave.
type Delivery struct {
	GiveUpHours  int64 `yaml:"giveUpHours" doc:"How long a reply is tried before its patient is told that it failed, from 24 to 120 hours (O87)."`
	AskDelivered bool  `yaml:"askDelivered" doc:"Ask operators to report when a reply reached its mailbox; failures and delays are always asked for (RFC 3461)."`
}

// WhiteList says where the signed list is and who may sign it.
type WhiteList struct {
	URL           string        `yaml:"url" doc:"Where the bridge fetches the list (O10). Either this or file."`
	Roots         File          `yaml:"roots" doc:"Roots that the certificate of that server must come from, PEM, never the system's (O11). Needed with url."`
	File          File          `yaml:"file" may:"empty" doc:"The list as something else fetches it, signature included; it touches the file when nothing changed. Either this or url."`
	SignerCN      []string      `yaml:"signerCN" doc:"Common names that may sign it (O38)."`
	SignerRoots   File          `yaml:"signerRoots" need:"yes" doc:"Chain that the signer's certificate must come from, PEM (O38)."`
	Every         time.Duration `yaml:"every" doc:"How often the list and the revocation lists are asked for, give or take a tenth (O14). SIGHUP asks at once."`
	WarnAfter     time.Duration `yaml:"warnAfter" doc:"Without a confirmed list for so long: a warning (O16)."`
	CriticalAfter time.Duration `yaml:"criticalAfter" doc:"For so long: an alarm; mail goes on (O16)."`
	StopAfter     time.Duration `yaml:"stopAfter" doc:"For so long: nothing is accepted or sent until a list is confirmed (O16, D35)."`
}

// Directory says where the table of mailboxes comes from.
type Directory struct {
	File File          `yaml:"file" doc:"Extraction_Correspondance_MSSante, UTF-8, columns by |. Without it and without fhir names come from the messages (I113)."`
	FHIR DirectoryFHIR `yaml:"fhir" doc:"The API of the Annuaire Santé, which knows more mailboxes and is newer (P17). Where both are there, it tells which mailboxes there are, and the file completes what it says of them. Never asked while a mail waits."`
}

// Keys are the secrets of the installation.
type Keys struct {
	Master      SecretFile `yaml:"master" need:"yes" doc:"Wraps the data key of each patient."`
	PatientHash SecretFile `yaml:"patientHash" need:"yes" doc:"Key of the hashes that stand for people in the store; never change it."`
}

// Journal says how the journal is sealed.
type Journal struct {
	SealEvery  time.Duration `yaml:"sealEvery" doc:"How often what is new is sealed into a signed file; also at each stop (O157). At least 1s."`
	SigningKey SecretFile    `yaml:"signingKey" may:"empty" doc:"Ed25519 key that signs, PEM: openssl genpkey -algorithm ed25519 -out FILE. Empty: one is made in dataDir. Hand store/journal/public.pem of dataDir to your auditor."`
}

// OAuth holds the secrets of the authorization server.
type OAuth struct {
	Secret     SecretFile `yaml:"secret" need:"yes" doc:"Made as the keys above. Tokens and sessions are made and sealed with it; another one ends them all."`
	SigningKey SecretFile `yaml:"signingKey" need:"yes" doc:"RSA key of at least 2048 bits that signs identity tokens, PEM: openssl genrsa -out FILE 3072."`
	OtherKeys  []File     `yaml:"otherKeys" doc:"Public keys, PEM, published beside that one. To change keys without a gap: name the next one here a day before it signs, and the last one for a day after: openssl rsa -in FILE -pubout."`
	MutualTLS  MutualTLS  `yaml:"mutualTLS" doc:"The listener on which clients show certificates. Theirs must come from smtp.ca and not be withdrawn, as operators' are judged (I54), but for clients that are registered with one certificate."`
}

// MutualTLS is how the listener of that name shows itself.
type MutualTLS struct {
	URL         string     `yaml:"url" may:"empty" doc:"Public address of listen.mutualTLS, https, without a path; programs read it as mtls_endpoint_aliases."`
	Certificate File       `yaml:"certificate" may:"empty" doc:"Certificate of that address, PEM, leaf first, of an authority that the editors' software believes."`
	Key         SecretFile `yaml:"key" may:"empty" doc:"Its key, unencrypted."`
}

// Provider is one upstream OpenID provider.
type Provider struct {
	Issuer       string     `yaml:"issuer" need:"yes" doc:"Its issuer, https. The demonstration's provider is refused (D26)."`
	Discovery    string     `yaml:"discovery" doc:"URL of its discovery document, when that is not at the usual place: Pro Santé Connect's is not (I14)."`
	ClientID     string     `yaml:"clientID" need:"yes" doc:"The bridge's client id there."`
	ClientSecret SecretFile `yaml:"clientSecret" doc:"The bridge's client secret there; empty with clientAuth certificate."`
	Level        string     `yaml:"level" oneOf:"eidas1 eidas2 eidas3" doc:"Least level of a login that is accepted (I17, I71)."`
	ClientAuth   string     `yaml:"clientAuth" oneOf:"basic post certificate" doc:"How the bridge proves itself there: its secret in a header (basic) or in the form (post), or a certificate of IGC-Santé (I20)."`
	Certificate  File       `yaml:"certificate" may:"empty" doc:"That certificate, PEM, leaf first."`
	Key          SecretFile `yaml:"key" may:"empty" doc:"Its key, PEM, unencrypted."`
	Scopes       []string   `yaml:"scopes" doc:"What is asked for; none: openid, and scope_all of Pro Santé Connect (I18)."`
	Endpoints    Endpoints  `yaml:"endpoints" doc:"Endpoints that differ from those of the discovery document (I14, I15)."`
	// DecryptionKeys open what the provider encrypts.
	DecryptionKeys []SecretFile `yaml:"decryptionKeys" doc:"Keys that the provider encrypts its tokens for, RSA of 2048 bits or EC P-256, PEM: FranceConnect+ does (I73). The first is published at /oauth/encryption-keys, the others still open."`
}

// Endpoints are those of a provider.
type Endpoints struct {
	Authorize  string `yaml:"authorize" may:"empty" doc:"Where people are sent to; of Pro Santé Connect on the host wallet (I7, I15)."`
	Token      string `yaml:"token" may:"empty" doc:"Where codes and refresh tokens are exchanged."`
	UserInfo   string `yaml:"userInfo" may:"empty" doc:"Where the identity is read."`
	Keys       string `yaml:"keys" may:"empty" doc:"Where the keys of signatures are."`
	EndSession string `yaml:"endSession" may:"empty" doc:"Where people are logged out."`
}

// Mailer is the way out for neutral notifications.
type Mailer struct {
	SmartHost string `yaml:"smartHost" doc:"HOST:PORT of your ordinary mail relay; empty: none."`
	From      string `yaml:"from" doc:"Sender of the notifications, an ordinary address of yours."`
}

// Log says how the technical log is written.
type Log struct {
	Format string `yaml:"format" oneOf:"json text" doc:"json, or text for people."`
	Level  string `yaml:"level" oneOf:"debug info warn error" doc:"Least level that is written."`
}

// File is the path of a file to read.
type File string

// SecretFile is the path of a file that only the bridge's user may read. The secret itself is never a
// setting.
type SecretFile string
