//! Every setting there is: its key, the variables that set it, and an example.

/// One setting.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name in the file, with dots between the tables.
    pub(super) name: &'static str,
    /// The variables of the environment that set it; the first one that is there counts.
    pub(super) variables: &'static [&'static str],
    /// A right value, as it is written in the file.
    pub(super) example: &'static str,
}

/// All of them, in the order of the manual.
pub(super) const KEYS: &[Key] = &[
    Key { name: "data", variables: &["MNETIFI_DATA"], example: "\"/var/lib/mnetifi\"" },
    Key {
        name: "database_url",
        variables: &["MNETIFI_DATABASE_URL", "DATABASE_URL"],
        example: "\"postgres://mnetifi:secret@db.example.net/mnetifi\"",
    },
    Key {
        name: "database_url_file",
        variables: &["MNETIFI_DATABASE_URL_FILE"],
        example: "\"/etc/mnetifi/database_url\"",
    },
    Key { name: "master_key_file", variables: &["MNETIFI_MASTER_KEY_FILE"], example: "\"/etc/mnetifi/master.key\"" },
    Key { name: "radius.auth", variables: &["MNETIFI_RADIUS_AUTH"], example: "[\"0.0.0.0:1812\"]" },
    Key { name: "radius.acct", variables: &["MNETIFI_RADIUS_ACCT"], example: "[\"0.0.0.0:1813\"]" },
    Key { name: "radius.radsec", variables: &["MNETIFI_RADIUS_RADSEC"], example: "[\"0.0.0.0:2083\"]" },
    Key {
        name: "radius.radsec_names",
        variables: &["MNETIFI_RADIUS_RADSEC_NAMES"],
        example: "[\"192.0.2.10\", \"radius.example.net\"]",
    },
    Key { name: "radius.extra_ports", variables: &["MNETIFI_RADIUS_EXTRA_PORTS"], example: "[\"20000-20009\"]" },
    Key { name: "radius.workers", variables: &["MNETIFI_RADIUS_WORKERS"], example: "2" },
    Key {
        name: "metrics.listen",
        variables: &["MNETIFI_METRICS", "MNETIFI_METRICS_LISTEN"],
        example: "\"127.0.0.1:9812\"",
    },
    Key { name: "api.listen", variables: &["MNETIFI_API_LISTEN"], example: "\"127.0.0.1:8780\"" },
    Key { name: "api.cert", variables: &["MNETIFI_API_CERT"], example: "\"/etc/mnetifi/api.pem\"" },
    Key { name: "api.key", variables: &["MNETIFI_API_KEY"], example: "\"/etc/mnetifi/api.key\"" },
    Key { name: "api.domain", variables: &["MNETIFI_API_DOMAIN"], example: "\"isp.example\"" },
    Key {
        name: "api.trusted_proxies",
        variables: &["MNETIFI_API_TRUSTED_PROXIES"],
        example: "[\"10.0.0.2\", \"10.0.1.0/24\"]",
    },
    Key { name: "portal.listen", variables: &["MNETIFI_PORTAL_LISTEN"], example: "\"127.0.0.1:8782\"" },
    Key { name: "portal.cert", variables: &["MNETIFI_PORTAL_CERT"], example: "\"/etc/mnetifi/portal.pem\"" },
    Key { name: "portal.key", variables: &["MNETIFI_PORTAL_KEY"], example: "\"/etc/mnetifi/portal.key\"" },
    Key { name: "portal.domain", variables: &["MNETIFI_PORTAL_DOMAIN"], example: "\"wifi.example\"" },
    Key { name: "portal.tenant", variables: &["MNETIFI_PORTAL_TENANT"], example: "\"savanna\"" },
    Key {
        name: "portal.router_names",
        variables: &["MNETIFI_PORTAL_ROUTER_NAMES"],
        example: "[\"login.savanna.example\"]",
    },
    Key {
        name: "portal.trusted_proxies",
        variables: &["MNETIFI_PORTAL_TRUSTED_PROXIES"],
        example: "[\"10.0.0.2\", \"10.0.1.0/24\"]",
    },
    Key {
        name: "portal.framed_by",
        variables: &["MNETIFI_PORTAL_FRAMED_BY"],
        example: "[\"https://console.example.net\"]",
    },
    Key { name: "mpesa.callbacks", variables: &["MNETIFI_MPESA_CALLBACKS"], example: "\"https://pay.example.net\"" },
    Key { name: "mpesa.sources", variables: &["MNETIFI_MPESA_SOURCES"], example: "[\"196.201.212.0/22\"]" },
    Key {
        name: "mpesa.certificate",
        variables: &["MNETIFI_MPESA_CERTIFICATE"],
        example: "\"/etc/mnetifi/ProductionCertificate.cer\"",
    },
    Key {
        name: "mpesa.sandbox_certificate",
        variables: &["MNETIFI_MPESA_SANDBOX_CERTIFICATE"],
        example: "\"/etc/mnetifi/SandboxCertificate.cer\"",
    },
    Key { name: "mpesa.payers", variables: &["MNETIFI_MPESA_PAYERS"], example: "\"masked\"" },
    Key { name: "mpesa.simulator", variables: &["MNETIFI_MPESA_SIMULATOR"], example: "\"http://127.0.0.1:8783\"" },
    Key { name: "log.level", variables: &["MNETIFI_LOG_LEVEL"], example: "\"info\"" },
    Key { name: "log.format", variables: &["MNETIFI_LOG_FORMAT"], example: "\"text\"" },
    Key { name: "log.filter", variables: &["MNETIFI_LOG_FILTER"], example: "\"info,radiusd=debug\"" },
    Key { name: "postgres.bin", variables: &["MNETIFI_POSTGRES_BIN"], example: "\"/usr/lib/postgresql/15/bin\"" },
    Key { name: "accounting.interim_seconds", variables: &["MNETIFI_ACCOUNTING_INTERIM_SECONDS"], example: "300" },
    Key { name: "coa.source", variables: &["MNETIFI_COA_SOURCE"], example: "\"192.0.2.10\"" },
    Key { name: "coa.window", variables: &["MNETIFI_COA_WINDOW"], example: "8" },
    Key { name: "coa.per_second", variables: &["MNETIFI_COA_PER_SECOND"], example: "50" },
    Key { name: "coa.timeout_from", variables: &["MNETIFI_COA_TIMEOUT_FROM"], example: "\"start\"" },
    Key { name: "slots.reserve_seconds", variables: &["MNETIFI_SLOTS_RESERVE_SECONDS"], example: "60" },
    Key { name: "decisions.days", variables: &["MNETIFI_DECISIONS_DAYS"], example: "30" },
    Key { name: "book.decides", variables: &["MNETIFI_BOOK_DECIDES"], example: "\"yes\"" },
    Key { name: "book.rights_max", variables: &["MNETIFI_BOOK_RIGHTS_MAX"], example: "1000000" },
    Key { name: "book.snapshot_seconds", variables: &["MNETIFI_BOOK_SNAPSHOT_SECONDS"], example: "60" },
    Key { name: "book.snapshot_hours", variables: &["MNETIFI_BOOK_SNAPSHOT_HOURS"], example: "72" },
    Key { name: "decisions.record", variables: &["MNETIFI_DECISIONS_RECORD"], example: "\"yes\"" },
    Key { name: "decisions.megabytes_max", variables: &["MNETIFI_DECISIONS_MEGABYTES_MAX"], example: "1024" },
    Key { name: "journal.megabytes_max", variables: &["MNETIFI_JOURNAL_MEGABYTES_MAX"], example: "1024" },
    Key { name: "guard.tries_per_minute", variables: &["MNETIFI_GUARD_TRIES_PER_MINUTE"], example: "10" },
    Key { name: "guard.tries_per_minute_nas", variables: &["MNETIFI_GUARD_TRIES_PER_MINUTE_NAS"], example: "120" },
    Key {
        name: "guard.tries_per_minute_tenant",
        variables: &["MNETIFI_GUARD_TRIES_PER_MINUTE_TENANT"],
        example: "600",
    },
    Key { name: "guard.unknown_per_second_nas", variables: &["MNETIFI_GUARD_UNKNOWN_PER_SECOND_NAS"], example: "20" },
    Key {
        name: "guard.unknown_per_second_tenant",
        variables: &["MNETIFI_GUARD_UNKNOWN_PER_SECOND_TENANT"],
        example: "100",
    },
    Key { name: "guard.status_per_second", variables: &["MNETIFI_GUARD_STATUS_PER_SECOND"], example: "5" },
    Key { name: "guard.status_per_second_all", variables: &["MNETIFI_GUARD_STATUS_PER_SECOND_ALL"], example: "100" },
    Key {
        name: "guard.failed_proofs_per_minute",
        variables: &["MNETIFI_GUARD_FAILED_PROOFS_PER_MINUTE"],
        example: "60",
    },
    Key { name: "mail.host", variables: &["MNETIFI_MAIL_HOST"], example: "\"smtp.example.net\"" },
    Key { name: "mail.port", variables: &["MNETIFI_MAIL_PORT"], example: "587" },
    Key { name: "mail.security", variables: &["MNETIFI_MAIL_SECURITY"], example: "\"starttls\"" },
    Key { name: "mail.user", variables: &["MNETIFI_MAIL_USER"], example: "\"mnetifi\"" },
    Key {
        name: "mail.password_file",
        variables: &["MNETIFI_MAIL_PASSWORD_FILE"],
        example: "\"/etc/mnetifi/mail.password\"",
    },
    Key { name: "mail.from", variables: &["MNETIFI_MAIL_FROM"], example: "\"no-reply@isp.example\"" },
    Key {
        name: "messages.africas_talking",
        variables: &["MNETIFI_MESSAGES_AFRICAS_TALKING"],
        example: "\"http://127.0.0.1:8790\"",
    },
    Key { name: "webhooks.allow_private", variables: &["MNETIFI_WEBHOOKS_ALLOW_PRIVATE"], example: "\"no\"" },
];

/// Variables that begin like ours but are no settings: where the file is, and whatever tests tell themselves.
pub(super) fn is_other_variable(name: &str) -> bool {
    name == "MNETIFI_CONFIG" || name.starts_with("MNETIFI_TEST_")
}

/// The setting of this name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// An example line for the file; empty for what is no setting.
pub(super) fn example(name: &str) -> String {
    find(name).map_or_else(String::new, |key| format!("{} = {}", key.name, key.example))
}
